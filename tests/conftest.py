"""Fixtures for every test: no account, no settings of the machine's user, no network."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from isolation import isolated

settings.register_profile("desk", max_examples=50, deadline=None)
settings.register_profile("ci", settings.get_profile("desk"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")  # the same examples, or new ones

# The test processes share the cores, and threads on small matrices only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

FASHION_MNIST = Path(
    os.environ.get("NAS_HYDRA_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
).absolute()


OF_THE_MACHINE = {"browser", "fashion_mnist"}
"""Fixtures that skip a test where the machine has not what it needs."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests that a bare machine skips, so that they can be run by themselves elsewhere."""
    for item in items:
        if OF_THE_MACHINE.intersection(item.fixturenames):
            item.add_marker("machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """What a test printed may hold text that is no Unicode, which ends a test process of xdist."""
    report = yield
    report.sections = [
        (title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True)
def own_folder(tmp_path):
    """Every test works in a folder of its own and reaches no W&B account."""
    with isolated(tmp_path):
        yield


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all pages."""
    from document.browser import chromium

    with chromium() as found:
        yield found


@pytest.fixture
def own_modules(tmp_path, monkeypatch):
    """Modules in the test's folder can be imported, and are forgotten after it.

    What was built of them is remembered by their names, which should be no other test's.
    """
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(f"{tmp_path}{os.sep}"):
            del sys.modules[name]


@pytest.fixture
def fashion_mnist() -> Path:
    """The folder of the real Fashion-MNIST."""
    if not FASHION_MNIST.is_dir():
        pytest.skip(
            f"there is no {FASHION_MNIST} of Debian's package dataset-fashion-mnist;"
            " NAS_HYDRA_FASHION_MNIST says where the folder is"
        )
    return FASHION_MNIST
