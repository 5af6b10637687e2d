"""Drawings: shapes with an extent, made of smaller ones. Points; y grows downwards."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from nas_hydra.picture.palette import LINE, PAPER
from nas_hydra.picture.text import WIDEST, Line, Span, wrapped

Point = tuple[float, float]
LEADING, BASELINE = 1.22, 0.93
"""Height of a line, and from its top to the foot of its letters, by their size."""
RADIUS, PADDING = 8.0, 8.0
"""Of a box: of its corners, and around what is in it."""
CORNER = 0.45
"""Where the control points of a round corner are, by its radius: a circle, nearly."""
HEAD, HALF_HEAD = 6.5, 2.7
"""Length of an arrow's head and half its width."""


class Box(NamedTuple):
    """A rounded rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str = PAPER
    border: str = LINE
    radius: float = RADIUS

    def moved(self, x: float, y: float) -> "Box":
        """To the right and down."""
        return self._replace(x=self.x + x, y=self.y + y)


class Text(NamedTuple):
    """A run whose letters stand on the line at ``y``."""

    x: float
    y: float
    run: Span

    def moved(self, x: float, y: float) -> "Text":
        """To the right and down."""
        return self._replace(x=self.x + x, y=self.y + y)


class Stroke(NamedTuple):
    """A line.

    Args:
        points: where it begins, then three for each cubic Bézier curve.
        arrow: whether it ends in a head.
        color: of all of it.
    """

    points: tuple[Point, ...]
    arrow: bool = False
    color: str = LINE

    def moved(self, x: float, y: float) -> "Stroke":
        """To the right and down."""
        return self._replace(points=tuple((px + x, py + y) for px, py in self.points))

    @property
    def shaft(self) -> tuple[Point, ...]:
        """Its points up to the head, if it has one; its last piece is straight."""
        end = _towards(self.points[-1], self.points[-3], HEAD if self.arrow else 0)
        return (*self.points[:-2], end, end)

    @property
    def head(self) -> tuple[Point, ...]:
        """The corners of the head; empty if it has none."""
        if not self.arrow:
            return ()
        tip, base = self.points[-1], self.shaft[-1]
        across, down = (HALF_HEAD * (a - b) / HEAD for a, b in zip(tip, base, strict=True))
        return tip, (base[0] - down, base[1] + across), (base[0] + down, base[1] - across)


Shape = Box | Text | Stroke


class Drawing(NamedTuple):
    """Shapes within a rectangle whose upper left corner is (0, 0); the last stand on top."""

    width: float
    height: float
    shapes: tuple[Shape, ...] = ()

    def at(self, x: float, y: float) -> tuple[Shape, ...]:
        """Its shapes with the upper left corner elsewhere."""
        return tuple(shape.moved(x, y) for shape in self.shapes)


def line(runs: Line) -> Drawing:
    """Runs, one after the other."""
    size = max((run.size for run in runs), default=12)
    x, shapes = 0.0, []
    for run in runs:
        shapes.append(Text(x, BASELINE * size, run))
        x += run.width
    return Drawing(x, LEADING * size, tuple(shapes))


def paragraph(*runs: Span, widest: float = WIDEST) -> Drawing:
    """Runs in as many lines as they need to be no wider than ``widest``."""
    return stacked([line(part) for part in wrapped(runs, widest)])


def stacked(drawings: Iterable[Drawing], gap: float = 0) -> Drawing:
    """One below the other, from the left."""
    y, width, shapes = -gap, 0.0, list[Shape]()
    for drawing in drawings:
        shapes += drawing.at(0, y + gap)
        y, width = y + gap + drawing.height, max(width, drawing.width)
    return Drawing(width, max(0.0, y), tuple(shapes))


def beside(drawings: Iterable[Drawing], gap: float = 0) -> Drawing:
    """One right of the other, from the top."""
    x, height, shapes = -gap, 0.0, list[Shape]()
    for drawing in drawings:
        shapes += drawing.at(x + gap, 0)
        x, height = x + gap + drawing.width, max(height, drawing.height)
    return Drawing(max(0.0, x), height, tuple(shapes))


def indented(drawing: Drawing, by: float) -> Drawing:
    """With room at its left."""
    return Drawing(drawing.width + by, drawing.height, drawing.at(by, 0))


def padded(drawing: Drawing, by: float = PADDING) -> Drawing:
    """With room around it."""
    return Drawing(drawing.width + 2 * by, drawing.height + 2 * by, drawing.at(by, by))


def boxed(drawing: Drawing, fill: str = PAPER, border: str = LINE, width: float = 0) -> Drawing:
    """With a box around it that is ``width`` wide, or wider."""
    inside = padded(drawing)
    width = max(width, inside.width)
    box = Box(0, 0, width, inside.height, fill, border)
    return Drawing(width, inside.height, (box, *inside.shapes))


def straight(*corners: Point) -> tuple[Point, ...]:
    """The points of a path from corner to corner."""
    pairs = pairwise(corners)
    return (corners[0], *(point for start, end in pairs for point in (start, end, end)))


def rounded(*corners: Point) -> tuple[Point, ...]:
    """The points of a path along horizontal and vertical lines with round corners."""
    path, afters = [corners[0]], [*corners[2:], corners[-1]]
    for (before, corner), after in zip(pairwise(corners), afters, strict=True):
        radius = min(RADIUS, math.dist(before, corner) / 2, math.dist(corner, after) / 2)
        entry, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        path += [path[-1], entry, entry]
        if radius:
            path += [
                _towards(corner, before, radius * CORNER),
                _towards(corner, after, radius * CORNER),
                leave,
            ]
    return tuple(path)


def _towards(start: Point, end: Point, by: float) -> Point:
    """So many points from the start on the way to the end."""
    share = by / (math.dist(start, end) or 1.0)
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
