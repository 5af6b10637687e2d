"""The picture of a space: its decisions as a tree that grows to the right."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from graphviz import Digraph

from nas_hydra.report.outline import Branch, outline
from nas_hydra.report.picture import DECIDED, MUTED, PAPER, TINT, box, canvas, text_width, words
from nas_hydra.search_space import SearchSpace


@dataclass(frozen=True)
class Leaf:
    """A box of the picture: its rows, how deep it stands and the number of the box before it."""

    rows: tuple[str, ...]
    depth: int = 0
    above: int | None = None
    fill: str = PAPER


def space_picture(space: SearchSpace, title: str, size: str) -> Digraph:
    """The decisions of a space, nested as in its config.

    Args:
        space: what to show.
        title: its name.
        size: in words.
    """
    leaves = [Leaf((words(title, bold=True, size=14), words(size, MUTED)))]
    for branch in outline(space):
        _grow(leaves, branch, above=0, depth=1)
    widths: dict[int, int] = defaultdict(int)  # equal in a column, so that its boxes stand in line
    for leaf in leaves:
        widths[leaf.depth] = max(widths[leaf.depth], *map(text_width, leaf.rows))
    graph = canvas()
    graph.attr(ranksep="0.7", splines="line")
    for number, leaf in enumerate(leaves):
        border = {"border": DECIDED} if leaf.fill == TINT else {}
        graph.node(f"n{number}", box(leaf.rows, leaf.fill, width=widths[leaf.depth], **border))
        if leaf.above is not None:
            graph.edge(f"n{leaf.above}:e", f"n{number}:w", arrowhead="none")
    return graph


def _grow(leaves: list[Leaf], branch: Branch, above: int, depth: int) -> None:
    number = len(leaves)
    leaves.append(Leaf(tuple(_rows(branch)), depth, above, _fill(branch)))
    for part in branch.inside:
        _grow(leaves, part, number, depth + 1)


def _fill(branch: Branch) -> str:
    """Decisions are tinted, components are grey, and what only points at others is white."""
    if branch.kind in ("option", "known"):
        return "white"
    return TINT if branch.values else PAPER


def _rows(branch: Branch) -> Iterator[str]:
    if branch.key and branch.name:
        yield words(branch.key, MUTED, size=10)
    match branch.kind:
        case "group":
            yield words(branch.name or branch.key, bold=True)
        case "option":
            yield words(f"if {branch.name}")
        case "known":
            yield words(f"{branch.name} as above", MUTED)
        case "repeat":
            how = "equal copies" if branch.shared else "copies, each decides"
            if branch.values:
                yield words(branch.name, DECIDED, bold=True)
            yield words(f"{branch.values or branch.name} {how}")
        case _:
            yield words(branch.name, DECIDED, bold=True)
            yield words(branch.values)
            if branch.shared:
                yield words("shared: one decision", MUTED, size=10)
