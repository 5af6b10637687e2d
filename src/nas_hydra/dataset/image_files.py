"""Image files in folders, as somebody has put them there: what systems leave is not looked at."""

import os
from collections.abc import Iterator
from typing import NoReturn

from nas_hydra.dataset.picture import ENDINGS

LEFT_BY_SYSTEMS = ("__macosx", "thumbs.db", "desktop.ini")


def subfolders(folder: str) -> list[str]:
    """The names of the folders inside."""
    return [os.path.basename(one) for one in visible(folder, folders=True)]


def visible(folder: str, folders: bool) -> list[str]:
    """Paths of the folders, or of the files, in a folder, by name."""
    with os.scandir(folder) as found:
        return sorted(
            one.path for one in found if _is_folder(one) == folders and not is_hidden(one.name)
        )


def _is_folder(one: os.DirEntry[str]) -> bool:
    try:
        return one.is_dir()
    except OSError:  # a link that leads to itself
        return False


def is_hidden(name: str) -> bool:
    """Whether a file or folder is of the system, and none that somebody has put there."""
    return name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS


def is_image(file: str) -> bool:
    """Whether a file's name ends as that of an image does."""
    return file.lower().endswith(ENDINGS)


def files_in(folder: str) -> list[str]:
    """All files in a folder and those inside, by folder and name.

    Raises:
        OSError: if a folder cannot be read.
    """
    found = sorted(_walked(folder))
    return [os.path.join(where, name) for where, names in found for name in sorted(names)]


def holds_images(folder: str) -> bool:
    """Whether there is one in a folder or those inside."""
    return any(is_image(name) for _, names in _walked(folder) for name in names)


def _walked(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder from this one on, once also where links go round, and the names of its files."""
    seen: set[str] = set()
    for where, inside, names in os.walk(folder, followlinks=True, onerror=_refuse):
        real = os.path.realpath(where)
        inside[:] = [] if real in seen else sorted(name for name in inside if not is_hidden(name))
        if real not in seen:
            seen.add(real)
            yield where, [name for name in names if not is_hidden(name)]


def _refuse(error: OSError) -> NoReturn:
    raise error
