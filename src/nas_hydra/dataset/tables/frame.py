"""Files of rows and columns: csv, in whatever dialect, and parquet."""

import bz2
import gzip
import io
import logging
import lzma
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from nas_hydra.errors import ConfigError, in_one_line, listing, nearest, printable

log = logging.getLogger(__name__)

ENDINGS = ("csv", "tsv", "txt")
PACKED: dict[str, Callable[..., Any]] = {
    "": open,
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
PARQUET = (".parquet", ".pq")
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
LOOKED_AT = 1000
"""So many values of a column are looked at to see how its numbers are written."""


class Notes:
    """What is to be told of how a table is read: once, though it may be read several times."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str]] = []

    def info(self, line: str) -> None:
        """Note something."""
        self._lines.append((logging.INFO, line))

    def warning(self, line: str) -> None:
        """Note something that should be looked at."""
        self._lines.append((logging.WARNING, line))

    def tell(self) -> None:
        """Log it."""
        for level, line in self._lines:
            log.log(level, "data: %s", line)


def read_frame(file: Path, key: str, notes: Notes) -> pd.DataFrame:
    """The rows of a file; its columns have names.

    Args:
        file: ``.csv``, ``.tsv`` or ``.txt``, packed or not, or ``.parquet``.
        key: of the config that names it.
        notes: of how it is read.

    Raises:
        ConfigError: if it is not there, or is no table.
    """
    if not file.is_file():
        raise ConfigError(key, _missing(file))
    if file.suffix in PARQUET:
        frame = _whole(key, file, partial(pd.read_parquet, file))
    elif any(file.name.lower().endswith(f".{kind}{end}") for kind in ENDINGS for end in PACKED):
        frame = _whole(key, file, partial(_csv, file, str(file), notes))
    else:
        kinds = f"{', '.join(f'.{kind}' for kind in ENDINGS)} (also .gz, .bz2, .xz), .parquet"
        raise ConfigError(key, f"is {file}; allowed endings: {kinds}")
    return _named(frame, key, str(file), notes)


def read_stream(stream: IO[str], key: str, notes: Notes) -> pd.DataFrame:
    """As ``read_frame``, of a csv that is no file."""
    text, name = stream.read().removeprefix("\ufeff"), "standard input"
    return _named(_whole(key, name, partial(_csv, text, name, notes)), key, name, notes)


def _whole(key: str, name: str | Path, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """What is read, or one sentence that says why it cannot be."""
    try:
        return read()
    except ConfigError:
        raise
    except pd.errors.EmptyDataError:
        raise ConfigError(key, f"is {name}, which is empty") from None
    except ImportError as error:
        need = "pip install 'nas-hydra[parquet]'"
        raise ConfigError(key, f"is {name}, which needs pyarrow to be read: {need}") from error
    except Exception as error:  # pandas, gzip, zipfile and pyarrow have each their own
        raise ConfigError(key, f"is {name}, which cannot be read: {in_one_line(error)}") from error


def _csv(given: Path | str, name: str, notes: Notes) -> pd.DataFrame:
    """A table as text; its separator, encoding and decimal sign are seen, and told if unusual.

    Args:
        given: a file, or the text itself.
        name: of it.
        notes: of these.
    """
    encoding = _encoding(given) if isinstance(given, Path) else "utf-8"
    with _opened(given, encoding) as stream:
        separator = _separator(stream.readline())
    read = partial(pd.read_csv, sep=separator, skipinitialspace=True, low_memory=False)
    with _opened(given, encoding) as stream:
        frame = read(stream)
    told = [] if separator == "," else [f"values separated by {SEPARATORS[separator]}"]
    if separator != "," and any(_has_decimal_commas(frame[column]) for column in frame):
        told.append("decimal commas")
        with _opened(given, encoding) as stream:
            frame = read(stream, decimal=",")
    if encoding == "cp1252":
        told.append("text that is not UTF-8, and is read as Windows-1252")
    if told:
        notes.info(f"{name} has {' and '.join(told)}")
    return frame


def _opened(given: Path | str, encoding: str) -> IO[Any]:
    if isinstance(given, str):
        return io.StringIO(given)
    stream: IO[Any] = PACKED.get(given.suffix.lower(), open)(given, "rt", encoding=encoding)
    return stream


def _encoding(file: Path) -> str:
    """UTF-8, with a mark at its beginning or not; else that of old Windows programs."""
    try:
        with _opened(file, "utf-8") as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _separator(line: str) -> str:
    """The sign that the first line has most often outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


def _has_decimal_commas(column: "pd.Series[Any]") -> bool:
    """Whether all that a column holds is text like ``1,5``."""
    if is_numeric_dtype(column.dtype) or is_bool_dtype(column.dtype):
        return False
    values = column.dropna().astype(str)[:LOOKED_AT]
    return len(values) > 0 and all(map(DECIMAL_COMMA.fullmatch, values))


def _named(frame: pd.DataFrame, key: str, name: str, notes: Notes) -> pd.DataFrame:
    """The rows, numbered from 0, with names of columns as text."""
    if not len(frame):
        raise ConfigError(key, f"is {name}, which has no rows")
    names = [str(column).strip() for column in frame.columns]
    frame = frame.reset_index(drop=True).set_axis(names, axis=1)
    if len(set(names)) < len(names):
        twice = sorted({one for one in names if names.count(one) > 1})
        raise ConfigError(
            key, f"is {name}, which has several columns of one name: {listing(twice)}"
        )
    if all(_is_number(one) for one in names):
        notes.warning(
            f"the first line of {name} holds numbers ({listing(names, 3)}), and is taken for the"
            " columns' names"
        )
    return frame


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _missing(file: Path) -> str:
    """That a file is not there, and which one of its folder may be meant."""
    if file.is_dir():
        return f"is {file}, which is a folder; a file is needed"
    if not file.parent.is_dir():
        return f"is {file}; there is no folder {file.parent}"
    return f"is {file}, which is not there{nearest(file.name, _names(file.parent))}"


def _names(folder: Path) -> list[str]:
    return [printable(one.name) for one in folder.iterdir() if one.is_file()]


def check_columns(key: str, given: list[str], known: list[str]) -> None:
    """Make sure that a table has these columns.

    Raises:
        ConfigError: naming the first one that it lacks, and the nearest that it has.
    """
    for name in given:
        if name not in known:
            problem = f"is '{name}'; the table has {listing(known)}{nearest(name, known)}"
            raise ConfigError(key, problem)


def check_has(key: str, needed: list[str], known: list[str]) -> None:
    """Make sure that other rows have the columns that are needed.

    Raises:
        ConfigError: naming the first one that lacks, and the nearest that is there.
    """
    for name in needed:
        if name not in known:
            problem = f"lacks the column '{name}'; it has {listing(known)}{nearest(name, known)}"
            raise ConfigError(key, problem)
