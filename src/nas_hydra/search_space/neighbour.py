"""Neighbours: the candidates one decision away."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from numpy.random import Generator

from nas_hydra.search_space.alignment import Column
from nas_hydra.search_space.descent import descend
from nas_hydra.search_space.gene import Decision, Gene, Integer
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.node import Ordered
from nas_hydra.search_space.scale import default, others, steps

if TYPE_CHECKING:
    from nas_hydra.search_space.space import SearchSpace


def neighbours(
    space: "SearchSpace", genotype: Genotype, rng: Generator | None = None
) -> Iterator[Genotype]:
    """Every feasible genotype one decision away, each key once, without the genotype's own.

    What ``scale.others`` lists for each active gene; a number that says how often a block is
    repeated goes one step up and down. Where copies are gained or lost, they are so at every
    position in turn (several at once side by side). Genes that become active take their
    ``scale.default``.

    Args:
        space: of the genotype.
        genotype: whose neighbours they are.
        rng: shuffles what is changed, before any neighbour is made; without it, the order is
            that of the config.
    """
    seen = {genotype.key}
    changes = list(_changes(space, genotype))
    if rng is not None:
        rng.shuffle(changes)
    for name, value in changes:
        for child in _changed(space, genotype, name, value):
            if child.key not in seen:
                seen.add(child.key)
                if space.feasible(child):
                    yield child


def _changes(space: "SearchSpace", genotype: Genotype) -> Iterator[tuple[str, Decision]]:
    """Every gene with every other decision that it may take."""
    counts = _counts(space)
    for name, decision in genotype.items():
        gene, node, *_ = space.places[name]
        if isinstance(gene, Integer) and node in counts:
            values = steps(gene, decision, (1,))
        else:
            values = others(gene, decision)
        yield from ((name, value) for value in values)


def _counts(space: "SearchSpace") -> set[object]:
    """The open numbers that say how often a block is repeated."""
    blocks = {block for place in space.places.values() for block in place.blocks}
    sources = (block.source[0] for block in blocks)
    return {node for node in sources if isinstance(node, Ordered)}


def _changed(
    space: "SearchSpace", parent: Genotype, name: str, value: Decision
) -> Iterator[Genotype]:
    """The parent with one decision changed, once per position where copies come or go."""

    def inherit(gene: Gene, origins: Sequence[str | None]) -> Decision:
        (origin,) = origins
        if origin is None:
            return default(gene)
        return value if origin == name else parent[origin]

    position, positions = 0, 1
    while position < positions:
        splice = _Splice(position)
        yield descend(space, [parent], inherit, splice)
        position, positions = position + 1, splice.positions


class _Splice:
    """Inserts or drops copies at one position.

    Args:
        position: counted in copies that stay; if beyond the last, after it.

    Attributes:
        positions: how many different positions there are, known after use.
    """

    def __init__(self, position: int) -> None:
        self._position = position
        self.positions = 1

    def __call__(self, columns: Sequence[Column], count: int) -> Sequence[Column | None]:
        """The columns with as many more or fewer."""
        more = count - len(columns)
        if more == 0:
            return columns
        stay = min(count, len(columns))
        self.positions = max(self.positions, stay + 1)
        at = min(self._position, stay)
        new: list[Column | None] = [None] * more
        return [*columns[:at], *new, *columns[at + max(0, -more) :]]
