"""Fixtures for every test: no account, no settings of the machine's user, no network."""

import logging
import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("desk", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")  # the same examples, or new ones

# The test processes share the cores, and threads on small matrices only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

FASHION_MNIST = Path(
    os.environ.get("NAS_HYDRA_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
).absolute()


@pytest.fixture(autouse=True)
def isolated(tmp_path, monkeypatch):
    """Every test works in a folder of its own and reaches no W&B account."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in ("CONFIG_DIR", "CACHE_DIR", "DATA_DIR"):
        monkeypatch.setenv(f"WANDB_{name}", str(tmp_path / "wandb_home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "no_netrc"))
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # a port that nobody listens on
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.chdir(tmp_path)
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = handlers, level  # Hydra configures them per job


@pytest.fixture
def fashion_mnist() -> Path:
    """The folder of the real Fashion-MNIST."""
    if not FASHION_MNIST.is_dir():
        pytest.skip(
            f"there is no {FASHION_MNIST} of Debian's package dataset-fashion-mnist;"
            " NAS_HYDRA_FASHION_MNIST says where the folder is"
        )
    return FASHION_MNIST
