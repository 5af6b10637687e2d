"""An explanation as Markdown, for a report elsewhere."""

from collections.abc import Iterator

from markupsafe import Markup

from nas_hydra.explain.parts import PARTS, Part, about, figures
from nas_hydra.explain.result import Explanation
from nas_hydra.page import Cell, Sorted, number
from nas_hydra.page.element import Bar
from nas_hydra.page.markdown import escaped, table


def markdown(found: Explanation) -> str:
    """The whole explanation: sentences, tables and notes, without a title."""
    numbers = ", ".join(f"{name} {value}" for name, value in figures(found).items())
    parts = [make(found) for make in PARTS]
    texts = [about(found), numbers]
    return "\n\n".join([*map(escaped, texts), *(text for part in parts for text in told(part))])


def told(part: Part) -> Iterator[str]:
    """A part's heading and paragraphs; nothing of one that is empty."""
    content = [
        *([escaped(part.text)] if part.text else []),
        *([table(part.columns, (map(plain, row) for row in part.rows))] if part.rows else []),
        *(["\n".join(f"- {escaped(point)}" for point in part.points)] if part.points else []),
        *map(escaped, part.notes),
    ]
    if content:
        yield from (f"## {escaped(part.title)}", *content)


def plain(cell: Cell) -> str:
    """A cell of a page as a text."""
    if cell is None:
        return ""
    shown = cell.shown if isinstance(cell, Sorted | Bar) else cell
    if isinstance(shown, Markup):
        return shown.striptags()
    return shown if isinstance(shown, str) else number(shown)
