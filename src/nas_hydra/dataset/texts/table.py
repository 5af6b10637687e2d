"""Tables with a column of texts: csv, tsv or parquet, each cell as it is written."""

import gzip
import logging
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nas_hydra.errors import ConfigError, in_one_line, listing, nearest

log = logging.getLogger(__name__)

TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
LOOKED_AT = 1000
"""Rows by which a column of texts is recognised."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are meant.

    Args:
        text: of the texts; None: the one that looks most like it.
        target: of what is to be told; None if nothing is.
    """

    text: str | None
    target: str | None


def is_table(file: str) -> bool:
    """Whether a file's name ends as that of a table does."""
    return file.lower().endswith(TABLES)


def read_table(file: str) -> pd.DataFrame:
    """A table; of csv, every cell as it is written, since a text may be "NA" or "007".

    Raises:
        ConfigError: if it is none.
    """
    try:
        if file.lower().endswith(".parquet"):
            return pd.read_parquet(file)
        separator = _separator(file)
        kind = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
        return pd.read_csv(file, sep=separator, **kind)
    except Exception as error:  # pandas and what reads parquet for it raise all kinds
        raise ConfigError("dataset.file", f"{file} is no table: {in_one_line(error)}") from error


def _separator(file: str) -> str:
    """The one of comma, semicolon and tab of which the first line has most; told if no comma."""
    opened = gzip.open if file.lower().endswith(".gz") else open
    with opened(file, "rt", encoding="utf-8-sig") as stream:
        found = max(",;\t", key=stream.readline().count)
    if found != ",":
        log.info("data: cells of %s are separated by %r", file, found)
    return found


def text_column(frame: pd.DataFrame, columns: Columns, file: str) -> str:
    """The column of the texts: the one that is named, or has the longest cells, which is told."""
    if columns.text is not None:
        if columns.text not in frame.columns:
            raise ConfigError("dataset.column", no_column(columns.text, frame, file))
        return columns.text
    head = frame.head(LOOKED_AT)
    lengths = {
        name: head[name].dropna().str.len().mean()
        for name in head.columns
        if name != columns.target and _is_wordy(head[name].dropna())
    }
    if not lengths:
        raise ConfigError("dataset.column", f"is null, and {file} has no column of texts")
    found = max(lengths, key=lambda name: lengths[name])
    others = listing(name for name in frame.columns if name not in (found, columns.target))
    log.info(
        "data: texts are those of the column '%s' (dataset.column); not used: %s", found, others
    )
    return str(found)


def _is_wordy(cells: "pd.Series[Any]") -> bool:
    """Whether these are texts, and not all of them numbers."""
    return bool(
        pd.api.types.is_string_dtype(cells) and pd.to_numeric(cells, errors="coerce").isna().any()
    )


def no_column(name: str, frame: pd.DataFrame, file: str) -> str:
    """What is said of a column that a table has not."""
    hint = nearest(name, frame.columns)
    return f"is '{name}'; the columns of {file} are {listing(frame.columns)}{hint}"
