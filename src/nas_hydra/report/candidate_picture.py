"""The picture of a candidate: its blocks in columns, from top to bottom and left to right."""

from collections.abc import Iterator, Mapping, Sequence

from nas_hydra.report.cell import Cell
from nas_hydra.report.cell_picture import cell_picture
from nas_hydra.report.decided import decided
from nas_hydra.report.diagram import Block, Setting, block_of, chain, counted
from nas_hydra.report.drawing.chain import chained
from nas_hydra.report.drawing.scene import (
    PADDING,
    Drawing,
    boxed,
    indented,
    padded,
    paragraph,
    stacked,
)
from nas_hydra.report.drawing.style import DECIDED, INK, LINE, MUTED, PAPER, TINT
from nas_hydra.report.drawing.text import WIDEST, Run
from nas_hydra.search_space import Decision, SearchSpace
from nas_hydra.search_space.sharing import untied

TIMES = "\N{MULTIPLICATION SIGN}"
BETWEEN = Run(" · ", LINE, size=11)
"""Stands between two settings."""
MARGIN, INDENT, GAP = 18.0, 10.0, 6.0
"""Around the picture, before the parts of a block, and around its cells; in points."""


def candidate_picture(
    space: SearchSpace, genotype: Mapping[str, Decision], title: str = ""
) -> Drawing:
    """The model of a candidate; what was decided stands out.

    Args:
        space: closes the genotype.
        genotype: the decisions.
        title: stands above the picture.
    """
    model = untied(space.close(genotype)["model"])
    blocks = chain(block_of(model, decided(space.parts["model"], genotype)))
    contents = [stacked(_content(block, number)) for block, number in blocks]
    plain = (
        content.width
        for content, (block, _) in zip(contents, blocks, strict=True)
        if not _has_cells(block)
    )
    width = max(plain, default=0) + 2 * PADDING
    boxes = [
        boxed(content, *((TINT, DECIDED) if block.decided else (PAPER, LINE)), width)
        for content, (block, _) in zip(contents, blocks, strict=True)
    ]
    heading = [paragraph(Run(title, MUTED))] if title else []
    return padded(stacked([*heading, chained(boxes)], gap=GAP), MARGIN)


def _has_cells(block: Block) -> bool:
    return bool(block.cells) or any(map(_has_cells, block.parts))


def _content(block: Block, number: int, size: int = 12) -> Iterator[Drawing]:
    """The heading, the settings, several in a row, the cells, and what is inside."""
    ink = DECIDED if block.decided else INK
    times = [Run(f" {TIMES} {number}", MUTED, bold=True, size=size)] if number > 1 else []
    yield paragraph(Run(block.title, ink, bold=True, size=size), *times)
    yield from (paragraph(*row) for row in _rows(block.settings))
    yield from _frames(block.cells)
    for part, copies in counted(block.parts):
        yield indented(stacked(_content(part, copies, size=11)), INDENT)


def _frames(cells: Sequence[Cell]) -> Iterator[Drawing]:
    """Each cell in a frame; all of them equally wide."""
    contents = [
        stacked([paragraph(Run(cell.name, MUTED, size=11)), cell_picture(cell)], GAP)
        for cell in cells
    ]
    width = max((content.width for content in contents), default=0) + 2 * PADDING
    for content in contents:
        yield stacked([Drawing(0, 0), boxed(content, "white", width=width)], GAP)


def _rows(settings: Sequence[Setting]) -> list[list[Run]]:
    """Settings in rows that are filled."""
    rows: list[list[Run]] = []
    for setting in settings:
        runs = _setting(setting)
        together = [*rows[-1], BETWEEN, *runs] if rows else []
        if together and sum(run.width for run in together) <= WIDEST:
            rows[-1] = together
        else:
            rows.append(runs)
    return rows


def _setting(setting: Setting) -> list[Run]:
    key = [Run(f"{setting.key} ", MUTED, size=11)] if setting.key else []
    ink = DECIDED if setting.decided else INK
    return [*key, Run(setting.value, ink, setting.decided, 11)]
