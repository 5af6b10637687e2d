"""The cells of NAS-Bench-101 (Ying et al. 2019): operations on vertices, joined by any edges.

Vertex 0 is the input and vertex 6 the output; ``edge_i_j`` says whether vertex i feeds vertex j,
``vertex_i`` which operation an inner vertex is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, groupby, permutations, product
from typing import Any, Protocol

from nas_hydra.cell.path import views

VERTICES = 7
OPERATIONS = ("conv3x3", "conv1x1", "maxpool3x3")

Edge = tuple[int, int]
Form = tuple[Sequence[str], Sequence[Edge]]


@dataclass(frozen=True)
class Graph:
    """A cell without its dead ends: each vertex lies on a way from the input to the output.

    Args:
        operations: of the inner vertices 1, 2, ...; the input is 0, the output comes last.
        edges: (from, to), rising; none if no way leads from the input to the output.
    """

    operations: tuple[str, ...]
    edges: tuple[Edge, ...]

    @property
    def output(self) -> int:
        """The number of the output vertex."""
        return len(self.operations) + 1

    def sources(self, vertex: int) -> list[int]:
        """The vertices that feed this one."""
        return [source for source, target in self.edges if target == vertex]

    def targets(self, vertex: int) -> list[int]:
        """The vertices that this one feeds."""
        return [target for source, target in self.edges if source == vertex]


def pruned(cell: Mapping[str, Any]) -> Graph:
    """The part of a cell that the output depends on and the input reaches."""
    edges = [pair for pair in combinations(range(VERTICES), 2) if cell["edge_{}_{}".format(*pair)]]
    reached, needed = {0}, {VERTICES - 1}
    for source, target in edges:  # in order of their sources, which is the order of the data
        if source in reached:
            reached.add(target)
    for source, target in reversed(edges):
        if target in needed:
            needed.add(source)
    if 0 not in needed:
        return Graph((), ())
    number = {vertex: i for i, vertex in enumerate(sorted(reached & needed))}
    inner = [vertex for vertex in number if 0 < vertex < VERTICES - 1]
    return Graph(
        tuple(cell[f"vertex_{vertex}"] for vertex in inner),
        tuple((number[i], number[j]) for i, j in edges if i in number and j in number),
    )


class _Closed(Protocol):
    """A candidate, as constraints see it."""

    @property
    def config(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class EdgeBudget:
    """The constraint of the benchmark: the output depends on the input, by few edges.

    Args:
        edges: how many there may be once dead ends are pruned; 9 in the benchmark.
    """

    edges: int

    def __call__(self, candidate: _Closed) -> bool:
        """Whether the cell is connected and within the budget."""
        return 0 < len(pruned(candidate.config["model"]["cell"]).edges) <= self.edges


def canonical(model: Mapping[str, Any]) -> dict[str, Any]:
    """The model's config with the cell pruned and its vertices in a standard order.

    Equal if and only if the pruned cells are isomorphic; the connected ones within the edge budget
    are 423,624 (Ying et al. 2019).

    Args:
        model: the closed config of ``nas_hydra.model.nasbench101.NasBench101``.
    """
    operations, edges = standard_form(pruned(model["cell"]))
    return {**model, "cell": {"operations": list(operations), "edges": list(map(list, edges))}}


def standard_form(graph: Graph) -> Form:
    """The smallest of the forms that reordering the inner vertices gives.

    Only vertices that look alike are tried in more than one order (Weisfeiler and Leman 1968).
    """
    colours = _colours(graph)
    inner = sorted(range(1, graph.output), key=lambda vertex: colours[vertex])
    alike = [list(group) for _, group in groupby(inner, key=lambda vertex: colours[vertex])]
    orders = map(chain.from_iterable, product(*map(permutations, alike)))
    return min(_reordered(graph, list(order)) for order in orders)


def _reordered(graph: Graph, order: Sequence[int]) -> Form:
    place = {vertex: i for i, vertex in enumerate([0, *order, graph.output])}
    operations = [graph.operations[vertex - 1] for vertex in order]
    return operations, sorted((place[source], place[target]) for source, target in graph.edges)


def _colours(graph: Graph) -> list[int]:
    """A number per vertex, other for vertices that their surroundings tell apart."""
    labels: list[Any] = ["input", *graph.operations, "output"]
    neighbours = [(graph.sources(v), graph.targets(v)) for v in range(len(labels))]
    count, before = len(set(labels)), 0
    while count > before:
        signs = [
            (labels[v], *[tuple(sorted(labels[other] for other in side)) for side in sides])
            for v, sides in enumerate(neighbours)
        ]
        ranks = {sign: rank for rank, sign in enumerate(sorted(set(signs)))}
        labels = [ranks[sign] for sign in signs]
        count, before = len(ranks), count
    return labels


def describe(model: Mapping[str, Any]) -> dict[str, list[float]]:
    """The cell as numbers: 3 operations, 16 steps and 1 + 3 + ... + 243 = 364 paths.

    See ``path.views``.

    Args:
        model: the closed config of ``nas_hydra.model.nasbench101.NasBench101``.
    """
    graph = pruned(model["cell"])
    operation = dict(enumerate(graph.operations, start=1))
    return views(_ways(graph), operation, OPERATIONS, range(VERTICES - 1))


def _ways(graph: Graph) -> Iterator[tuple[int, ...]]:
    """The inner vertices on each way from the input to the output."""

    def onwards(vertex: int, way: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for target in graph.targets(vertex):
            if target == graph.output:
                yield way
            else:
                yield from onwards(target, (*way, target))

    return onwards(0, ())


def vertex_channels(graph: Graph, channels: int) -> list[int]:
    """The width of each vertex (Ying et al. 2019, section 2.3).

    The vertices that feed the output share its channels, the first ones taking what is left over;
    any other inner vertex is as wide as the widest that it feeds.

    Args:
        graph: a pruned cell.
        channels: of the output; the input's are not needed, since it is projected everywhere.
    """
    last = [vertex for vertex in graph.sources(graph.output) if vertex]
    share, left = divmod(channels, len(last)) if last else (0, 0)
    widths = [0] * graph.output + [channels]
    for position, vertex in enumerate(last):
        widths[vertex] = share + (position < left)
    for vertex in reversed(range(1, graph.output)):
        if vertex not in last:
            widths[vertex] = max(widths[target] for target in graph.targets(vertex))
    return widths
