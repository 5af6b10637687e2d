"""The picture of a space: its decisions as a tree that grows to the right."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nas_hydra.picture.outline import Branch, outline
from nas_hydra.picture.palette import DECIDED, GROUND, LINE, MUTED, PAPER, TINT
from nas_hydra.picture.scene import (
    PADDING,
    Drawing,
    Stroke,
    boxed,
    padded,
    paragraph,
    rounded,
    stacked,
)
from nas_hydra.picture.text import Span
from nas_hydra.search_space import SearchSpace

COLUMN_GAP, ROW_GAP = 44.0, 12.0
"""Between the boxes, in points."""
NEARLY = 12.0
"""A box so nearly in line with one of its branches is put in line, in points."""


@dataclass(frozen=True)
class BoxTree:
    """A box and those that grow out of it.

    Args:
        content: what is in the box.
        branches: from top to bottom.
        fill: its ground.
        border: the colour around it.
    """

    content: Drawing
    branches: Sequence["BoxTree"] = ()
    fill: str = PAPER
    border: str = LINE

    def drawn(self) -> Drawing:
        """The boxes of one depth stand in a column and are equally wide; none overlap."""
        widths: dict[int, float] = defaultdict(float)
        for depth, part in self._parts(0):
            widths[depth] = max(widths[depth], part.content.width + 2 * PADDING)
        return self._grown(list(widths.values()))[0]

    def _parts(self, depth: int) -> Iterator[tuple[int, "BoxTree"]]:
        yield depth, self
        for branch in self.branches:
            yield from branch._parts(depth + 1)

    def _grown(self, widths: Sequence[float]) -> tuple[Drawing, float]:
        """With columns of these widths, and how high its own box has its middle."""
        box = boxed(self.content, self.fill, self.border, widths[0])
        parts = [branch._grown(widths[1:]) for branch in self.branches]
        stack = stacked((part for part, _ in parts), ROW_GAP)
        height, half = max(box.height, stack.height), box.height / 2
        y = top = (height - stack.height) / 2
        middles = []
        for part, middle in parts:
            middles.append(y + middle)
            y += part.height + ROW_GAP
        middle = (middles[0] + middles[-1]) / 2 if middles else height / 2
        middle = next((other for other in middles if abs(other - middle) < NEARLY), middle)
        middle = min(max(middle, half), height - half)
        forks = [Stroke(_fork(box.width, middle, other)) for other in middles]
        left = box.width + COLUMN_GAP
        shapes = (*box.at(0, middle - half), *forks, *stack.at(left, top))
        return Drawing(left + stack.width if parts else box.width, height, shapes), middle


def _fork(right: float, middle: float, other: float) -> tuple[tuple[float, float], ...]:
    """From the right side of a box to the left side of one in the next column."""
    trunk, end = right + COLUMN_GAP / 2, right + COLUMN_GAP
    if abs(middle - other) < 1:  # as good as straight
        return rounded((right, other), (end, other))
    return rounded((right, middle), (trunk, middle), (trunk, other), (end, other))


MARGIN = 18.0
"""Around the picture, in points."""
SHORT = 24
"""Characters of an option that stays in one line."""


def space_picture(space: SearchSpace, title: str, size: str) -> Drawing:
    """The decisions of a space, nested as in its config; its size is in words."""
    head = stacked([paragraph(Span(title, bold=True, size=14)), paragraph(Span(size, MUTED))])
    return padded(BoxTree(head, [_tree(branch) for branch in outline(space)]).drawn(), MARGIN)


def _tree(branch: Branch) -> BoxTree:
    """Decisions are tinted, components are grey, and what only points at others is white."""
    content = stacked(paragraph(row) for row in _rows(branch))
    inside = [_tree(part) for part in branch.inside]
    if branch.kind in ("option", "known"):
        return BoxTree(content, inside, GROUND)
    return BoxTree(content, inside, *((TINT, DECIDED) if branch.values else (PAPER, LINE)))


def _rows(branch: Branch) -> Iterator[Span]:
    if branch.key and branch.name:
        yield Span(branch.key, MUTED, size=10)
    match branch.kind:
        case "group":
            yield Span(branch.name or branch.key, bold=True)
        case "option":
            yield Span(f"if {branch.name}")
        case "known":
            yield Span(f"{branch.name} as above", MUTED)
        case "repeat":
            how = "equal copies" if branch.shared else "copies, each decides"
            if branch.values:
                yield Span(branch.name, DECIDED, bold=True)
            yield Span(f"{branch.values or branch.name} {how}")
        case _:
            yield Span(branch.name, DECIDED, bold=True)
            yield Span(_kept_together(branch.values))
            if branch.shared:
                yield Span("shared: one decision", MUTED, size=10)


def _kept_together(values: str) -> str:
    """Options, with spaces that do not break inside the short ones."""
    options = values.split(" | ")
    return " | ".join(
        option.replace(" ", "\N{NO-BREAK SPACE}") if len(option) <= SHORT else option
        for option in options
    )
