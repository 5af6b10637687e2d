"""The picture of a candidate: its blocks in columns, from top to bottom and left to right."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import ceil

from graphviz import Digraph

from nas_hydra.report.cell_picture import draw_cell
from nas_hydra.report.decided import decided
from nas_hydra.report.diagram import Block, Setting, block_of, chain, counted
from nas_hydra.report.picture import DECIDED, INK, LINE, MUTED, TINT, box, canvas, text_width, words
from nas_hydra.search_space import Decision, SearchSpace

COLUMN = 7
"""Most blocks in a column."""
TIMES = "\N{MULTIPLICATION SIGN}"
ROW_WIDTH = 56
"""Characters of settings in a row of a block."""


def candidate_picture(
    space: SearchSpace, genotype: Mapping[str, Decision], title: str = ""
) -> Digraph:
    """The model of a candidate; what was decided stands out.

    Args:
        space: closes the genotype.
        genotype: the decisions.
        title: stands above the picture.
    """
    model = space.close(genotype)["model"]
    blocks = chain(block_of(model, decided(space.parts["model"], genotype)))
    cells = [cell for block, _ in blocks for cell in block.cells]
    graph = canvas("LR")
    graph.attr(labelloc="t", labeljust="l", nodesep="0.22")
    for number, cell in reversed(list(enumerate(cells))):  # the last drawn stands on top
        draw_cell(graph, cell, f"cell{number}_")
    if cells and len(blocks) == 1:
        graph.attr(label=_heading_of_cells(title, blocks[0][0]))
    else:
        graph.attr(label=title)
        _columns(graph, _labels(blocks))
    return graph


def _heading_of_cells(title: str, block: Block) -> str:
    """Where the cells are all there is, the model's own settings stand above them."""
    rows = [words(title, MUTED), _heading(block, 1, size=12), *_rows(block)]
    left = '<BR ALIGN="LEFT"/>'
    return f"<{left.join(rows)}{left}>"


def _columns(graph: Digraph, labels: Sequence[str]) -> None:
    """Columns of about the same length, each a rank of the layout."""
    height = ceil(len(labels) / max(1, ceil(len(labels) / COLUMN)))
    names = [f"b{place}" for place in range(len(labels))]
    columns = [names[start : start + height] for start in range(0, len(names), height)]
    for column in columns:
        with graph.subgraph() as rank:
            rank.attr(rank="same")
            for name in column:
                rank.node(name, labels[names.index(name)])
    for column in columns:
        for above, below in pairwise(column):
            graph.edge(above, below)
    for left, right in pairwise(columns):
        graph.edge(left[0], right[0], style="invis")
        graph.edge(f"{left[-1]}:e", f"{right[0]}:w", constraint="false")


def _labels(blocks: Sequence[tuple[Block, int]]) -> list[str]:
    """One label per block, all of about the same width."""
    rows = [[_heading(block, number, size=12), *_rows(block)] for block, number in blocks]
    width = max(text_width(row) for group in rows for row in group)
    return [
        box(group, TINT, DECIDED, width) if block.decided else box(group, width=width)
        for group, (block, _) in zip(rows, blocks, strict=True)
    ]


def _heading(block: Block, number: int, size: int) -> str:
    color = DECIDED if block.decided else INK
    times = words(f" {TIMES} {number}", MUTED, bold=True, size=size) if number > 1 else ""
    return words(block.title, color, bold=True, size=size) + times


def _rows(block: Block, indent: str = "") -> list[str]:
    """The settings, several in a row, then each component inside, indented."""
    rows = [indent + _setting_row(row) for row in _filled(block.settings)]
    for part, number in counted(block.parts):
        rows.append(indent + _heading(part, number, size=11))
        rows += _rows(part, f"{indent}&nbsp;&nbsp;&nbsp;")
    return rows


def _filled(settings: Sequence[Setting]) -> list[list[Setting]]:
    """Rows of settings, each filled up to ``ROW_WIDTH``."""
    rows: list[list[Setting]] = []
    width = ROW_WIDTH
    for setting in settings:
        needed = len(setting.key) + len(setting.value) + 4
        if width + needed > ROW_WIDTH:
            rows.append([])
            width = 0
        rows[-1].append(setting)
        width += needed
    return rows


def _setting_row(settings: Sequence[Setting]) -> str:
    dot = f'<FONT COLOR="{LINE}" POINT-SIZE="11"> · </FONT>'
    return dot.join(_setting(setting) for setting in settings)


def _setting(setting: Setting) -> str:
    key = escape(f"{setting.key} ") if setting.key else ""
    color = DECIDED if setting.decided else INK
    value = f"<B>{escape(setting.value)}</B>" if setting.decided else escape(setting.value)
    return (
        f'<FONT COLOR="{MUTED}" POINT-SIZE="11">{key}</FONT>'
        f'<FONT COLOR="{color}" POINT-SIZE="11">{value}</FONT>'
    )
