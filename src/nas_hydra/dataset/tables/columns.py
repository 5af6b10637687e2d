"""What the columns of a table are: numbers, dates or categories; and their rows as tensors."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype
from pydantic import BaseModel, ConfigDict

from nas_hydra.dataset.tables.frame import Notes, check_has
from nas_hydra.dataset.tree import Tree
from nas_hydra.errors import ConfigError, printable

ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{2}.*)?")
SPOKEN = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]\d{4}( \d{1,2}:\d{2}.*)?")
YEAR_FIRST = re.compile(r"\d{4}[./]\d{1,2}[./]\d{1,2}( \d{1,2}:\d{2}.*)?")
OTHER = "(other)"
"""What the rarest categories of a column are called together, where it has too many."""
WRONG = {
    "category": "categories that training lacks",
    "number": "no numbers",
    "date": "no dates",
}

Style = Literal["as they are", "ISO 8601", "year first", "day first", "month first"]
Series: TypeAlias = "pd.Series[Any]"


class Column(BaseModel):
    """A column that a network is given.

    Args:
        name: in the file.
        kind: what becomes of it: one number, several numbers of a date, or a code.
        values: of categories: what they are called, by code.
        other: of categories: whether the last one stands for all that are rarer.
        style: of dates: how they are written.
        parts: of dates: the numbers that are made of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["number", "date", "category"]
    values: tuple[str, ...] = ()
    other: bool = False
    style: Style = "as they are"
    parts: tuple[str, ...] = ()

    @property
    def numbers(self) -> list[str]:
        """What the numbers that it gives are called."""
        named = {"number": [self.name], "date": [f"{self.name} ({part})" for part in self.parts]}
        return named.get(self.kind, [])

    def as_numbers(self, given: Series) -> NDArray[np.float32]:
        """(N, columns), NaN where there is none."""
        if self.kind == "number":
            return finite(as_numbers(given))[:, None].astype(np.float32)
        times = as_times(given, self.style)
        return np.stack([time_part(times, part) for part in self.parts], 1).astype(np.float32)

    def as_codes(self, given: Series) -> NDArray[np.int64]:
        """(N,), counted from 0; -1 for what is missing, or not known if it is not ``other``."""
        places, uniques = pd.factorize(given)
        known = {value: code for code, value in enumerate(self.values)}
        unknown = len(self.values) - 1 if self.other else -1
        codes = [known.get(one, unknown) for one in in_text(uniques)]
        found: NDArray[np.int64] = np.array([*codes, -1], np.int64)[places]  # -1 is the last
        return found

    def missing(self, given: Series) -> NDArray[np.bool_]:
        """(N,), where there is no value, or none that is known."""
        if self.kind == "category":
            return self.as_codes(given) < 0
        return np.isnan(self.as_numbers(given)[:, 0])


class Columns(BaseModel):
    """The columns of a table that a network is given, as its training file has them.

    Args:
        columns: in their order.
        indicators: of the numbers, the places of those that may be missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[Column, ...]
    indicators: tuple[int, ...]

    @property
    def numbers(self) -> list[str]:
        """What the numbers are called, in their order."""
        return [name for column in self.columns for name in column.numbers]

    @property
    def categories(self) -> list[Column]:
        """Those with codes."""
        return [column for column in self.columns if column.kind == "category"]

    @property
    def cardinalities(self) -> list[int]:
        """Of each with codes, how many there are, with the one for what is missing or unseen."""
        return [len(column.values) + 1 for column in self.categories]

    def inputs(self, frame: pd.DataFrame, key: str) -> Tree:
        """Rows as tensors: ``numbers``, float32 (N, F), and ``categories``, int64 (N, G).

        A part is absent if there is no such column. What is no number is missing.

        Raises:
            ConfigError: of a key, if a column lacks.
        """
        check_has(key, [one.name for one in self.columns], [*frame.columns])
        numbers = [
            column.as_numbers(frame[column.name])
            for column in self.columns
            if column.kind != "category"
        ]
        codes = [column.as_codes(frame[column.name]) for column in self.categories]
        parts: dict[str, torch.Tensor] = {}
        if numbers:
            parts["numbers"] = torch.from_numpy(np.concatenate(numbers, 1))
        if codes:
            parts["categories"] = torch.from_numpy(np.stack(codes, 1))
        return parts

    def tell_unknown(self, frame: pd.DataFrame, rows: str, notes: Notes) -> None:
        """Note what of other rows than those of training is not known, and so counts as missing.

        Args:
            frame: these rows.
            rows: what they are called.
            notes: where it is noted.
        """
        for column in self.columns:
            given = frame[column.name]
            unknown = np.flatnonzero(column.missing(given) & given.notna().to_numpy())
            if len(unknown):
                wrong = {"category": "categories that training lacks"}.get(
                    column.kind, "no numbers"
                )
                notes.warning(
                    f"'{column.name}' has {wrong} in {len(unknown):,} of {len(frame):,} {rows},"
                    f" where it counts as missing: {examples_of(given, unknown)}"
                )


def in_text(values: Iterable[Any]) -> list[str]:
    """Values as categories are called: whole numbers without a point, texts without margins."""
    return [
        str(int(one))
        if isinstance(one, float | np.floating) and float(one).is_integer()
        else str(one).strip()
        for one in values
    ]


def is_number(given: Series) -> bool:
    """Whether a column holds numbers, as its type says."""
    return is_numeric_dtype(given.dtype) and not is_bool_dtype(given.dtype)


def as_numbers(given: Series, key: str | None = None) -> NDArray[np.float64]:
    """(N,), NaN where there is none.

    Raises:
        ConfigError: of a key, if something is no number; it names the first row.
    """
    if is_number(given) or is_bool_dtype(given.dtype):
        known: NDArray[np.float64] = given.to_numpy(dtype=np.float64, na_value=np.nan)
        return known
    found: NDArray[np.float64] = pd.to_numeric(given, errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    wrong = np.flatnonzero(np.isnan(found) & given.notna().to_numpy())
    if key is not None and len(wrong):
        raise ConfigError(
            key,
            f"needs numbers in the column '{given.name}', and {examples_of(given, wrong)}",
        )
    return found


def examples_of(given: Series, rows: Sequence[int] | NDArray[Any]) -> str:
    """``row 7 has 'none'`` of rows, numbered from 1 as in their file, and how many more."""
    first = printable(str(given.iloc[rows[0]]))[:40]
    more = f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else ""
    return f"row {given.index[rows[0]] + 1:,} has '{first}'{more}"


def finite(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Infinite numbers, and those that float32 cannot hold, count as missing."""
    large = np.abs(numbers) > np.finfo(np.float32).max
    return np.where(large, np.nan, numbers)


def style_of(given: Series) -> Style | None:
    """How dates are written; None if these are none."""
    if is_datetime64_any_dtype(given.dtype):
        return "as they are"
    values = given.dropna().unique()
    if len(values) and isinstance(values[0], date):
        return "as they are"
    if not len(values) or not all(isinstance(one, str) for one in values[:100]):
        return None
    texts = [str(one).strip() for one in values]
    if all(map(ISO.fullmatch, texts)):
        return "ISO 8601"
    if all(map(YEAR_FIRST.fullmatch, texts)):
        return "year first"
    found = [SPOKEN.fullmatch(text) for text in texts]
    if not all(found):
        return None
    beyond = any(int(one[1]) > 12 for one in found if one)
    return "day first" if beyond or texts[0][2:3] == "." else "month first"


def as_times(given: Series, style: Style) -> "pd.Series[pd.Timestamp]":
    """A column of dates as times without a zone, in UTC where they have one; else missing."""
    if style == "as they are" and is_datetime64_any_dtype(given.dtype):
        times = given
    elif style in ("ISO 8601", "as they are"):
        times = pd.to_datetime(given.astype(str), format="ISO8601", errors="coerce", utc=True)
    else:
        first = {"dayfirst": style == "day first", "yearfirst": style == "year first"}
        times = pd.to_datetime(
            given.astype(str), format="mixed", errors="coerce", utc=True, **first
        )
    return times if times.dt.tz is None else times.dt.tz_convert("UTC").dt.tz_localize(None)


def time_part(times: "pd.Series[pd.Timestamp]", part: str) -> NDArray[np.float64]:
    """(N,), NaN where there is no time: ``days`` since 1970, or a field of the calendar."""
    if part == "days":
        found = (times - pd.Timestamp(0)) / pd.Timedelta(days=1)
    else:
        found = getattr(times.dt, part)
    numbers: NDArray[np.float64] = found.to_numpy(np.float64, na_value=np.nan)
    return numbers
