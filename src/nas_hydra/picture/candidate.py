"""The picture of a candidate: its blocks in columns, from top to bottom and left to right."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from nas_hydra.document.text import counted
from nas_hydra.picture.blocks import Argument, Block, block_of, chain, decided_paths, runs
from nas_hydra.picture.cell import CellGraph, cell_picture
from nas_hydra.picture.palette import DECIDED, GROUND, INK, LINE, MUTED, PAPER, TINT
from nas_hydra.picture.scene import (
    PADDING,
    Drawing,
    Point,
    Shape,
    Stroke,
    boxed,
    indented,
    padded,
    paragraph,
    rounded,
    stacked,
)
from nas_hydra.picture.sizes import LayerSize
from nas_hydra.picture.text import WIDEST, Span
from nas_hydra.search_space import Decision, SearchSpace
from nas_hydra.search_space.sharing import untied

TIMES = "\N{MULTIPLICATION SIGN}"
BETWEEN = Span(" · ", LINE, size=11)
"""Stands between two settings."""
MARGIN, INDENT, GAP = 18.0, 10.0, 6.0
"""Around the picture, before the parts of a block, and around its cells; in points."""
MOST = 7
"""Boxes in a column."""
OPEN, GIVEN = (TINT, DECIDED), (PAPER, LINE)
"""The ground and the border of what was decided, and of what was not."""
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
    shapes: list[Shape] = [Stroke(_between(*pair), arrow=True) for pair in pairwise(spots)]
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


def candidate_picture(
    space: SearchSpace,
    genotype: Mapping[str, Decision],
    title: str = "",
    sizes: Mapping[str, LayerSize] | None = None,
) -> Drawing:
    """The model of a candidate; what was decided stands out. For sizes, see ``layer_sizes``."""
    model = untied(space.close(genotype)["model"])
    chained_runs = chain(block_of(model, decided_paths(space.parts["model"], genotype)))
    sizes = sizes or {}
    drawn = [(stacked(_content(run, sizes)), run[0]) for run in chained_runs]
    width = max((content.width for content, block in drawn if not _has_cells(block)), default=0)
    boxes = [
        boxed(content, *(OPEN if block.decided else GIVEN), width=width + 2 * PADDING)
        for content, block in drawn
    ]
    head = [paragraph(Span(title, bold=True))] if title else []
    if "" in sizes and [block.place for _, block in drawn] != [""]:  # else the one block says it
        head.append(paragraph(Span(counted(sizes[""].params, "parameter"), MUTED, size=10)))
    return padded(stacked([*([stacked(head)] if head else []), chained(boxes)], GAP), MARGIN)


def _has_cells(block: Block) -> bool:
    return bool(block.cells) or any(map(_has_cells, block.parts))


def _content(
    run: Sequence[Block], sizes: Mapping[str, LayerSize], size: int = 12
) -> Iterator[Drawing]:
    """The heading, the settings, several in a row, the size, the cells and what is inside."""
    block, ink = run[0], DECIDED if run[0].decided else INK
    times = [Span(f" {TIMES} {len(run)}", MUTED, bold=True, size=size)] if len(run) > 1 else []
    yield paragraph(Span(block.title, ink, bold=True, size=size), *times)
    yield from (paragraph(*row) for row in _rows(block.settings))
    known = [sizes[one.place] for one in run if one.place is not None and one.place in sizes]
    if told := _size(known, block.shared):
        yield paragraph(Span(told, MUTED, size=10))
    yield from _frames(block.cells)
    for inner in runs(block.parts):
        yield indented(stacked(_content(inner, sizes, size=11)), INDENT)


def _size(run: Sequence[LayerSize], shared: bool) -> str:
    """In words: what the last of them gives, and what all weigh."""
    if not run:
        return ""
    shape, params = run[-1].shape, run[-1].params if shared else sum(one.params for one in run)
    words = [f"gives {f' {TIMES} '.join(map(str, shape))}"] if shape else []
    in_all = " in all" if len(run) > 1 else ""
    words += [counted(params, "parameter") + in_all] if params else []
    return " · ".join(words)


def _frames(cells: Sequence[CellGraph]) -> Iterator[Drawing]:
    """Each cell in a frame; all of them equally wide."""
    contents = [
        stacked([paragraph(Span(cell.name, MUTED, size=11)), cell_picture(cell)], GAP)
        for cell in cells
    ]
    width = max((content.width for content in contents), default=0) + 2 * PADDING
    for content in contents:
        yield stacked([Drawing(0, 0), boxed(content, GROUND, width=width)], GAP)


def _rows(settings: Sequence[Argument]) -> list[list[Span]]:
    """Settings in rows that are filled."""
    rows: list[list[Span]] = []
    for setting in settings:
        spans = _setting(setting)
        together = [*rows[-1], BETWEEN, *spans] if rows else []
        if together and sum(span.width for span in together) <= WIDEST:
            rows[-1] = together
        else:
            rows.append(spans)
    return rows


def _setting(setting: Argument) -> list[Span]:
    key = [Span(f"{setting.key} ", MUTED, size=11)] if setting.key else []
    ink = DECIDED if setting.decided else INK
    return [*key, Span(setting.value, ink, setting.decided, 11)]
