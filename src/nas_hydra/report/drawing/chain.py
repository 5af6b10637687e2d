"""Chains of boxes, in columns from top to bottom and left to right."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from nas_hydra.report.drawing.scene import Drawing, Path, Point, Shape, rounded

MOST = 7
"""Boxes in a column."""
ROW_GAP, COLUMN_GAP = 20.0, 40.0
"""Between the boxes, in points."""


class Spot(NamedTuple):
    """Where a box is: its upper left corner, and the left end of its column."""

    x: float
    y: float
    column: float
    box: Drawing


def chained(boxes: Sequence[Drawing]) -> Drawing:
    """The boxes in columns of about the same length, an arrow from each to the next."""
    length = ceil(len(boxes) / max(1, ceil(len(boxes) / MOST)))
    spots: list[Spot] = []
    left, height = 0.0, 0.0
    for start in range(0, len(boxes), max(1, length)):
        column, y = boxes[start : start + length], 0.0
        width = max(box.width for box in column)
        for box in column:
            spots.append(Spot(left + (width - box.width) / 2, y, left, box))
            y += box.height + ROW_GAP
        left, height = left + width + COLUMN_GAP, max(height, y - ROW_GAP)
    shapes: list[Shape] = [Path(_between(*pair), arrow=True) for pair in pairwise(spots)]
    shapes += [shape for spot in spots for shape in spot.box.at(spot.x, spot.y)]
    return Drawing(max(0.0, left - COLUMN_GAP), height, tuple(shapes))


def _between(one: Spot, other: Spot) -> tuple[Point, ...]:
    """Down, or from the foot of a column around to the head of the next."""
    if one.column == other.column:
        x = one.x + one.box.width / 2
        return rounded((x, one.y + one.box.height), (x, other.y))
    right, gap = one.x + one.box.width, other.column - COLUMN_GAP / 2
    above, below = other.y + other.box.height / 2, one.y + one.box.height / 2
    return rounded((right, below), (gap, below), (gap, above), (other.x, above))
