"""A table in a file: its columns, and which of its rows is which candidate."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import pandas
from numpy.typing import NDArray

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.files.csv_cell import UNREADABLE, encoding_of, read, unmarked, unreadable
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, Integer, SearchSpace

KEY = "evaluator.table"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
EMPTY = -1
"""The code of an empty cell."""

OUTSIDE = -2
"""The code of a cell, or decision, that the other side does not have."""
Key = tuple[int, ...]


class TableFile:
    """The columns of a file.

    Args:
        file: csv (with a head of names), the same compressed, or parquet.

    Raises:
        ConfigError: if there is no such file, or it cannot be read.
    """

    def __init__(self, file: str) -> None:
        self._frame = _read_table(Path(file).expanduser())
        self.names = [unmarked(str(name)) for name in self._frame.columns]
        self._frame.columns = pandas.Index(self.names)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._frame)

    @property
    def numeric(self) -> list[str]:
        """The columns whose first filled cell is a number."""
        return [name for name in self.names if _is_number(self._frame[name])]

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
        known = numpy.array([*map(_number, cells), numpy.nan], dtype=float)
        for cell, value in zip(cells, known, strict=False):
            if numpy.isnan(value) and str(cell).strip().lower() != "nan":
                row = int(numpy.flatnonzero(codes == cells.index(cell))[0])
                raise ConfigError(
                    key, f"column '{name}' has {cell!r} in row {row + 1}; it must hold numbers"
                )
        return known[codes]


def _read_table(file: Path) -> pandas.DataFrame:
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


def _is_number(column: "pandas.Series[Any]") -> bool:
    first = column.first_valid_index()
    return first is not None and not numpy.isnan(_number(column[first]))


def _number(cell: Any) -> float:
    """A cell as a number; not a number if it is none."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        return numpy.nan


class TableRows:
    """Which row is which candidate.

    Args:
        table: has a column for each gene.
        genes: all that the space has.

    Raises:
        ConfigError: if a column is missing, two rows are the same candidate, or none is one.

    Attributes:
        inside: numbers of the rows whose cells are all decisions of the genes.
    """

    def __init__(self, table: TableFile, genes: Sequence[Gene]) -> None:
        _check_columns(table, genes)
        self._columns: dict[str, Column] = {}
        codes = numpy.empty((len(genes), len(table)), dtype=numpy.int32)
        for place, gene in enumerate(genes):
            cells, written = table.cells(gene.name)
            self._columns[gene.name] = column = Column(gene, cells)
            codes[place] = column.codes(written)
        self.inside = numpy.flatnonzero((codes != OUTSIDE).all(0))
        self._keys: dict[int, Key] = dict(
            zip(self.inside.tolist(), map(tuple, codes.T[self.inside].tolist()), strict=True)
        )
        self._found = {key: row for row, key in self._keys.items()}
        self._check()

    def check_covers(self) -> None:
        """Make sure that every label occurs; a misspelt one does not.

        Raises:
            ConfigError: naming the first label that is in no row.
        """
        for column in self._columns.values():
            for label in column.absent:
                hint = nearest(label, column.foreign)
                raise ConfigError(
                    KEY,
                    f"column '{column.gene.name}' never has {label!r}, which the gene allows; it"
                    f" has {listing(column.cells)}{hint}. Take the choice out, or say"
                    " evaluator.missing=fail to count such candidates as failed",
                )

    def find(self, decisions: Mapping[str, Any]) -> int | None:
        """The row of a candidate; None if it has none."""
        return self._found.get(self._key(decisions))

    def genotype(self, row: int, space: SearchSpace) -> Genotype | None:
        """The candidate of a row inside; None if an inactive gene has a decision there."""
        codes = dict(zip(self._columns, self._keys[row], strict=True))
        try:
            found = space.walk(lambda gene: self._columns[gene.name].decision(codes[gene.name]))
        except ConfigError:  # an active gene has none
            return None
        return found if self._key(found) == self._keys[row] else None

    def _key(self, decisions: Mapping[str, Any]) -> Key:
        return tuple(column.code(decisions.get(name)) for name, column in self._columns.items())

    def _check(self) -> None:
        """Each candidate once, and at least one."""
        if not self._keys:
            raise ConfigError(KEY, f"has no row of this space; {self._foreign()}")
        for row, key in self._keys.items():
            if self._found[key] != row:
                cells = {
                    name: column.decision(code)
                    for (name, column), code in zip(self._columns.items(), key, strict=True)
                }
                raise ConfigError(
                    KEY,
                    f"has two rows, {row + 1} and {self._found[key] + 1}, for"
                    f" {Genotype(cells, '').summary}; keep one",
                )

    def _foreign(self) -> str:
        """What the table has where the genes allow something else."""
        for name, column in self._columns.items():
            if column.foreign and not column.decisions:
                cells = listing(column.foreign, 5)
                return f"column '{name}' has {cells} and the gene allows {column.gene.allowed}"
        return "each one has a cell that its gene does not allow"


class Column:
    """A gene's cells, and the decisions that they are.

    Args:
        gene: whose they are.
        cells: the distinct ones of the column.

    Attributes:
        decisions: those that occur, each at the place that is its code.
    """

    def __init__(self, gene: Gene, cells: Sequence[Any]) -> None:
        self.gene, self.cells = gene, cells
        self._meant = [decision_of(gene, cell) for cell in self.cells]
        self.decisions = list(dict.fromkeys(one for one in self._meant if one is not None))
        self._codes: dict[Decision, int] = {one: code for code, one in enumerate(self.decisions)}
        self._codes[None] = EMPTY

    @property
    def foreign(self) -> list[Any]:
        """Cells that are no decision of the gene."""
        return [cell for cell, one in zip(self.cells, self._meant, strict=True) if one is None]

    @property
    def absent(self) -> list[Decision]:
        """Labels that occur in no row."""
        labels = self.gene.labels if isinstance(self.gene, Categorical) else ()
        return [label for label in labels if label not in self._codes]

    def codes(self, written: NDArray[numpy.int32]) -> NDArray[numpy.int32]:
        """For each row the code of its decision, ``EMPTY`` or ``OUTSIDE``.

        Args:
            written: int32 (N,), for each row the place of its cell, or ``EMPTY``.
        """
        known = [OUTSIDE if one is None else self._codes[one] for one in self._meant]
        # EMPTY is -1: the last element.
        return numpy.array([*known, EMPTY], dtype=numpy.int32)[written]

    def code(self, decision: Decision) -> int:
        """The code of a decision; an inactive gene's is None."""
        return self._codes.get(decision, OUTSIDE)

    def decision(self, code: int) -> Decision:
        """The decision of a code; None if the cell is empty."""
        return None if code == EMPTY else self.decisions[code]


def _check_columns(table: TableFile, genes: Sequence[Gene]) -> None:
    """Make sure that every gene has a column."""
    for gene in genes:
        if gene.name not in table.names:
            hint = nearest(gene.name, table.names)
            raise ConfigError(
                KEY,
                f"the table has no column for the gene '{gene.name}'; it has"
                f" {listing(table.names)}{hint}. Rename the column, give the open value another"
                " _name_, or give it a plain value",
            )


def decision_of(gene: Gene, cell: Any) -> Decision:
    """The decision that a cell is; None if it is none of the gene's."""
    if isinstance(gene, Categorical):
        return _labelled(gene.labels, cell)
    value = _number(unmarked(cell) if isinstance(cell, str) else cell)
    if isinstance(gene, Integer):
        return int(value) if value.is_integer() and int(value) in gene else None
    return gene.exact(value) if value in gene else None


def _labelled(labels: Sequence[Decision], cell: Any) -> Decision:
    """The label that a cell is; None if it is none.

    The one of the same kind, if there is one; tables that others wrote do not tell 1 from '1'.
    """
    value = read(cell) if isinstance(cell, str) else cell
    same = [label for label in labels if type(label) is type(value) and label == value]
    written = [label for label in labels if str(label) in (str(cell), str(value))]
    alike = [label for label in labels if _token(label) == _token(value)]
    return next(iter(same or written or alike), None)


def _token(value: Any) -> str | float:
    """What equal cells and labels have in common, in whichever way they are written."""
    if isinstance(value, bool | numpy.bool_):
        return str(value).lower()
    known = _number(value)
    if known == known:
        return known
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text
