"""Small files and whole folders: written in one step, read back as far as they are whole."""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from nas_hydra.errors import ConfigError

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


def replace_all(folder: Path, texts: Mapping[str, str], key: str) -> list[Path]:
    """Write files into a folder, each in one step, over earlier ones.

    Args:
        folder: made if it is not there.
        texts: name of a file -> what it holds.
        key: by which the user says where.

    Raises:
        ConfigError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace(folder / name, text)
    except OSError as error:
        raise ConfigError(
            key, f"cannot write into {folder} ({error.strerror}); choose another folder"
        ) from error
    return [folder / name for name in texts]


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
        _set_aside(file)


def make_folder(place: Path) -> None:
    """A folder in a place, whatever stands there."""
    if not place.is_dir() and os.path.lexists(place):
        _set_aside(place)
    place.mkdir(exist_ok=True)


def _set_aside(stray: Path) -> None:
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


MOST_VALUES, MOST_LEVELS = 50_000, 60
"""Some ten times what a search writes, aliases expanded; OmegaConf copies by recursion, which ends
at some eighty levels."""


def read_yaml(file: Path) -> Any:
    """The plain values of a file; ten times as fast as OmegaConf.

    Raises:
        ValueError: if there are too many values, or they are nested too deeply.
        OSError: if it cannot be read.
        yaml.YAMLError: if it is not YAML.
    """
    found = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    _measure(found, {}, 0)
    return found


def _measure(value: Any, known: dict[int, tuple[int, int]], level: int) -> tuple[int, int]:
    """How many values and levels there are, each as often as aliases repeat it."""
    if not isinstance(value, dict | list):
        return 1, 1
    if id(value) not in known:
        if level > MOST_LEVELS:  # or within itself
            raise ValueError(f"nested more than {MOST_LEVELS} levels deep")
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        sizes = [_measure(part, known, level + 1) for part in parts]
        known[id(value)] = 1 + sum(size for size, _ in sizes), 1 + max([0, *(d for _, d in sizes)])
    size, levels = known[id(value)]
    if size > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values, aliases expanded")
    if levels > MOST_LEVELS:
        raise ValueError(f"nested more than {MOST_LEVELS} levels deep")
    return size, levels
