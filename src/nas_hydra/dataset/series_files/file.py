"""A file of series of any format, read once and made ready: what of it is mended is said."""

import gzip
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, TextIO

from nas_hydra.dataset.series_files.rows import (
    SeriesFileError,
    SeriesRows,
    Values,
    filled,
    is_missing,
    trimmed,
)
from nas_hydra.dataset.series_files.table import Columns, read_csv, read_npz
from nas_hydra.dataset.series_files.ts import read_ts
from nas_hydra.errors import ConfigError, in_one_line, listing, printable

log = logging.getLogger(__name__)

Format = Literal["ts", "csv", "npz"]

ENDINGS: dict[str, Format] = {
    **{".ts": "ts", ".ts.gz": "ts", ".npz": "npz"},
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt"), "csv"),
}

KEPT = 4
"""So many files are kept as they were read: those of a search, and those of its end."""


def format_of(file: Path) -> Format:
    """The format of a file by its ending.

    Raises:
        SeriesFileError: if it is none of those that are read.
    """
    for ending, known in ENDINGS.items():
        if file.name.lower().endswith(ending):
            return known
    raise SeriesFileError(f"ends in '{file.suffix}'; allowed: {listing(ENDINGS)}")


def read_labelled(file: str, key: str, columns: Columns, ends: bool) -> SeriesRows:
    """The series of a file with what is told of them.

    Args:
        file: its path.
        key: the config key that names it, for messages.
        columns: of a csv file.
        ends: whether missing values at its end are where a series ends; else they are filled in.

    Raises:
        ConfigError: if it cannot be read, or has no series.
    """
    path = Path(file)
    with _told(file, key):
        known = path.stat()
        if format_of(path) == "csv" and columns.target is None:
            header = next(iter(_lines(path)), "").strip()
            raise ConfigError("dataset.target", f"is null; name one of the columns: {header}")
        return _read(path, (known.st_mtime_ns, known.st_size), columns, ends)


@lru_cache(maxsize=KEPT)
def _read(path: Path, state: tuple[int, int], columns: Columns, ends: bool) -> SeriesRows:
    rows = _with_targets(path, _parsed(path, format_of(path), columns, labelled=True))
    return ready(rows, ends, path.name)


@contextmanager
def _told(file: str, key: str) -> Iterator[None]:
    """Whatever is wrong with a file, as a mistake of the config."""
    try:
        yield
    except FileNotFoundError:
        raise ConfigError(key, f"there is no file {file}") from None
    except SeriesFileError as error:
        raise ConfigError(key, f"{file}: {error}") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ConfigError(key, f"{file} cannot be read: {in_one_line(error)}") from error


def read_unlabelled(given: Path | TextIO, form: Format, columns: Columns, ends: bool) -> SeriesRows:
    """Series of which nothing needs to be told; what is, is not looked at.

    Args:
        given: a file, or text as in one.
        form: of the text.
        columns: of csv.
        ends: as ``read_labelled``.

    Raises:
        ConfigError: as ``read_labelled``.
    """
    if not isinstance(given, Path):
        with _told("standard input", ""):
            return ready(_of_lines(given, form, columns, labelled=False), ends, "standard input")
    with _told(str(given), ""):
        rows = _parsed(given, format_of(given), columns, labelled=False)
        return ready(rows, ends, given.name)


def _parsed(path: Path, form: Format, columns: Columns, labelled: bool) -> SeriesRows:
    if form == "npz":
        return read_npz(path, labelled)
    return _of_lines(_lines(path), form, columns, labelled)


def _of_lines(lines: Iterable[str], form: Format, columns: Columns, labelled: bool) -> SeriesRows:
    if form == "npz":
        raise SeriesFileError("npz is no text; name a file that ends in .npz, .csv or .ts")
    return read_ts(lines, labelled) if form == "ts" else read_csv(lines, columns)


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        yield from stream


def _with_targets(path: Path, rows: SeriesRows) -> SeriesRows:
    """Those of which something is told; the others are named."""
    assert rows.targets is not None
    lacking = [is_missing(target) for target in rows.targets]
    if any(lacking):
        named = [name for name, lacks in zip(rows.names, lacking, strict=True) if lacks]
        log.warning(
            "data: %s: %d of %d series have no target, and are left out: %s",
            *(printable(path.name), len(named), len(lacking), listing(named)),
        )
    return rows.where(not lacks for lacks in lacking)


def ready(rows: SeriesRows, ends: bool, name: str) -> SeriesRows:
    """The same series without missing values, which are told.

    Args:
        rows: as a file gives them.
        ends: as ``read_labelled``.
        name: of the file, for the log.

    Raises:
        SeriesFileError: if there is none, or one has no values.
    """
    if not rows.values:
        raise SeriesFileError("has no series")
    whole: Sequence[Values] = [trimmed(one) for one in rows.values] if ends else rows.values
    mended = [_filled(*pair) for pair in zip(whole, rows.names, strict=True)]
    gaps = [new is not old for new, old in zip(mended, whole, strict=True)]
    if any(gaps):
        log.warning(
            "data: %s: missing values within %d of %d series are interpolated",
            *(printable(name), sum(gaps), len(gaps)),
        )
    return replace(rows, values=mended)


def _filled(values: Values, name: str) -> Values:
    if not values.shape[1]:
        raise SeriesFileError(f"series '{name}' has no values")
    try:
        return filled(values)
    except SeriesFileError as error:
        raise SeriesFileError(f"series '{name}' {error}") from None
