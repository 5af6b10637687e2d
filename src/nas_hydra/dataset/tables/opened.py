"""A table as it was read: its rows as tensors, and what is to be told of how they became these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from nas_hydra.dataset.tables.columns import Columns, as_numbers, as_times, is_number, style_of
from nas_hydra.dataset.tables.frame import Notes, check_columns, check_has
from nas_hydra.dataset.tables.recognising import Recogniser
from nas_hydra.dataset.tables.target import Head, columns_of, heads_of, known_rows, targets
from nas_hydra.dataset.tree import Tree, selected
from nas_hydra.errors import ConfigError, listing

FILE, TEST_FILE, TARGET = "dataset.file", "dataset.test_file", "dataset.target"
READ_BY = ("file", "test_file", "target", "target_kind", "drop", "categories", "numbers")
SPLIT_BY = ("group", "time")
EQUAL = 0.999999
"""A correlation from which on a column is the target itself."""


class Settings(dict[str, Any]):
    """Settings of a table, which are known by what they are."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def fixed(value: Any) -> Any:
    """A setting from YAML that equals others, and can be hashed."""
    if isinstance(value, Mapping):
        return Settings({str(name): fixed(one) for name, one in value.items()})
    return tuple(map(fixed, value)) if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class TableRows:
    """A source of rows, in memory.

    Args:
        inputs: ``numbers``, float32 (N, F), NaN where one is missing, and ``categories``, int64
            (N, G), -1 where one is missing; or one of them.
        target: what is to be told of them.
        known: what they may be split by: ``group``, int64 (N,), or ``time``, float64 (N,).
    """

    inputs: Tree
    target: Tree
    known: Mapping[str, Tensor]

    def __getitem__(self, index: Tensor) -> Tree:
        """The inputs at these places."""
        return selected(self.inputs, index)


@dataclass(frozen=True)
class OpenedTable:
    """A table that was read.

    Args:
        columns: that a network is given.
        heads: what is to be told.
        development: the rows of its file.
        test: those of its test file, if there is one.
        notes: of all that was guessed.
    """

    columns: Columns
    heads: Sequence[Head]
    development: TableRows
    test: TableRows | None
    notes: Notes


Frames = Callable[[Settings, Notes], tuple[pd.DataFrame, pd.DataFrame | None]]
"""Reads the rows to learn from, and those of a test file if there is one."""


def open_table(frames: Frames, settings: Settings) -> OpenedTable:
    """Read once for equal settings, as long as the files are the same.

    Args:
        frames: reads the files.
        settings: ``READ_BY`` and ``SPLIT_BY``.

    Raises:
        ConfigError: if they are none of the table that is there.
    """
    stamps = tuple(_stamp(settings.get(name)) for name in ("file", "test_file"))
    return _open(frames, settings, stamps)


def _stamp(file: Any) -> tuple[int, int] | None:
    """By which a file is known to be the same."""
    if file is None or not Path(file).is_file():
        return None
    found = Path(file).stat()
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=2)
def _open(frames: Frames, settings: Settings, stamps: tuple[Any, ...]) -> OpenedTable:
    """See ``open_table``."""
    notes = Notes()
    given, test = frames(settings, notes)
    notes.info(f"{len(given):,} rows of {len(given.columns)} columns")
    told = [name for part in _told(settings).values() for name in part]
    _check_settings(settings, told, [*given.columns])
    frame = _known(given, told, FILE, notes)
    heads = heads_of(frame, settings["target"], settings["target_kind"], notes)
    left = {*told, *settings["drop"], settings["group"]}
    recogniser = Recogniser(_forced(settings), notes)
    columns = recogniser.columns(frame[[name for name in frame.columns if name not in left]])
    development = TableRows(
        columns.inputs(frame, FILE), targets(heads, frame, TARGET), _split_by(frame, settings)
    )
    _tell_leaks(columns, development, heads, notes)
    tested = None if test is None else _tested(test, columns, heads, notes)
    return OpenedTable(columns, heads, development, tested, notes)


def _told(settings: Settings) -> dict[str, tuple[str, ...]]:
    return columns_of(settings["target"], settings["target_kind"])


def _forced(settings: Settings) -> dict[str, str]:
    return {
        **dict.fromkeys(settings["categories"], "category"),
        **dict.fromkeys(settings["numbers"], "number"),
    }


def _check_settings(settings: Settings, told: Sequence[str], known: list[str]) -> None:
    """Make sure that columns are there, and are no two things at once."""
    for name in ("drop", "categories", "numbers"):
        check_columns(f"dataset.{name}", [*settings[name]], known)
    for name in SPLIT_BY:
        check_columns(f"dataset.{name}", [settings[name]] if settings[name] else [], known)
    check_columns(TARGET, [*told], known)
    if both := sorted({*settings["categories"]} & {*settings["numbers"]}):
        raise ConfigError("dataset.numbers", f"has {listing(both)}, as has dataset.categories")
    if both := sorted({*told} & {*settings["drop"], settings["group"]}):
        raise ConfigError(TARGET, f"is {listing(both)}, which is left out of the table")
    if settings["group"] and settings["time"]:
        raise ConfigError("dataset.time", "is said beside dataset.group; rows are split by one")


def _known(frame: pd.DataFrame, told: Sequence[str], key: str, notes: Notes) -> pd.DataFrame:
    """The rows of which something is to be told; the others are noted."""
    kept = known_rows(frame, told, key)
    if left := len(frame) - len(kept):
        notes.warning(f"{left:,} of {len(frame):,} rows are left out: they have no {listing(told)}")
    return kept


def _tested(
    given: pd.DataFrame, columns: Columns, heads: Sequence[Head], notes: Notes
) -> TableRows:
    """The rows of a test file, which must have the same columns and no other classes."""
    told = [name for head in heads for name in head.columns]
    check_has(TEST_FILE, [*told, *(one.name for one in columns.columns)], [*given.columns])
    notes.info(f"{len(given):,} rows of a test file of its own (dataset.holdout is not used)")
    frame = _known(given, told, TEST_FILE, notes)
    columns.tell_unknown(frame, "test rows", notes)
    return TableRows(columns.inputs(frame, TEST_FILE), targets(heads, frame, TEST_FILE), {})


def _split_by(frame: pd.DataFrame, settings: Settings) -> dict[str, Tensor]:
    """The group, or the time, of each row.

    Raises:
        ConfigError: if a row has no time.
    """
    group, time = settings["group"], settings["time"]
    if group:
        return {"group": torch.from_numpy(pd.factorize(frame[group])[0].astype(np.int64))}
    if not time:
        return {}
    given = frame[time]
    style = None if is_number(given) else style_of(given)
    times = (
        as_numbers(given, "dataset.time")
        if style is None
        else as_times(given, style).to_numpy("datetime64[s]").astype(np.float64)
    )
    lacking = np.flatnonzero(given.isna().to_numpy() | np.isnan(times))
    if len(lacking):
        problem = f"is '{time}', which has no value in row {frame.index[lacking[0]] + 1:,}"
        raise ConfigError("dataset.time", f"{problem}; each needs one")
    return {"time": torch.from_numpy(times)}


def _tell_leaks(columns: Columns, rows: TableRows, heads: Sequence[Head], notes: Notes) -> None:
    """Note which columns are the target itself."""
    for head in heads:
        target = rows.target[head.name] if head.name else rows.target
        if target.ndim > 1:
            continue
        told = target.numpy()
        names = [
            *(name for name, one in _each(columns.numbers, rows, "numbers") if _same(one, told)),
            *(
                column.name
                for column, one in _each(columns.categories, rows, "categories")
                if head.kind == "class" and _one_to_one(one, told)
            ),
        ]
        if names:
            notes.warning(
                f"{listing(names)} tells the target '{head.columns[0]}' itself, row by row: a leak,"
                " if it is not known when something is to be predicted (dataset.drop)"
            )


def _each(names: Sequence[Any], rows: TableRows, part: str) -> list[tuple[Any, Any]]:
    """Each column with its values, (N,)."""
    return [(name, rows.inputs[part][:, place].numpy()) for place, name in enumerate(names)]


def _same(numbers: "np.ndarray[Any, Any]", told: "np.ndarray[Any, Any]") -> bool:
    """Whether numbers and a target are on one line."""
    known = np.isfinite(numbers)
    if known.sum() < 3:
        return False
    left, right = numbers[known].astype(np.float64), told[known].astype(np.float64)
    if left.std() == 0 or right.std() == 0:
        return False
    return bool(abs(np.corrcoef(left, right)[0, 1]) > EQUAL)


def _one_to_one(codes: "np.ndarray[Any, Any]", labels: "np.ndarray[Any, Any]") -> bool:
    """Whether each category has a class of its own."""
    pairs = np.unique(np.stack([codes, labels]), axis=1)
    return bool(pairs.shape[1] == len(np.unique(codes)) == len(np.unique(labels)))
