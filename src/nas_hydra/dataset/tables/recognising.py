"""Which columns of a table a network is given, and as what: all that is guessed is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from nas_hydra.dataset.tables.columns import (
    OTHER,
    Column,
    Columns,
    as_numbers,
    as_times,
    examples_of,
    finite,
    in_text,
    is_number,
    style_of,
    time_part,
)
from nas_hydra.dataset.tables.frame import Notes
from nas_hydra.errors import ConfigError, listing

MOST_CATEGORIES = 100
"""Of a column; the rarest beyond are one."""
NUMBERS_AT_LEAST = 0.9
"""The share of a column's values that must be numbers for the others to count as missing."""
DIFFERENT = 0.95
"""Of the texts of a column: if so many are different, it tells rows apart, and not their kinds."""
WORDS = 3
"""With more of them, a text is no name."""
PARTS = ("days", "month", "weekday", "hour")
"""What is made of a date."""
SHOWN = 8

Series: TypeAlias = "pd.Series[Any]"


@dataclass
class Recogniser:
    """Goes over the columns of a table.

    Args:
        forced: name -> ``category`` or ``number``, of columns that are to be that.
        notes: what is to be told.
        dropped: why columns are left out, by name.
        missing: how many rows have no value, by the names of columns.
    """

    forced: Mapping[str, str]
    notes: Notes
    dropped: dict[str, str] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)

    def columns(self, frame: pd.DataFrame) -> Columns:
        """What they are.

        Raises:
            ConfigError: if none is left, or one that is to be numbers has text.
        """
        found = [self._column(frame[name]) for name in frame.columns]
        known = tuple(column for column in found if column is not None)
        if not known:
            why = "; ".join(f"'{name}': {reason}" for name, reason in self.dropped.items())
            raise ConfigError("dataset.file", f"has no column to learn from ({why})")
        indicators, place = [], 0
        for column in known:
            if column.numbers and column.name in self.missing:
                indicators.append(place)  # the parts of a date are missing together
            place += len(column.numbers)
        columns = Columns(columns=known, indicators=tuple(indicators))
        self._tell(columns)
        return columns

    def _column(self, given: Series) -> Column | None:
        name = str(given.name)
        made = self._made(given, self.forced.get(name))
        if isinstance(made, str):
            self.dropped[name] = made
            return None
        if absent := int(made.missing(given).sum()):
            self.missing[name] = absent
        return made

    def _made(self, given: Series, forced: str | None) -> Column | str:
        """What a column is, or why it is left out."""
        if not given.notna().any():
            return "empty"
        if _is_no_value(given):
            return "neither numbers, text nor dates"
        if forced == "category":
            return self._category(given)
        if forced == "number" or is_number(given):
            return self._number(given, forced is not None)
        style = style_of(given)
        if style is not None:
            return self._date(given, style)
        if self._is_nearly_numbers(given):
            return self._number(given, False)
        return self._category(given, identifiers=True)

    def _number(self, given: Series, forced: bool) -> Column | str:
        name = str(given.name)
        numbers = as_numbers(given, "dataset.numbers" if forced else None)
        kept = finite(numbers)
        if infinite := int(np.isnan(kept).sum() - np.isnan(numbers).sum()):
            self.notes.info(f"of '{name}', {infinite:,} infinite numbers count as missing")
        if np.isnan(kept).all():
            return "empty"
        if not np.isnan(kept).any() and kept.min() == kept.max():
            return "constant"
        if not forced and _are_identifiers(name, kept):
            return "an identifier: every row has another whole number"
        return Column(name=name, kind="number")

    def _is_nearly_numbers(self, given: Series) -> bool:
        """Whether all but a few of a column's texts are numbers; it is told of the others."""
        if isinstance(given.dropna().iloc[0], bool | np.bool_):
            return False
        numbers, present = as_numbers(given), given.notna().to_numpy()
        wrong = np.flatnonzero(np.isnan(numbers) & present)
        if len(wrong) > (1 - NUMBERS_AT_LEAST) * present.sum():
            return False
        if len(wrong):
            told = f"'{given.name}' is numbers, and what is none counts as missing"
            self.notes.warning(f"{told}: {examples_of(given, wrong)}")
        return True

    def _date(self, given: Series, style: Any) -> Column | str:
        name, times = str(given.name), as_times(given, style)
        parts = []
        for part in PARTS:
            numbers = time_part(times, part)
            if np.isfinite(numbers).any() and np.nanmin(numbers) < np.nanmax(numbers):
                parts.append(part)
        if not parts:
            return "constant"
        self.notes.info(f"'{name}' is dates ({style}), of which are made: {', '.join(parts)}")
        return Column(name=name, kind="date", style=style, parts=tuple(parts))

    def _category(self, given: Series, identifiers: bool = False) -> Column | str:
        name = str(given.name)
        counts = given.value_counts()
        texts = pd.Series(counts.to_numpy(), in_text(counts.index)).groupby(level=0).sum()
        present = int(texts.sum())
        if len(texts) == 1 and present == len(given):
            return "constant"
        if identifiers and len(texts) > 2 and len(texts) >= DIFFERENT * present:
            words = sum(map(len, map(str.split, texts.index))) / len(texts)
            named = "an identifier: nearly every row has another text"
            return "free text, which dataset=text is for" if words > WORDS else named
        if len(texts) <= MOST_CATEGORIES:
            return Column(name=name, kind="category", values=tuple(texts.index))
        most = texts.sort_values(ascending=False, kind="stable")[: MOST_CATEGORIES - 1]
        share = 1 - int(most.sum()) / present
        self.notes.info(
            f"of '{name}', {len(texts) - len(most):,} of {len(texts):,} categories are the rarest,"
            f" and become one ({share:.0%} of its rows)"
        )
        values = (*sorted(most.index), OTHER)
        return Column(name=name, kind="category", values=values, other=True)

    def _tell(self, columns: Columns) -> None:
        """Note what was found, one line for each kind."""
        kinds = {"number": "of numbers", "date": "of dates", "category": "of categories"}
        for kind, word in kinds.items():
            names = [column.name for column in columns.columns if column.kind == kind]
            if names:
                noun = "column" if len(names) == 1 else "columns"
                self.notes.info(f"{len(names)} {noun} {word}: {listing(names, SHOWN)}")
        if self.missing:
            told = [f"'{name}' {number:,}" for name, number in self.missing.items()]
            self.notes.info(f"values are missing: {_cut(told)}")
        if self.dropped:
            told = [f"'{name}' ({why})" for name, why in self.dropped.items()]
            self.notes.warning(f"columns left out: {_cut(told)}")


def _cut(told: Sequence[str]) -> str:
    more = f" and {len(told) - SHOWN} more" * (len(told) > SHOWN)
    return ", ".join(told[:SHOWN]) + more


def _is_no_value(given: Series) -> bool:
    """Whether these are lists, mappings, arrays or bytes."""
    first = given.dropna().iloc[0]
    return isinstance(first, list | dict | set | tuple | np.ndarray | bytes)


def _are_identifiers(name: str, numbers: "np.ndarray[Any, Any]") -> bool:
    """Whether whole numbers, each of them once, count rows, or are called an identifier."""
    if len(numbers) < 10 or np.isnan(numbers).any() or (numbers % 1).any():
        return False
    if len(np.unique(numbers)) < len(numbers):
        return False
    called = name.lower().replace("-", "_").split("_")[-1] in ("id", "index", "key", "no", "nr")
    return called or name.endswith("Id") or bool(numbers.max() - numbers.min() < len(numbers))
