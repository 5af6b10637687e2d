"""A folder of its own for a test, or for what several tests share: no account, no network."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def isolated(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """Work in a folder, out of reach of any W&B account; no handler of Hydra stays on."""
    handlers = [one for one in logging.root.handlers if type(one).__module__ == "_pytest.logging"]
    logging.root.handlers[:], level = handlers, logging.root.level
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        for name in ("CONFIG_DIR", "CACHE_DIR", "DATA_DIR"):
            patch.setenv(f"WANDB_{name}", str(folder / "wandb_home"))
        patch.setenv("NETRC", str(folder / "no_netrc"))
        patch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")  # a port that nobody listens on
        patch.setenv("WANDB_ERROR_REPORTING", "false")
        patch.chdir(folder)
        yield patch
    logging.root.handlers[:], logging.root.level = handlers, level  # Hydra configures them per job
