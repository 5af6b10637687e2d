"""Cells: small graphs that a config spells out edge by edge, in one of three spellings."""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import count
from typing import Any

from nas_hydra.report.decided import Path
from nas_hydra.report.outline import text

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
class Cell:
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


def cell_of(name: str, value: Any, marks: Set[Path], path: Path) -> Cell | None:
    """The cell that an argument spells out, if it is one.

    ``{edge_0_1: operation, ...}`` has operations on its edges, ``{edge_0_1: true, ...,
    vertex_1: operation, ...}`` in its vertices, and ``[{inputs: [0, 1], operations: [a, b]}, ...]``
    lists the vertices after the two inputs, all of which reach the output.

    Args:
        name: of the argument.
        value: closed.
        marks: the paths of decided values.
        path: of the value.
    """
    if isinstance(value, Mapping):
        edges = {match: value[key] for key in value if (match := EDGE.fullmatch(str(key)))}
        if not edges or any(int(match[1]) >= int(match[2]) for match in edges):
            return None
        if all(isinstance(there, bool | int) for there in edges.values()):
            present = [Edge(int(m[1]), int(m[2])) for m, there in edges.items() if there]
            last = max(int(match[2]) for match in edges)
            return _with_vertices(name, value, present, last, marks, path)
        return _with_edges(name, edges, marks, path)
    if isinstance(value, list) and value and all(map(_is_listed, value, count(2))):
        return _listed(name, value, marks, path)
    return None


def _with_edges(
    name: str, edges: Mapping[re.Match[str], Any], marks: Set[Path], path: Path
) -> Cell:
    last = max(int(match[2]) for match in edges)
    return Cell(
        name,
        ("input", *[""] * (last - 1), "output"),
        tuple(
            Edge(int(match[1]), int(match[2]), text(operation), (*path, match[0]) in marks)
            for match, operation in edges.items()
        ),
    )


def _with_vertices(
    name: str,
    value: Mapping[str, Any],
    edges: Iterable[Edge],
    last: int,
    marks: Set[Path],
    path: Path,
) -> Cell:
    found = {int(match[1]): match[0] for key in value if (match := VERTEX.fullmatch(str(key)))}
    inside = [text(value[found[i]]) if i in found else "" for i in range(1, last)]
    labels = ["input", *inside, "output"]
    chosen = frozenset(i for i, key in found.items() if (*path, key) in marks)
    return Cell(name, tuple(labels), tuple(edges), chosen)


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


def _listed(name: str, vertices: list[Mapping[str, Any]], marks: Set[Path], path: Path) -> Cell:
    edges = [
        Edge(source, sink, text(operation), (*path, sink - 2, "operations", place) in marks)
        for sink, vertex in enumerate(vertices, start=2)
        for place, (source, operation) in enumerate(
            zip(vertex["inputs"], vertex["operations"], strict=True)
        )
    ]
    last = len(vertices) + 2
    outputs = [Edge(vertex, last) for vertex in range(2, last)]
    labels = ("input 0", "input 1", *[""] * len(vertices), "output")
    return Cell(name, labels, (*edges, *outputs))
