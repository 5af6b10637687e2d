"""Directed graphs without cycles, from left to right in layers (Sugiyama et al. 1981).

A link that skips layers passes each of them at a height of its own, and bends only between them,
where no node is: no line crosses a node.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import accumulate, pairwise
from typing import NamedTuple

from nas_hydra.picture.order import heights, ordered
from nas_hydra.picture.scene import HEAD, Drawing, Point, Shape, Stroke

MARGIN = 7.0
"""Above and below a node or a line, in points."""
LEAST_GAP, MOST_GAP, SLOPE = 30.0, 64.0, 0.5
"""Between layers: as wide as the steepest line there asks for, within limits."""


class Connection(NamedTuple):
    """From a node to another one."""

    source: int
    sink: int
    arrow: bool = True


class Grid(NamedTuple):
    """A graph each of whose links goes from layer to layer, by way of points where it skips some.

    Args:
        layers: the nodes and points of each; points are numbered after the nodes.
        courses: the nodes and points on each link.
    """

    layers: list[list[int]]
    courses: list[list[int]]

    @property
    def steps(self) -> list[tuple[int, int]]:
        """The parts of the courses, each from a layer to the next."""
        return [step for course in self.courses for step in pairwise(course)]


def layered(nodes: Sequence[Drawing], links: Sequence[Connection]) -> Drawing:
    """The nodes in columns, with their links.

    Raises:
        graphlib.CycleError: if the links lead in a circle.
    """
    grid = _gridded([node.width for node in nodes], links)
    points = sum(map(len, grid.layers)) - len(nodes)
    extents = [*(node.height / 2 + MARGIN for node in nodes), *[MARGIN] * points]
    layers = ordered(grid.layers, grid.steps)
    ys = heights(layers, grid.steps, extents)
    columns = _columns(layers, nodes, grid.steps, ys)
    shapes: list[Shape] = []
    for link, course in zip(links, grid.courses, strict=True):
        ends = nodes[link.source].width, nodes[link.sink].width
        shapes.append(Stroke(_curved(_course(course, ends, columns, ys)), link.arrow))
    for place, node in enumerate(nodes):
        left, right = columns[place]
        shapes += node.at((left + right - node.width) / 2, ys[place] - node.height / 2)
    width = max((right for _, right in columns.values()), default=0.0)
    height = max((y + extent for y, extent in zip(ys, extents, strict=True)), default=0.0)
    return Drawing(width, height, tuple(shapes))


def _gridded(widths: Sequence[float], links: Sequence[Connection]) -> Grid:
    """Nodes of these widths in layers, and the courses of links."""
    layer = _layers(widths, links)
    layers: list[list[int]] = [[] for _ in range(max(layer, default=-1) + 1)]
    for node, place in enumerate(layer):
        layers[place].append(node)
    courses, number = [], len(widths)
    for link in links:
        between = range(layer[link.source] + 1, layer[link.sink])
        points = range(number, number + len(between))
        for point, place in zip(points, between, strict=True):
            layers[place].append(point)
        courses.append([link.source, *points, link.sink])
        number += len(between)
    return Grid(layers, courses)


def _layers(widths: Sequence[float], links: Sequence[Connection]) -> list[int]:
    """The layer of each node: as early as can be, or where there is room if that is no detour."""
    before: dict[int, list[int]] = defaultdict(list)
    after: dict[int, list[int]] = defaultdict(list)
    for link in links:
        before[link.sink].append(link.source)
        after[link.source].append(link.sink)
    layer = [0] * len(widths)
    for node in TopologicalSorter(before).static_order():
        layer[node] = max((layer[source] + 1 for source in before[node]), default=0)
    passed = {
        node: (before[node][0], after[node][0])
        for node in range(len(widths))
        if len(before[node]) == len(after[node]) == 1
    }
    _make_room(layer, widths, passed)
    return layer


def _make_room(
    layer: list[int], widths: Sequence[float], passed: Mapping[int, tuple[int, int]]
) -> None:
    """Move nodes between their only neighbours to layers that are wide enough, and not full."""
    room: dict[int, float] = defaultdict(float)
    taken: Counter[int] = Counter()

    def put(node: int) -> None:
        room[layer[node]] = max(room[layer[node]], widths[node])
        taken[layer[node]] += 1

    for node in range(len(layer)):
        if node not in passed:
            put(node)
    for node, (source, sink) in sorted(
        passed.items(), key=lambda one: layer[one[1][1]] - layer[one[1][0]]
    ):
        low, high = layer[source] + 1, layer[sink] - 1
        layer[node] = min(
            range(low, high + 1),
            key=lambda at: (max(0, widths[node] - room[at]), taken[at], abs(2 * at - low - high)),
        )
        put(node)


def _columns(
    layers: Sequence[Sequence[int]],
    nodes: Sequence[Drawing],
    steps: Sequence[tuple[int, int]],
    ys: Sequence[float],
) -> dict[int, tuple[float, float]]:
    """The left and the right end of the layer in which each node or point is."""
    rise: dict[int, float] = defaultdict(float)
    where = {place: number for number, layer in enumerate(layers) for place in layer}
    for source, sink in steps:
        rise[where[source]] = max(rise[where[source]], abs(ys[source] - ys[sink]))
    gaps = [min(max(LEAST_GAP, SLOPE * rise[number]), MOST_GAP) for number in range(len(layers))]
    widths = [
        max((nodes[place].width for place in layer if place < len(nodes)), default=0)
        for layer in layers
    ]
    lefts = accumulate((width + gap for width, gap in zip(widths, gaps, strict=True)), initial=0.0)
    spans = [(left, left + width) for left, width in zip(lefts, widths, strict=False)]
    return {place: spans[number] for place, number in where.items()}


def _course(
    course: Sequence[int],
    ends: tuple[float, float],
    columns: dict[int, tuple[float, float]],
    ys: Sequence[float],
) -> list[Point]:
    """Where a link is straight and where it begins to bend; its ends are so wide."""
    left, right = columns[course[0]]
    path = [((left + right + ends[0]) / 2, ys[course[0]])]
    for source, sink in pairwise(course):
        path.append((columns[source][1], ys[source]))
        path.append((columns[sink][0] - 1.5 * HEAD, ys[sink]))
    left, right = columns[course[-1]]
    return [*path, ((left + right - ends[1]) / 2, ys[course[-1]])]


def _curved(corners: Sequence[Point]) -> tuple[Point, ...]:
    """Straight where two corners are at the same height, an S where they are not."""
    turns = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        if not before[1] == corner[1] == after[1]:
            turns.append(corner)
    path = [corners[0]]
    for (ax, ay), (bx, by) in pairwise([*turns, corners[-1]]):
        middle = (ax + bx) / 2
        path += [(middle, ay), (middle, by), (bx, by)]
    return tuple(path)
