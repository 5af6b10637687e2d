"""A document as plain lines; plots and pictures are left out."""

from collections.abc import Iterator, Sequence

from nas_hydra.document.content import (
    Bullets,
    Code,
    Document,
    Element,
    Facts,
    Folded,
    Heading,
    Note,
    Paragraph,
    Picture,
    Plot,
    Switch,
    Table,
    blank,
    elements,
    numeric,
    plain,
    told,
)
from nas_hydra.errors import printable


def lines(document: Document) -> list[str]:
    """The whole document."""
    shown = list(filter(None, [document.title, document.subtitle]))
    for section in document.shown:
        shown += ["", section.title, *(f"  {line}" for line in content(section.content))]
    return [printable(line) for line in shown]


def content(parts: Element | Sequence[Element]) -> Iterator[str]:
    """Elements, one below the other."""
    for part in elements(parts):
        if not blank(part):
            yield from _element(part)


def _element(part: Element) -> Iterator[str]:
    match part:
        case Heading(text) | Paragraph(text) | Note(text):
            yield plain(text)
        case Code(text):
            yield from (f"  {line}" for line in text.splitlines())
        case Bullets(items):
            yield from (f"- {plain(item)}" for item in items)
        case Facts(named):
            width = max(map(len, named))
            yield from (f"{name:<{width}}  {plain(value)}" for name, value in named.items())
        case Table():
            yield from _table(part)
        case Folded(summary, inside):
            yield summary
            yield from content(inside)
        case Switch(options):
            for name, option in options.items():
                yield f"{name}:"
                yield from content(option)
        case Plot() | Picture():
            return


def _table(table: Table) -> Iterator[str]:
    """Columns under each other, numbers at the right."""
    rows = [
        list(table.columns),
        *([printable(plain(told(cell))) for cell in row] for row in table.rows),
    ]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.columns))]
    right = [numeric([row[place] for row in table.rows]) for place in range(len(widths))]
    for row in rows:
        cells = zip(row, widths, right, strict=True)
        yield "  ".join(
            f"{c:>{w}}" if at_right else f"{c:<{w}}" for c, w, at_right in cells
        ).rstrip()
