"""Folders that are made whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nas_hydra.errors import ConfigError
from nas_hydra.small_file import put


@contextmanager
def drafted(folder: Path) -> Iterator[Path]:
    """A place to write files in, which move into the folder once all of them are written.

    They move by the order of their names. If anything fails, the folder is as it was before, and
    where it is new, it and those above it are gone again.

    Args:
        folder: need not be there.
    """
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as draft:
            yield Path(draft)
            for file in sorted(file for file in Path(draft).iterdir() if file.is_file()):
                put(file, folder / file.name)
    except BaseException:
        for place in new:
            with suppress(OSError):  # somebody else has put something there meanwhile
                place.rmdir()
        raise


def check_place(folder: Path, key: str) -> None:
    """Make sure that a folder can be made, before the work is done that fills it.

    Args:
        folder: need not be there.
        key: what the command line calls it, for messages.

    Raises:
        ConfigError: if it cannot.
    """
    place = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not place.is_dir():
        raise ConfigError(key, f"{folder} cannot be made: {place} is no folder. Say {key}=OTHER")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ConfigError(key, f"{place} may not be written to. Say {key}=OTHER")
