"""Cells: small graphs that a config spells out in one of three ways, and their pictures."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import count
from typing import Any

from nas_hydra.picture.layers import Connection, layered
from nas_hydra.picture.outline import in_yaml
from nas_hydra.picture.palette import DECIDED, GROUND, INK, LINE, MUTED, PAPER, TINT
from nas_hydra.picture.scene import Box, Drawing, line, paragraph
from nas_hydra.picture.text import Span
from nas_hydra.search_space.syntax import Path

EDGE = re.compile(r"edge_(\d{1,3})_(\d{1,3})")
NOTHING = "none"
"""The operation that is no connection."""
VERTEX = re.compile(r"vertex_(\d{1,3})")


@dataclass(frozen=True)
class Edge:
    """A connection; ``operation`` is empty where the operations are the vertices'."""

    source: int
    sink: int
    operation: str = ""
    decided: bool = False


@dataclass(frozen=True)
class CellGraph:
    """A graph from its inputs to its one output.

    Args:
        name: the argument that holds it.
        vertices: the label of each; empty for a plain sum.
        edges: lower vertices lead to higher ones.
        decided: the vertices whose operation was decided.
    """

    name: str
    vertices: tuple[str, ...]
    edges: tuple[Edge, ...]
    decided: frozenset[int] = frozenset()

    @property
    def alive(self) -> set[Edge]:
        """The edges on some way from an input to the output; the others change nothing."""
        edges = [edge for edge in self.edges if edge.operation != NOTHING]
        reached = {place for place, label in enumerate(self.vertices) if label.startswith("input")}
        needed = {len(self.vertices) - 1}
        for edge in sorted(edges, key=lambda edge: edge.source):
            reached |= {edge.sink} if edge.source in reached else set()
        for edge in sorted(edges, key=lambda edge: -edge.sink):
            needed |= {edge.source} if edge.sink in needed else set()
        return {edge for edge in edges if edge.source in reached and edge.sink in needed}


def cell_of(name: str, value: Any, marks: Set[Path], path: Path) -> CellGraph | None:
    """The cell that an argument spells out, if it is one.

    ``{edge_0_1: operation, ...}`` has operations on its edges, ``{edge_0_1: true, ...,
    vertex_1: operation, ...}`` in its vertices, and ``[{inputs: [0, 1], operations: [a, b]}, ...]``
    lists the vertices after the two inputs, all of which reach the output. ``marks`` are the paths
    of all values that were decided.
    """
    if isinstance(value, Mapping):
        return _mapped(name, value, marks, path)
    if isinstance(value, list) and value and all(map(_is_listed, value, count(2))):
        return _listed(name, value, marks, path)
    return None


def _mapped(name: str, value: Mapping[str, Any], marks: Set[Path], path: Path) -> CellGraph | None:
    ends = {
        key: (int(match[1]), int(match[2])) for key in value if (match := EDGE.fullmatch(str(key)))
    }
    if not ends or any(source >= sink for source, sink in ends.values()):
        return None
    last = max(sink for _, sink in ends.values())
    if not all(isinstance(value[key], bool | int) for key in ends):
        edges = [Edge(*ends[key], in_yaml(value[key]), (*path, key) in marks) for key in ends]
        return CellGraph(name, ("input", *[""] * (last - 1), "output"), tuple(edges))
    found = {int(match[1]): key for key in value if (match := VERTEX.fullmatch(str(key)))}
    inside = [in_yaml(value[found[i]]) if i in found else "" for i in range(1, last)]
    edges = [Edge(*ends[key]) for key in ends if value[key]]
    chosen = frozenset(i for i, key in found.items() if (*path, key) in marks)
    return CellGraph(name, ("input", *inside, "output"), tuple(edges), chosen)


def _is_listed(vertex: Any, number: int) -> bool:
    """Whether a list's element has operations on earlier vertices, one for each."""
    if not isinstance(vertex, Mapping):
        return False
    inputs, operations = vertex.get("inputs"), vertex.get("operations")
    if not isinstance(inputs, list) or not isinstance(operations, list):
        return False
    return len(inputs) == len(operations) and all(
        isinstance(source, int) and 0 <= source < number for source in inputs
    )


def _listed(
    name: str, vertices: list[Mapping[str, Any]], marks: Set[Path], path: Path
) -> CellGraph:
    edges = [
        Edge(source, sink, in_yaml(operation), (*path, sink - 2, "operations", place) in marks)
        for sink, vertex in enumerate(vertices, start=2)
        for place, (source, operation) in enumerate(
            zip(vertex["inputs"], vertex["operations"], strict=True)
        )
    ]
    last = len(vertices) + 2
    outputs = [Edge(vertex, last) for vertex in range(2, last)]
    labels = ("input 0", "input 1", *[""] * len(vertices), "output")
    return CellGraph(name, labels, (*edges, *outputs))


HEIGHT, SIDE, ROUND, SIZE = 22.0, 8.0, 6.0, 11.0
"""Of a node; the room at the sides of its text; the radius of its corners; of its letters."""
WIDEST = 150.0
"""Of the text in a node, in points."""


def cell_picture(cell: CellGraph) -> Drawing:
    """A cell; what does not reach the output, or not from an input, is left out."""
    edges = [edge for edge in cell.edges if edge in cell.alive]
    joined = {vertex for edge in edges for vertex in (edge.source, edge.sink)}
    shown = [
        vertex
        for vertex, label in enumerate(cell.vertices)
        if vertex in joined or label.startswith(("input", "output"))
    ]
    number = {vertex: place for place, vertex in enumerate(shown)}
    nodes = [_vertex(cell, vertex) for vertex in shown]
    links: list[Connection] = []
    for edge in edges:
        source, sink = number[edge.source], number[edge.sink]
        if edge.operation:
            links += [Connection(source, len(nodes), arrow=False), Connection(len(nodes), sink)]
            nodes.append(_operation(edge.operation, edge.decided))
        else:
            links.append(Connection(source, sink))
    return layered(nodes, links)


def _vertex(cell: CellGraph, vertex: int) -> Drawing:
    """A sum is a small circle with its number; an operation, an input or the output a box."""
    label = cell.vertices[vertex]
    if not label:
        return _sum(vertex)
    if vertex in cell.decided:
        return _operation(label, decided=True)
    return _node(Span(label, size=SIZE), PAPER, LINE)


def _operation(label: str, decided: bool) -> Drawing:
    ink, fill, border = (DECIDED, TINT, DECIDED) if decided else (INK, GROUND, LINE)
    return _node(Span(label, ink, size=SIZE), fill, border)


def _node(run: Span, fill: str, border: str) -> Drawing:
    text = paragraph(run, widest=WIDEST)
    width, height = text.width + 2 * SIDE, max(HEIGHT, text.height + SIDE)
    shapes = text.at(SIDE, (height - text.height) / 2)
    return Drawing(width, height, (Box(0, 0, width, height, fill, border, ROUND), *shapes))


def _sum(number: int) -> Drawing:
    text = line([Span(str(number), MUTED, size=10)])
    side = max(HEIGHT, text.width + SIDE)
    shapes = text.at((side - text.width) / 2, (side - text.height) / 2)
    return Drawing(side, side, (Box(0, 0, side, side, GROUND, LINE, side / 2), *shapes))
