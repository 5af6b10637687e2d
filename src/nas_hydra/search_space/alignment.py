"""Alignment: which copies of a repeated block in two parents belong together."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

from nas_hydra.search_space.gene import Decision
from nas_hydra.search_space.node import Copies, Node, Rest
from nas_hydra.search_space.opening import Place

Column = tuple[int | None, ...]
"""One copy: its number in each parent, None in a parent that has no counterpart."""
Source = tuple[Node, Rest, Copies]
"""What decides a number of copies. Blocks with one source gain and lose copies together."""
Content = set[tuple[Hashable, Decision]]
"""The decisions inside one copy, each with its place there."""
NOTHING: Content = set()

MOST_ALIGNED = 10_000
"""Pairs of copies that are compared; longer lists are aligned by position."""


def contents(
    places: Mapping[str, Place], parent: Mapping[str, Decision]
) -> Mapping[Source, Mapping[int, Content]]:
    """The decisions inside each copy, for every source of a number of copies.

    A gene inside two blocks of one source, as in an adjacency matrix, belongs to a copy of each.
    """
    found: dict[Source, dict[int, Content]] = defaultdict(lambda: defaultdict(set))
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
        return by_position(counts)
    others = [other.get(copy, NOTHING) for copy in range(columns)]
    equal = [[len(one.get(copy, NOTHING) & its) for its in others] for copy in range(rows)]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j + 1] + equal[i][j], best[i + 1][j], best[i][j + 1])
    return _traced(equal, best)


def by_position(counts: Sequence[int]) -> list[Column]:
    """The first copy beside the first, the second beside the second, and so on."""
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
