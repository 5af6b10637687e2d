"""Trees that grow to the right, in columns."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from nas_hydra.report.drawing.scene import (
    PADDING,
    Drawing,
    Path,
    Shape,
    boxed,
    rounded,
)
from nas_hydra.report.drawing.style import LINE, PAPER

COLUMN_GAP, ROW_GAP = 44.0, 12.0
"""Between the boxes, in points."""
NEARLY = 12.0
"""A box so nearly in line with one of its branches is put in line, in points."""


@dataclass(frozen=True)
class Tree:
    """A box and those that grow out of it.

    Args:
        content: what is in the box.
        branches: from top to bottom.
        fill: its ground.
        border: the colour around it.
    """

    content: Drawing
    branches: Sequence["Tree"] = ()
    fill: str = PAPER
    border: str = LINE

    def drawn(self) -> Drawing:
        """The boxes of one depth stand in a column and are equally wide; none overlap."""
        widths: dict[int, float] = defaultdict(float)
        for depth, part in self._parts(0):
            widths[depth] = max(widths[depth], part.content.width + 2 * PADDING)
        columns = [widths[depth] for depth in range(len(widths))]
        lefts = list(accumulate((width + COLUMN_GAP for width in columns), initial=0.0))
        sized, sketch = _Sized(self, columns), _Sketch(columns, lefts)
        sketch.grow(sized, 0, 0)
        return Drawing(lefts[-1] - COLUMN_GAP, sized.height, tuple(sketch.shapes))

    def _parts(self, depth: int) -> Iterator[tuple[int, "Tree"]]:
        yield depth, self
        for branch in self.branches:
            yield from branch._parts(depth + 1)


class _Sized:
    """A tree whose boxes are drawn; ``height`` is that of all it takes, at every depth."""

    def __init__(self, tree: Tree, widths: Sequence[float]) -> None:
        self.box = boxed(tree.content, tree.fill, tree.border, widths[0])
        self.branches = [_Sized(branch, widths[1:]) for branch in tree.branches]
        self.stack = sum((branch.height + ROW_GAP for branch in self.branches), -ROW_GAP)
        self.height: float = max(self.box.height, self.stack)


class _Sketch:
    """What is drawn of a tree so far."""

    def __init__(self, widths: Sequence[float], lefts: Sequence[float]) -> None:
        self._widths, self._lefts = widths, lefts
        self.shapes: list[Shape] = []

    def grow(self, tree: _Sized, depth: int, top: float) -> float:
        """Draw a tree below ``top``; return how high its box has its middle."""
        bottom, half = top + tree.height, tree.box.height / 2
        y, middles = top + max(0.0, tree.height - tree.stack) / 2, []
        for branch in tree.branches:
            middles.append(self.grow(branch, depth + 1, y))
            y += branch.height + ROW_GAP
        middle = (middles[0] + middles[-1]) / 2 if middles else (top + bottom) / 2
        middle = next((other for other in middles if abs(other - middle) < NEARLY), middle)
        middle = min(max(middle, top + half), bottom - half)
        self.shapes += tree.box.at(self._lefts[depth], middle - half)
        right = self._lefts[depth] + self._widths[depth]
        self.shapes += [Path(_fork(right, middle, other)) for other in middles]
        return middle


def _fork(right: float, middle: float, other: float) -> tuple[tuple[float, float], ...]:
    """From the right side of a box to the left side of one in the next column."""
    trunk, end = right + COLUMN_GAP / 2, right + COLUMN_GAP
    if abs(middle - other) < 1:  # as good as straight
        return rounded((right, other), (end, other))
    return rounded((right, middle), (trunk, middle), (trunk, other), (end, other))
