"""The picture of a cell: its graph from left to right, an operation in a box."""

from nas_hydra.report.cell import Cell
from nas_hydra.report.drawing.layers import Link, layered
from nas_hydra.report.drawing.scene import Box, Drawing, line, paragraph
from nas_hydra.report.drawing.style import DECIDED, INK, LINE, MUTED, PAPER, TINT
from nas_hydra.report.drawing.text import Run

HEIGHT, SIDE, ROUND, SIZE = 22.0, 8.0, 6.0, 11.0
"""Of a node; the room at the sides of its text; the radius of its corners; of its letters."""
WIDEST = 150.0
"""Of the text in a node, in points."""


def cell_picture(cell: Cell) -> Drawing:
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
    links: list[Link] = []
    for edge in edges:
        source, sink = number[edge.source], number[edge.sink]
        if edge.operation:
            links += [Link(source, len(nodes), arrow=False), Link(len(nodes), sink)]
            nodes.append(_operation(edge.operation, edge.decided))
        else:
            links.append(Link(source, sink))
    return layered(nodes, links)


def _vertex(cell: Cell, vertex: int) -> Drawing:
    """A sum is a small circle with its number; an operation, an input or the output a box."""
    label = cell.vertices[vertex]
    if not label:
        return _sum(vertex)
    if vertex in cell.decided:
        return _operation(label, decided=True)
    return _node(Run(label, size=SIZE), PAPER, LINE)


def _operation(label: str, decided: bool) -> Drawing:
    ink, fill, border = (DECIDED, TINT, DECIDED) if decided else (INK, "white", LINE)
    return _node(Run(label, ink, size=SIZE), fill, border)


def _node(run: Run, fill: str, border: str) -> Drawing:
    text = paragraph(run, widest=WIDEST)
    width, height = text.width + 2 * SIDE, max(HEIGHT, text.height + SIDE)
    shapes = text.at(SIDE, (height - text.height) / 2)
    return Drawing(width, height, (Box(0, 0, width, height, fill, border, ROUND), *shapes))


def _sum(number: int) -> Drawing:
    text = line([Run(str(number), MUTED, size=10)])
    side = max(HEIGHT, text.width + SIDE)
    shapes = text.at((side - text.width) / 2, (side - text.height) / 2)
    return Drawing(side, side, (Box(0, 0, side, side, "white", LINE, side / 2), *shapes))
