"""Small files of a run's folder: written in one step, and read back as far as they are whole."""

import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

log = logging.getLogger(__name__)

T = TypeVar("T")


def replace(file: Path, content: str | bytes) -> None:
    r"""Write a whole file in one step, so that nobody ever reads half of it.

    What UTF-8 does not know of a text, such as the half of a character in an error's text, is
    written as ``\udcff``.
    """
    with _fresh(file) as fresh:
        if isinstance(content, str):
            content = content.encode("utf-8", errors="backslashreplace")
        fresh.write_bytes(content)


def copy(source: Path, file: Path) -> None:
    """Write a copy of a file, in one step."""
    with _fresh(file) as fresh:
        shutil.copyfile(source, fresh)


@contextmanager
def _fresh(file: Path) -> Iterator[Path]:
    """A name to write a file under, until it is whole; a full disk needs the room of half a one."""
    fresh = file.with_name(f".{file.name}.new")
    try:
        yield fresh
        put(fresh, file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def put(fresh: Path, file: Path) -> None:
    """Move a file to its place, in one step, whatever stands there."""
    make_way(file)
    os.replace(fresh, file)


def make_way(file: Path) -> None:
    """See to it that a file can be written over whatever stands in its place."""
    if os.path.lexists(file) and not file.is_file():
        set_aside(file)


def make_folder(place: Path) -> None:
    """A folder in a place, whatever stands there."""
    if not place.is_dir() and os.path.lexists(place):
        set_aside(place)
    place.mkdir(exist_ok=True)


def set_aside(stray: Path) -> None:
    """Give what stands where a file of ours belongs another name: ``pareto`` becomes ``pareto.1``.

    It is somebody's, so it is kept, and no reason to end a search.
    """
    free = unused(stray)
    os.rename(stray, free)
    log.warning("%s stood in the way of the run's own, and is %s now", stray, free.name)


def unused(file: Path) -> Path:
    """A name beside a file that is still free: ``journal.log.1``."""
    names = (file.with_name(f"{file.name}.{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def read_json(file: Path, shape: type[T]) -> T | None:
    """What a file holds; None if it is not there, or damaged.

    Args:
        file: JSON.
        shape: a model or dataclass; a file that holds something else is damaged.
    """
    if not file.exists():
        return None
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        return TypeAdapter(shape).validate_python(held)
    except (OSError, ValueError, RecursionError) as error:  # a ValidationError is a ValueError
        log.warning("%s is damaged, so it counts as missing: %s", file, _reason(error))
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{first['msg']} at '{'.'.join(map(str, first['loc']))}'"
    return (str(error) or type(error).__name__).splitlines()[0]
