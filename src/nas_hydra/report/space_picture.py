"""The picture of a space: its decisions as a tree that grows to the right."""

from collections.abc import Iterator

from nas_hydra.report.drawing.scene import Drawing, padded, paragraph, stacked
from nas_hydra.report.drawing.style import DECIDED, LINE, MUTED, PAPER, TINT
from nas_hydra.report.drawing.text import Run
from nas_hydra.report.drawing.tree import Tree
from nas_hydra.report.outline import Branch, outline
from nas_hydra.search_space import SearchSpace

MARGIN = 18.0
"""Around the picture, in points."""
SHORT = 24
"""Characters of an option that stays in one line."""


def space_picture(space: SearchSpace, title: str, size: str) -> Drawing:
    """The decisions of a space, nested as in its config.

    Args:
        space: what to show.
        title: its name.
        size: in words.
    """
    head = stacked([paragraph(Run(title, bold=True, size=14)), paragraph(Run(size, MUTED))])
    return padded(Tree(head, [_tree(branch) for branch in outline(space)]).drawn(), MARGIN)


def _tree(branch: Branch) -> Tree:
    """Decisions are tinted, components are grey, and what only points at others is white."""
    content = stacked(paragraph(row) for row in _rows(branch))
    inside = [_tree(part) for part in branch.inside]
    if branch.kind in ("option", "known"):
        return Tree(content, inside, "white")
    return Tree(content, inside, *((TINT, DECIDED) if branch.values else (PAPER, LINE)))


def _rows(branch: Branch) -> Iterator[Run]:
    if branch.key and branch.name:
        yield Run(branch.key, MUTED, size=10)
    match branch.kind:
        case "group":
            yield Run(branch.name or branch.key, bold=True)
        case "option":
            yield Run(f"if {branch.name}")
        case "known":
            yield Run(f"{branch.name} as above", MUTED)
        case "repeat":
            how = "equal copies" if branch.shared else "copies, each decides"
            if branch.values:
                yield Run(branch.name, DECIDED, bold=True)
            yield Run(f"{branch.values or branch.name} {how}")
        case _:
            yield Run(branch.name, DECIDED, bold=True)
            yield Run(_kept_together(branch.values))
            if branch.shared:
                yield Run("shared: one decision", MUTED, size=10)


def _kept_together(values: str) -> str:
    """Options, with spaces that do not break inside the short ones."""
    options = values.split(" | ")
    return " | ".join(
        option.replace(" ", "\N{NO-BREAK SPACE}") if len(option) <= SHORT else option
        for option in options
    )
