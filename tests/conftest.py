"""Fixtures for every test: no account, no settings of the machine's user, no network."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from isolation import isolated

settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")  # the same examples, or new ones

# The test processes share the cores, and threads on small matrices only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

FASHION_MNIST = Path(
    os.environ.get("NAS_HYDRA_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
).absolute()


@pytest.fixture(autouse=True)
def own_folder(tmp_path):
    """Every test works in a folder of its own and reaches no W&B account."""
    with isolated(tmp_path):
        yield


@pytest.fixture
def fashion_mnist() -> Path:
    """The folder of the real Fashion-MNIST."""
    if not FASHION_MNIST.is_dir():
        pytest.skip(
            f"there is no {FASHION_MNIST} of Debian's package dataset-fashion-mnist;"
            " NAS_HYDRA_FASHION_MNIST says where the folder is"
        )
    return FASHION_MNIST
