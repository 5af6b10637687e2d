"""The rows of a table as candidates of a search space."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
from numpy.typing import NDArray

from nas_hydra.csv_cell import read, unmarked
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.evaluator.table import EMPTY, KEY, Table, number
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, Integer, SearchSpace

OUTSIDE = -2
"""The code of a cell, or decision, that the other side does not have."""

Key = tuple[int, ...]


class Rows:
    """Which row is which candidate.

    Args:
        table: has a column for each gene.
        genes: all that the space has.

    Raises:
        ConfigError: if a column is missing, two rows are the same candidate, or none is one.

    Attributes:
        inside: numbers of the rows whose cells are all decisions of the genes.
    """

    def __init__(self, table: Table, genes: Sequence[Gene]) -> None:
        check_columns(table, genes)
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
        self._meant = [decided(gene, cell) for cell in self.cells]
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


def check_columns(table: Table, genes: Sequence[Gene]) -> None:
    """Make sure that every gene has a column.

    Raises:
        ConfigError: naming the first one that has none.
    """
    for gene in genes:
        if gene.name not in table.names:
            hint = nearest(gene.name, table.names)
            raise ConfigError(
                KEY,
                f"the table has no column for the gene '{gene.name}'; it has"
                f" {listing(table.names)}{hint}. Rename the column, give the open value another"
                " _name_, or give it a plain value",
            )


def decided(gene: Gene, cell: Any) -> Decision:
    """The decision that a cell is; None if it is none of the gene's."""
    if isinstance(gene, Categorical):
        return labelled(gene.labels, cell)
    value = number(unmarked(cell) if isinstance(cell, str) else cell)
    if isinstance(gene, Integer):
        return int(value) if value.is_integer() and int(value) in gene else None
    return gene.exact(value) if value in gene else None


def labelled(labels: Sequence[Decision], cell: Any) -> Decision:
    """The label that a cell is; None if it is none.

    The one of the same kind, if there is one; tables that others wrote do not tell 1 from '1'.
    """
    value = read(cell) if isinstance(cell, str) else cell
    same = [label for label in labels if type(label) is type(value) and label == value]
    written = [label for label in labels if str(label) in (str(cell), str(value))]
    alike = [label for label in labels if token(label) == token(value)]
    return next(iter(same or written or alike), None)


def token(value: Any) -> str | float:
    """What equal cells and labels have in common, in whichever way they are written."""
    if isinstance(value, bool | numpy.bool_):
        return str(value).lower()
    known = number(value)
    if known == known:
        return known
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text
