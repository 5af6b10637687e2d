"""A table in a file: its columns, as numbers or as a few distinct cells."""

from pathlib import Path
from typing import Any

import numpy
import pandas
from numpy.typing import NDArray

from nas_hydra.csv_cell import UNREADABLE, encoding_of, unmarked, unreadable
from nas_hydra.errors import ConfigError, listing, nearest

KEY = "evaluator.table"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
EMPTY = -1
"""The code of an empty cell."""


class Table:
    """The columns of a file.

    Args:
        file: csv (with a head of names), the same compressed, or parquet.

    Raises:
        ConfigError: if there is no such file, or it cannot be read.
    """

    def __init__(self, file: str) -> None:
        self._frame = read(Path(file).expanduser())
        self.names = [unmarked(str(name)) for name in self._frame.columns]
        self._frame.columns = pandas.Index(self.names)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._frame)

    def cells(self, name: str) -> tuple[list[Any], NDArray[numpy.int32]]:
        """A column: its distinct cells, and for each row (N,) which of them, or ``EMPTY``.

        Raises:
            ConfigError: if they are no scalars.
        """
        try:
            column = self._frame[name].astype("category").cat
        except TypeError as error:
            raise ConfigError(KEY, f"column '{name}' holds other things than scalars") from error
        return list(column.categories), column.codes.to_numpy(dtype=numpy.int32)

    def numbers(self, name: str, key: str) -> NDArray[numpy.float64]:
        """A column of numbers, float64 (N,); not a number where a cell is empty.

        Raises:
            ConfigError: for the config key that names the column, if the table lacks it or a cell
                is something else.
        """
        if name not in self.names:
            allowed = f"allowed: {listing(self.names)}{nearest(name, self.names)}"
            raise ConfigError(key, f"names '{name}', which is no column of the table; {allowed}")
        cells, codes = self.cells(name)
        known = numpy.array([*map(number, cells), numpy.nan], dtype=float)
        for cell, value in zip(cells, known, strict=False):
            if numpy.isnan(value) and str(cell).strip().lower() != "nan":
                row = int(numpy.flatnonzero(codes == cells.index(cell))[0])
                raise ConfigError(
                    key, f"column '{name}' has {cell!r} in row {row + 1}; it must hold numbers"
                )
        return known[codes]


def read(file: Path) -> pandas.DataFrame:
    """A file's columns; those of a csv as texts."""
    if not file.name.lower().endswith(SUFFIXES):
        raise ConfigError(KEY, f"is '{file}'; a table must end in {', '.join(SUFFIXES)}")
    if not file.is_file():
        raise ConfigError(KEY, f"there is no file {file.absolute()}")
    try:
        if file.name.lower().endswith(".parquet"):
            return pandas.read_parquet(file)
        frame = pandas.read_csv(
            file,
            dtype="category",
            keep_default_na=False,
            na_values=[""],
            skipinitialspace=True,
            encoding=encoding_of(file).removesuffix("-sig"),  # which pandas drops, and faster
        )
        if not isinstance(frame.index, pandas.RangeIndex):  # what goes beyond the head
            raise ValueError("its rows have more cells than its head has names")
        return frame
    except ImportError as error:
        raise ConfigError(
            KEY, "parquet needs pyarrow: pip install 'nas-hydra[parquet]', or give a csv"
        ) from error
    except UNREADABLE as error:
        raise ConfigError(KEY, f"{file} cannot be read as a table: {unreadable(error)}") from error


def number(cell: Any) -> float:
    """A cell as a number; not a number if it is none."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        return numpy.nan
