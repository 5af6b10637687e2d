"""One process per run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nas_hydra.errors import ConfigError


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold a run's folder; the operating system lets go of it with the process, however that ends.

    Raises:
        ConfigError: if another process holds it.
    """
    held = os.open(folder, os.O_RDONLY)
    try:
        _take(held, folder)
        yield
    finally:
        os.close(held)


def _take(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            "hydra.run.dir", f"{folder} is in use by a search that is still running"
        ) from None
