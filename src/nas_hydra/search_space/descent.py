"""Descent: a child's genes and their counterparts in its parents.

A child may have more or fewer copies of a repeated block than a parent. Then each of its copies
descends from one of the parent's, or is new, and the decisions move along with the copies.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from numpy.random import Generator

from nas_hydra.search_space.alignment import (
    Column,
    Content,
    Source,
    align,
    by_position,
    contents,
)
from nas_hydra.search_space.gene import Decision, Gene
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.node import Constant, Copies, InactiveError, Node, Reading, Repeat, Rest
from nas_hydra.search_space.opening import Place

if TYPE_CHECKING:
    from nas_hydra.search_space.space import SearchSpace

Arrange = Callable[[Sequence[Column], int], Sequence[Column | None]]
"""Makes so many columns of those that the parents have; None for a new copy."""
Inherit = Callable[[Gene, Sequence[str | None]], Decision]
"""Decides a child's gene, told its name in each parent; None where a parent lacks it."""


def descend(
    space: "SearchSpace", parents: Sequence[Genotype], inherit: Inherit, arrange: Arrange
) -> Genotype:
    """A child of one or two parents.

    Args:
        space: of all of them.
        parents: whose copies are aligned where an open value says how many there are; copies of
            a fixed number are taken by position.
        inherit: is asked for each active gene of the child, in the order of the config.
        arrange: is asked once for each open number of copies, after that number is decided.
    """
    child: dict[str, Decision] = {}
    descent = Descent(space.places, [parent.decisions for parent in parents], child, arrange)

    def decide(gene: Gene) -> Decision:
        child[gene.name] = inherit(gene, descent.names(space.places[gene.name]))
        return child[gene.name]

    return space.walk(decide)


def at_random(rng: Generator) -> Arrange:
    """Inserts new copies and drops others anywhere; those that all parents have stay longest."""

    def arrange(columns: Sequence[Column], count: int) -> Sequence[Column | None]:
        surplus = len(columns) - count
        if surplus > 0:
            common = [column for column in columns if None not in column]
            single = [column for column in columns if None in column]
            dropped = _drawn(single, min(surplus, len(single)), rng)
            dropped |= _drawn(common, surplus - len(dropped), rng)
            return [column for column in columns if column not in dropped]
        arranged: list[Column | None] = list(columns)
        for _ in range(-surplus):
            arranged.insert(int(rng.integers(len(arranged) + 1)), None)
        return arranged

    return arrange


def _drawn(columns: Sequence[Column], count: int, rng: Generator) -> set[Column]:
    if not count:
        return set()
    return {columns[int(i)] for i in rng.choice(len(columns), size=count, replace=False)}


class Descent:
    """Follows a child's copies back to its parents.

    Args:
        places: of all genes of the space.
        parents: one or two.
        child: its decisions so far; they grow while it is walked.
        arrange: makes the child's copies of the parents'.
    """

    def __init__(
        self,
        places: Mapping[str, Place],
        parents: Sequence[Mapping[str, Decision]],
        child: Mapping[str, Decision],
        arrange: Arrange,
    ) -> None:
        self._places, self._parents, self._child = places, parents, child
        self._arrange = arrange
        self._columns: dict[Source, Sequence[Column | None]] = {}
        self._contents: list[Mapping[Source, Mapping[int, Content]]] = []
        self._followed: dict[tuple[Repeat, Copies], list[Copies | None]] = {}

    def names(self, place: Place) -> list[str | None]:
        """What a gene of the child is called in each parent; None where the parent lacks it."""
        name = place.gene.name
        if not place.blocks:
            return [name if name in parent else None for parent in self._parents]
        origins = self._origins(place.blocks, place.copies)
        old = [None if copies is None else place.node.gene_of(copies).name for copies in origins]
        return [
            name if name in parent else None
            for name, parent in zip(old, self._parents, strict=True)
        ]

    def _origins(self, blocks: tuple[Repeat, ...], copies: Copies) -> list[Copies | None]:
        """Which copies of the parents' blocks these copies of the child's descend from."""
        if not blocks:
            return [()] * len(self._parents)
        block = blocks[-1]
        if (block, copies) not in self._followed:
            around = self._origins(blocks[:-1], copies[:-1])
            column = self._column(block, copies, around)
            self._followed[block, copies] = [
                None if outer is None or inner is None else (*outer, inner)
                for outer, inner in zip(around, column, strict=True)
            ]
        return self._followed[block, copies]

    def _column(self, block: Repeat, copies: Copies, around: Sequence[Copies | None]) -> Column:
        node, rest = block.source
        if isinstance(node, Constant):
            return (copies[-1],) * len(around)
        source = node, rest, copies[: node.depth]
        if source not in self._columns:
            within = [None if outer is None else outer[: node.depth] for outer in around]
            count = count_of(node, rest, source[2], self._child)
            self._columns[source] = self._arrange(self._aligned(node, rest, within), count)
        return self._columns[source][copies[-1]] or (None,) * len(around)

    def _aligned(self, node: Node, rest: Rest, within: Sequence[Copies | None]) -> list[Column]:
        """The parents' copies side by side."""
        counts = [
            0 if copies is None else count_of(node, rest, copies, parent)
            for copies, parent in zip(within, self._parents, strict=True)
        ]
        if len(counts) != 2 or not all(counts):
            return by_position(counts)
        self._contents = self._contents or [
            contents(self._places, parent) for parent in self._parents
        ]
        one, other = (
            known.get((node, rest, copies or ()), {})
            for known, copies in zip(self._contents, within, strict=True)
        )
        return align((counts[0], counts[1]), one, other)


def count_of(node: Node, rest: Rest, copies: Copies, decisions: Mapping[str, Decision]) -> int:
    """How many copies the decisions make; 0 where what decides it is not active."""
    try:
        return int(node.close(Reading(decisions), copies, rest))
    except InactiveError:
        return 0
