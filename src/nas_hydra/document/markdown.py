"""A document as Markdown, where texts of somebody's stay texts; plots are left out."""

import html
import re
from collections.abc import Iterator, Sequence

from nas_hydra.document.content import (
    Bullets,
    Code,
    Document,
    Element,
    Facts,
    Folded,
    Heading,
    Link,
    Mono,
    Note,
    Paragraph,
    Picture,
    Plot,
    Switch,
    Table,
    Words,
    blank,
    elements,
    numeric,
    told,
)
from nas_hydra.errors import harmless, printable

SPECIAL = re.compile(
    r"""
    [\\`*~<]                # code, emphasis, HTML, and what would escape our own escapes
    | (?<!\w)_ | _(?!\w)    # emphasis; not the underscores within a name
    | \](?=[(\[:])          # a link, or where one leads
    | &(?=\#?\w+;)          # a character's name
    | ^>                    # a quotation
    | ^\#(?=\#*(?:\s|$))    # a heading
    | ^[+-](?=[\s-])        # an item, or a line across
    """,
    re.VERBOSE,
)
"""What a name or a decision may hold and Markdown would take for its own."""
UNLINKED = re.compile(r"[<>\s\\]")
"""What no address holds."""


def markdown(document: Document, level: int = 1) -> str:
    """The whole document.

    Args:
        document: what is shown.
        level: of its title's heading.
    """
    parts = [f"{'#' * level} {escaped(document.title)}"]
    parts += [escaped(document.subtitle)] if document.subtitle else []
    for section in document.shown:
        heading = f"{'#' * (level + 1)} {escaped(section.title)}"
        parts += [heading, content(section.content, level + 2)]
    return "\n\n".join(filter(None, parts)) + "\n"


def content(parts: Element | Sequence[Element], level: int = 3) -> str:
    """Elements, one below the other, with headings of a level."""
    shown = (_element(part, level) for part in elements(parts) if not blank(part))
    return "\n\n".join(filter(None, shown))


def _element(part: Element, level: int) -> str:
    match part:
        case Heading(text):
            return f"{'#' * level} {inline(text)}"
        case Paragraph(text) | Note(text):
            return inline(text)
        case Bullets(items):
            return "\n".join(f"- {inline(item)}" for item in items)
        case Code(text, language):
            return _block(text, language)
        case Facts(named):
            return "\n".join(f"- {escaped(name)}: {inline(value)}" for name, value in named.items())
        case Table():
            table = "\n".join(_table(part))
            shown = f"{table}\n\n{escaped(part.caption)}" if part.caption else table
            return _folded(part.folded, shown) if part.folded else shown
        case Folded(summary, inside):
            return _folded(summary, content(inside, level))
        case Switch(options):
            return "\n\n".join(
                f"**{escaped(name)}**\n\n{shown}"
                for name, option in options.items()
                if (shown := content(option, level))
            )
        case Picture(file=file) if file:
            return f"!{inline(Link(file, part.description))}"
        case Plot() | Picture():
            return ""


def inline(words: Words) -> str:
    """A text within a line."""
    match words:
        case str():
            return escaped(words)
        case Link(address, text):
            return f"[{escaped(text)}](<{UNLINKED.sub('', address)}>)"
        case Mono(text):
            return code(text) if text else ""
    return "".join(map(inline, words))


def escaped(text: str) -> str:
    """As it is, in one line, and not as Markdown might read it."""
    return SPECIAL.sub(r"\\\g<0>", printable(text))


def code(text: str) -> str:
    """A text within a line as code, where nothing is escaped: the fence is longer than its own."""
    shown = printable(text)
    fence = _fence(shown, 1)
    space = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _block(text: str, language: str) -> str:
    fence = _fence(text, 3)
    return f"{fence}{language}\n{harmless(text).rstrip()}\n{fence}"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max(map(len, re.findall("`+", text)), default=0))


def _folded(summary: str, inside: str) -> str:
    # Markdown reads what stands between two tags in one line as HTML.
    shown = html.escape(printable(summary), quote=False)
    return f"<details><summary>{shown}</summary>\n\n{inside}\n\n</details>"


def _table(table: Table) -> Iterator[str]:
    """Cells are texts, not Markdown, and stay within their cells."""
    columns = [[row[place] for row in table.rows] for place in range(len(table.columns))]
    yield _line(table.columns)
    yield "".join("| ---: " if numeric(column) else "| --- " for column in columns) + "|"
    yield from (_line([told(cell) for cell in row]) for row in table.rows)


def _line(cells: Sequence[Words]) -> str:
    shown = (inline(cell).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(shown)} |"
