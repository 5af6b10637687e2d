"""Variation on the tree: children of one or two parents, and the candidates one decision away.

A child may have more or fewer copies of a repeated block than a parent. Then each of its copies
descends from one of the parent's, or is new, and the decisions move along with the copies.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Protocol

from numpy.random import Generator

from nas_hydra.search_space.gene import Decision, Gene, Genotype, Integer
from nas_hydra.search_space.node import (
    Constant,
    Copies,
    InactiveError,
    Node,
    Ordered,
    Place,
    Repeat,
    Replay,
    Rest,
)
from nas_hydra.search_space.scale import default, others, steps

Column = tuple[int | None, ...]
"""One copy: its number in each parent, None in a parent that has no counterpart."""
CountSource = tuple[Node, Rest, Copies]
"""What decides a number of copies. Blocks with one source gain and lose copies together."""
Content = set[tuple[Hashable, Decision]]
"""The decisions inside one copy, each with its place there."""
NOTHING: Content = set()

MOST_ALIGNED = 10_000
"""Pairs of copies that are compared; longer lists are aligned by position."""


Arrange = Callable[[Sequence[Column], int], Sequence[Column | None]]
"""Makes so many columns of those that the parents have; None for a new copy."""

Inherit = Callable[[Gene, Sequence[str | None]], Decision]
"""Decides a child's gene, told its name in each parent; None where a parent lacks it."""


def _contents(
    places: Mapping[str, Place], parent: Mapping[str, Decision]
) -> Mapping[CountSource, Mapping[int, Content]]:
    """The decisions inside each copy, for every source of a number of copies.

    A gene inside two blocks of one source, as in an adjacency matrix, belongs to a copy of each.
    """
    found: dict[CountSource, dict[int, Content]] = defaultdict(lambda: defaultdict(set))
    for name, decision in parent.items():
        _, node, copies, blocks = places[name]
        for level, block in enumerate(blocks):
            source, rest = block.source
            inside = (node, level, copies[source.depth : level], copies[level + 1 :])
            found[source, rest, copies[: source.depth]][copies[level]].add((inside, decision))
    return found


def align(
    counts: tuple[int, int], one: Mapping[int, Content], other: Mapping[int, Content]
) -> list[Column]:
    """Pair the copies of two parents so that most decisions are equal, keeping both orders.

    The global alignment of Needleman and Wunsch (1970) without a cost for gaps; of equally good
    ones, the one that pairs earlier copies.

    Args:
        counts: number of copies in either parent.
        one: what is inside the copies of the first.
        other: what is inside those of the second.

    Returns:
        Each copy of either parent once, paired or alone.
    """
    rows, columns = counts
    if rows * columns > MOST_ALIGNED:
        return _by_position(counts)
    others = [other.get(copy, NOTHING) for copy in range(columns)]
    equal = [[len(one.get(copy, NOTHING) & its) for its in others] for copy in range(rows)]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j + 1] + equal[i][j], best[i + 1][j], best[i][j + 1])
    return _traced(equal, best)


def _by_position(counts: Sequence[int]) -> list[Column]:
    return [
        tuple(copy if copy < count else None for count in counts) for copy in range(max(counts))
    ]


def _traced(equal: Sequence[Sequence[int]], best: Sequence[Sequence[int]]) -> list[Column]:
    """The pairs on the best way from the first copies to the last."""
    found: list[Column] = []
    i = j = 0
    while i < len(equal) and j < len(equal[i]):
        if best[i][j] == best[i + 1][j + 1] + equal[i][j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            found.append((i, None))
            i += 1
        else:
            found.append((None, j))
            j += 1
    found += [(copy, None) for copy in range(i, len(equal))]
    return found + [(None, copy) for copy in range(j, len(best[0]) - 1)]


class Varied(Protocol):
    """What a space must tell so that its candidates can be varied."""

    @property
    def places(self) -> Mapping[str, Place]:
        """Gene name -> where it stands."""

    def walk(self, decide: Callable[[Gene], Decision]) -> Genotype:
        """The genotype of these decisions."""

    def feasible(self, genotype: Mapping[str, Decision]) -> bool:
        """Whether a candidate meets the constraints."""


def descend(
    space: Varied, parents: Sequence[Genotype], inherit: Inherit, arrange: Arrange
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
        self._columns: dict[CountSource, Sequence[Column | None]] = {}
        self._contents: list[Mapping[CountSource, Mapping[int, Content]]] = []
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
            count = _count_of(node, rest, source[2], self._child)
            self._columns[source] = self._arrange(self._aligned(node, rest, within), count)
        return self._columns[source][copies[-1]] or (None,) * len(around)

    def _aligned(self, node: Node, rest: Rest, within: Sequence[Copies | None]) -> list[Column]:
        counts = [
            0 if copies is None else _count_of(node, rest, copies, parent)
            for copies, parent in zip(within, self._parents, strict=True)
        ]
        if len(counts) != 2 or not all(counts):
            return _by_position(counts)
        self._contents = self._contents or [
            _contents(self._places, parent) for parent in self._parents
        ]
        one, other = (
            known.get((node, rest, copies or ()), {})
            for known, copies in zip(self._contents, within, strict=True)
        )
        return align((counts[0], counts[1]), one, other)


def _count_of(node: Node, rest: Rest, copies: Copies, decisions: Mapping[str, Decision]) -> int:
    """How many copies the decisions make; 0 where what decides it is not active."""
    try:
        return int(node.close(Replay(decisions), copies, rest))
    except InactiveError:
        return 0


def neighbours(
    space: Varied, genotype: Genotype, rng: Generator | None = None
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


def _changes(space: Varied, genotype: Genotype) -> Iterator[tuple[str, Decision]]:
    """Every gene with every other decision that it may take."""
    counts = _counts(space)
    for name, decision in genotype.items():
        gene, node, *_ = space.places[name]
        if isinstance(gene, Integer) and node in counts:
            values = steps(gene, decision, (1,))
        else:
            values = others(gene, decision)
        yield from ((name, value) for value in values)


def _counts(space: Varied) -> set[object]:
    """The open numbers that say how often a block is repeated."""
    blocks = {block for place in space.places.values() for block in place.blocks}
    sources = (block.source[0] for block in blocks)
    return {node for node in sources if isinstance(node, Ordered)}


def _changed(space: Varied, parent: Genotype, name: str, value: Decision) -> Iterator[Genotype]:
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
        more = count - len(columns)
        if more == 0:
            return columns
        stay = min(count, len(columns))
        self.positions = max(self.positions, stay + 1)
        at = min(self._position, stay)
        new: list[Column | None] = [None] * more
        return [*columns[:at], *new, *columns[at + max(0, -more) :]]
