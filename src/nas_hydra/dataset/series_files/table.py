"""Series in csv, a row for each or a row for each of its steps, and in npz."""

import csv
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas_hydra.dataset.series_files.rows import (
    SeriesFileError,
    SeriesRows,
    Values,
    is_missing,
    is_number,
    numbers,
)
from nas_hydra.errors import in_one_line, listing, nearest

SNIFFED = ",;\t|"
"""What may separate the cells of a csv file; the header says which does."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a csv file mean what.

    Args:
        target: is to be told of the series; None in a file that does not say.
        id: says which series a row belongs to; None: each row is a series.
        time: orders the steps of a series; None: they stand in order.
        values: the steps, or the channels, in their order; None: all others, as they stand.
    """

    target: str | None = None
    id: str | None = None
    time: str | None = None
    values: Sequence[str] | None = None

    def of(self, header: Sequence[str]) -> "Columns":
        """The same, with the columns of values named, all of them found in a header.

        Raises:
            SeriesFileError: if one is not there.
        """
        named = [one for one in (self.target, self.id, self.time) if one is not None]
        for name in [*named, *(self.values or ())]:
            if name not in header:
                hint = nearest(name, header)
                raise SeriesFileError(f"has no column '{name}'; it has {listing(header)}{hint}")
        values = self.values or [name for name in header if name not in named]
        if not values:
            raise SeriesFileError(f"has no column of values beside {listing(named)}")
        return Columns(self.target, self.id, self.time, values)


class Line(NamedTuple):
    """A row of a csv file: where it stands, and its cells by column."""

    number: int
    cells: Mapping[str, str]

    def numbers(self, columns: Sequence[str]) -> NDArray[np.float32]:
        """The numbers in some of its columns.

        Raises:
            SeriesFileError: naming the line and the column of one that is none.
        """
        cells = [self.cells[name] for name in columns]
        try:
            return numbers(cells)
        except SeriesFileError:
            for name, cell in zip(columns, cells, strict=True):
                with suppress(SeriesFileError):
                    numbers([cell])
                    continue
                problem = f"'{cell.strip()}' in column '{name}', where numbers are needed"
                raise SeriesFileError(f"line {self.number} has {problem}") from None
            raise


def read_csv(lines: Iterable[str], columns: Columns) -> SeriesRows:
    """The series of a csv file, whose first line names its columns.

    Raises:
        SeriesFileError: naming the line and the column of what is none.
    """
    header, rows = _rows(iter(lines))
    found = columns.of(header)
    return _wide(rows, found) if columns.id is None else _long(rows, found)


def _rows(lines: Iterator[str]) -> tuple[list[str], Iterator[Line]]:
    """The names of the columns, and the rows; all must have as many cells."""
    first = next(lines, "").lstrip("\ufeff")
    mark = max(SNIFFED, key=first.count)
    header = [name.strip() for name in next(csv.reader([first], delimiter=mark), [])]
    if not any(header):
        raise SeriesFileError("is empty, or begins with an empty line")
    if all(is_number(name) for name in header):
        raise SeriesFileError("begins with numbers; its first line must name the columns")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise SeriesFileError(f"has two columns '{twice}'; its first line must name each once")

    def rows() -> Iterator[Line]:
        reader = csv.reader(lines, delimiter=mark)
        for cells in reader:
            if not cells:
                continue
            number = reader.line_num + 1
            if len(cells) != len(header):
                raise SeriesFileError(
                    f"line {number} has {len(cells)} cells, and the first line {len(header)}; of"
                    " series of unequal length, the cells after the end are empty, but are there"
                )
            yield Line(number, dict(zip(header, cells, strict=True)))

    return header, rows()


def _wide(rows: Iterator[Line], columns: Columns) -> SeriesRows:
    """Series of one channel, each in a row."""
    assert columns.values is not None
    values, targets = [], []
    for row in rows:
        values.append(row.numbers(columns.values)[None])
        targets.append(row.cells[columns.target].strip() if columns.target else "")
    names = [str(place + 1) for place in range(len(values))]
    return SeriesRows(values, targets if columns.target else None, names, columns.values)


def _long(rows: Iterator[Line], columns: Columns) -> SeriesRows:
    """Series whose steps are rows: in the order of their time, if there is one."""
    assert columns.id is not None
    assert columns.values is not None
    series: dict[str, list[Line]] = {}
    for row in rows:
        series.setdefault(row.cells[columns.id].strip(), []).append(row)
    targets = None
    if columns.target is not None:
        targets = [_one_target(name, steps, columns.target) for name, steps in series.items()]
    values = [_steps(name, steps, columns) for name, steps in series.items()]
    return SeriesRows(values, targets, list(series), columns.values)


def _one_target(name: str, steps: Sequence[Line], target: str) -> str:
    """What is told of a series, the same in each of its rows where it is said."""
    said = {step.cells[target].strip(): step.number for step in steps}
    told = {text: number for text, number in said.items() if not is_missing(text)}
    if len(told) > 1:
        (one, _), (other, number), *_ = told.items()
        raise SeriesFileError(
            f"line {number}: the series '{name}' has two targets, '{one}' and '{other}'; all its"
            f" rows must have one in column '{target}'"
        )
    return next(iter(told), "")


def _steps(name: str, steps: Sequence[Line], columns: Columns) -> Values:
    """The values of a series, (C, L)."""
    assert columns.values is not None
    if columns.time is not None:
        steps = _ordered(name, steps, columns.time)
    return np.stack([step.numbers(columns.values) for step in steps], axis=1)


def _ordered(name: str, steps: Sequence[Line], time: str) -> list[Line]:
    """Steps by their time: as numbers if all are, else as text, as ISO 8601 dates sort."""
    texts = [step.cells[time].strip() for step in steps]
    try:
        times: list[Any] = [float(text) for text in texts]
    except ValueError:
        times = texts
    order = sorted(range(len(steps)), key=times.__getitem__)
    for one, other in pairwise(order):
        if times[one] == times[other]:
            first, second = sorted((steps[one].number, steps[other].number))
            raise SeriesFileError(
                f"lines {first} and {second}: the series '{name}' has the time '{texts[one]}' twice"
            )
    return [steps[place] for place in order]


def read_npz(file: Path, labelled: bool = True) -> SeriesRows:
    """The series of arrays ``x``, (N, L) or (N, C, L), with what is told of them in ``y``, (N,).

    Args:
        file: as ``numpy.savez`` writes it.
        labelled: whether there has to be ``y``.

    Raises:
        SeriesFileError: if they are not there, or of another form.
    """
    arrays = _arrays(file)
    for name in ("x", "y") if labelled else ("x",):
        if name not in arrays:
            raise SeriesFileError(f"has no array '{name}'; it has {listing(arrays)}")
    x, y = arrays["x"], arrays.get("y")
    if x.dtype.kind not in "fiub" or x.ndim not in (2, 3):
        wanted = "numbers of shape (series, steps) or (series, channels, steps)"
        raise SeriesFileError(f"its x is {x.dtype} of shape {x.shape}; {wanted} are needed")
    if np.isinf(x).any():
        raise SeriesFileError(f"its x is not finite in row {1 + np.argwhere(np.isinf(x))[0][0]}")
    if y is not None and (y.ndim != 1 or len(y) != len(x)):
        raise SeriesFileError(f"its y has the shape {y.shape}; ({len(x)},) is needed, as of x")
    values = list((x[:, None] if x.ndim == 2 else x).astype(np.float32))
    targets = None if y is None else [_as_text(one) for one in y.tolist()]
    return SeriesRows(values, targets, [str(place + 1) for place in range(len(x))])


def _arrays(file: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file by their names, in small letters."""
    if not zipfile.is_zipfile(file):
        raise SeriesFileError("is none that numpy.savez writes")
    try:
        with np.load(file, allow_pickle=False) as held:
            return {str(name).lower(): held[name] for name in held}
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise SeriesFileError(f"cannot be read: {in_one_line(error)}") from error
        raise SeriesFileError(
            "holds an array of Python objects, as of series of unequal length; make it one of"
            " numbers, (series, channels, steps), with NaN after the end of the shorter ones"
        ) from None
    except (EOFError, zipfile.BadZipFile) as error:
        raise SeriesFileError(f"cannot be read: {in_one_line(error)}") from error


def _as_text(value: object) -> str:
    """A target as text; whole numbers without a point, so that classes 1.0 and 1 are one."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
