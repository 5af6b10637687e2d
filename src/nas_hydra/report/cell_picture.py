"""The picture of a cell: its graph from left to right, an operation in a box."""

from graphviz import Digraph

from nas_hydra.report.cell import Cell
from nas_hydra.report.picture import DECIDED, INK, LINE, MUTED, PAPER, TINT


def draw_cell(graph: Digraph, cell: Cell, prefix: str) -> None:
    """Add a cell, in a frame of its own.

    Args:
        graph: points from left to right.
        cell: what to draw; what does not reach the output, or not from an input, is left out.
        prefix: of the names of its nodes.
    """
    edges = [edge for edge in cell.edges if edge in cell.alive]
    joined = {vertex for edge in edges for vertex in (edge.source, edge.sink)}
    with graph.subgraph(name=f"cluster_{prefix}") as frame:
        frame.attr(label=cell.name, style="rounded", color=LINE, fontcolor=MUTED, margin="10")
        for vertex, label in enumerate(cell.vertices):
            if vertex in joined or label.startswith(("input", "output")):
                style = _vertex(label, vertex in cell.decided, str(vertex))
                frame.node(f"{prefix}{vertex}", **style)
        for place, edge in enumerate(edges):
            source, sink = f"{prefix}{edge.source}", f"{prefix}{edge.sink}"
            if not edge.operation:
                frame.edge(source, sink)
                continue
            middle = f"{prefix}e{place}"
            frame.node(middle, edge.operation, **_operation(edge.decided))
            frame.edge(source, middle, arrowhead="none")
            frame.edge(middle, sink)


def _vertex(label: str, decided: bool, number: str) -> dict[str, str]:
    """A sum is a small circle with its number; an operation, an input or the output a box."""
    if not label:
        return {"label": number, "shape": "circle", "width": "0.3", "fixedsize": "true"} | {
            "color": LINE,
            "fontcolor": MUTED,
            "fontsize": "11",
        }
    if decided:
        return {"label": label, **_operation(decided)}
    return {"label": label, **_box(PAPER, LINE, INK)}


def _operation(decided: bool) -> dict[str, str]:
    return _box(TINT, DECIDED, DECIDED) if decided else _box("white", LINE, INK)


def _box(fill: str, border: str, ink: str) -> dict[str, str]:
    return {
        "shape": "box",
        "style": "rounded,filled",
        "fillcolor": fill,
        "color": border,
        "fontcolor": ink,
        "height": "0.3",
        "margin": "0.1,0.04",
    }
