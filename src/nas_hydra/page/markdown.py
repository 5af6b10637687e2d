"""Markdown: tables, and texts of somebody's that stay texts."""

import re
from collections.abc import Iterable, Sequence

from nas_hydra.errors import printable

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


def escaped(text: str) -> str:
    """As it is, in one line, and not as Markdown might read it."""
    return SPECIAL.sub(r"\\\g<0>", printable(text))


def code(text: str) -> str:
    """A text within a line as code, where nothing is escaped: the fence is longer than its own."""
    shown = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown[:1] == "`" or shown[-1:] == "`" else ""
    return f"{fence}{space}{shown}{space}{fence}"


def table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; its cells are texts, not Markdown, and stay within their cells."""
    return "\n".join([_line(columns), "| --- " * len(columns) + "|", *map(_line, rows)])


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(cell: object) -> str:
    return escaped(str(cell)).replace("|", r"\|")
