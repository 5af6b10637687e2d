"""What a page is made of. Every text is escaped; only ``Markup`` stays as it is."""

import math
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

LONG = 24
"""Characters that stand in one line of a cell."""
SHRUNK = 0.8
"""A picture is made smaller to fit, but not smaller than this; then it can be scrolled."""


class Sorted(NamedTuple):
    """A cell that is sorted by a number and shows something else.

    Args:
        value: of its place.
        shown: in the table.
    """

    value: float
    shown: str | Markup


class Bar(NamedTuple):
    """A cell with the length of a bar.

    Args:
        value: 0 to 1.
        shown: the bar.
    """

    value: float
    shown: Markup


Cell = str | Markup | float | Sorted | Bar | None
"""Of a table; a number is shown as ``number`` does, and None as an empty cell."""


def heading(text: str) -> Markup:
    """A heading within a section."""
    return Markup("<h3>{}</h3>").format(text)


def paragraph(text: str | Markup) -> Markup:
    """A paragraph."""
    return Markup("<p>{}</p>").format(text)


def note(text: str | Markup) -> Markup:
    """A paragraph of less weight: what to mind when reading."""
    return Markup('<p class="note">{}</p>').format(text)


def bullets(texts: Iterable[str | Markup], kind: str = "") -> Markup:
    """A list; nothing if there are no texts.

    Args:
        texts: one per bullet.
        kind: its class in ``page.css``.
    """
    items = Markup("").join(Markup("<li>{}</li>").format(text) for text in texts)
    return Markup('<ul class="{}">{}</ul>').format(kind, items) if items else Markup("")


def code(text: str) -> Markup:
    """A command or a config, as it is typed."""
    return Markup('<pre tabindex="0">{}</pre>').format(text)


def facts(named: Mapping[str, str | Markup]) -> Markup:
    """A few numbers to see first, each over its name."""
    cells = Markup("").join(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value)
        for name, value in named.items()
    )
    return Markup('<dl class="facts">{}</dl>').format(cells)


def folded(summary: str, content: Markup) -> Markup:
    """What is shown by a click only."""
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, content)


def image(svg: str, description: str) -> Markup:
    """A picture; as an image, it runs no script and shares no names with the page.

    Args:
        svg: the drawing, with a ground of its own.
        description: for those who do not see it.
    """
    content = b64encode(svg.encode()).decode()
    width = re.search(r'<svg[^>]*\swidth="([\d.]+)', svg)
    least = SHRUNK * float(width[1]) if width else 0
    return Markup(
        '<div class="picture" tabindex="0"><img alt="{}" style="min-width:{:.0f}px"'
        ' src="data:image/svg+xml;base64,{}"></div>'
    ).format(description, least, content)


def switch(options: Mapping[str, Markup], question: str) -> Markup:
    """One of several elements at a time, chosen by buttons; the first one to begin with.

    Args:
        options: a button's text -> what it shows.
        question: what is chosen, for those who do not see the buttons.
    """
    if len(options) == 1:
        return next(iter(options.values()))
    buttons = Markup("").join(
        Markup('<button type="button" aria-pressed="{}">{}</button>').format(
            "false" if place else "true", name
        )
        for place, name in enumerate(options)
    )
    panels = Markup("").join(
        Markup('<div class="panel"{}>{}</div>').format(Markup(" hidden") if place else "", element)
        for place, element in enumerate(options.values())
    )
    return Markup(
        '<div class="switch"><div class="buttons" role="group" aria-label="{}">{}</div>{}</div>'
    ).format(question, buttons, panels)


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str = "") -> Markup:
    """A table that a click on a heading sorts; numbers as numbers, empty cells last.

    Args:
        columns: the headings.
        rows: a cell for each column.
        caption: what it shows.
    """
    lines = list(rows)
    head = Markup("").join(
        Markup('<th scope="col" class="{}"><button type="button">{}</button></th>').format(
            _kind(line[place] for line in lines), column
        )
        for place, column in enumerate(columns)
    )
    body = Markup("\n").join(
        Markup("<tr>{}</tr>").format(Markup("").join(map(_cell, line))) for line in lines
    )
    title = Markup("<caption>{}</caption>").format(caption) if caption else Markup("")
    return Markup(
        '<div class="table" tabindex="0"><table>{}<thead><tr>{}</tr></thead>'
        "<tbody>\n{}</tbody></table></div>"
    ).format(title, head, body)


def _kind(cells: Iterable[Cell]) -> str:
    """The class of a column: numbers stand at the right."""
    first = next((cell for cell in cells if cell is not None), None)
    if isinstance(first, Bar):
        return "share"
    return "number" if isinstance(first, int | float | Sorted) else ""


def _cell(cell: Cell) -> Markup:
    if cell is None:
        return Markup("<td></td>")
    if isinstance(cell, str):
        return Markup("<td>{}</td>").format(cell if isinstance(cell, Markup) else _text(cell))
    value, shown = cell if isinstance(cell, Sorted | Bar) else (cell, number(cell))
    return Markup('<td class="{}" data-value="{}">{}</td>').format(
        _kind([cell]), repr(float(value)), shown
    )


def _text(text: str) -> Markup:
    """Where a line would be long, it is broken."""
    return Markup('<span class="long">{}</span>' if len(text) > LONG else "{}").format(text)


def link(address: str, text: str) -> Markup:
    """A link, as a cell or in a text."""
    return Markup('<a href="{}">{}</a>').format(address, _text(text))


def number(value: float) -> str:
    """``0.9713``, ``38,310``, ``1.2e+07``: four digits, or all of them before the point."""
    if isinstance(value, int) or 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def share(part: float) -> str:
    """``12 %``; a few that are not none are ``<1 %``."""
    return "<1 %" if 0 < part < 0.005 else f"{part:.0%}".replace("%", " %")


def wide(text: str) -> Markup:
    """A cell with a long text, which does not get narrow."""
    return Markup('<span class="wide">{}</span>').format(text)


def bar(part: float) -> Bar:
    """A cell with a share of one, also as the length of a bar."""
    drawn = Markup('<span class="bar"><i style="width:{:.1f}%"></i></span>{}')
    return Bar(part, drawn.format(100 * part, share(part)))


def duration(seconds: float) -> str:
    """``0.42 s``, ``42 s``, ``7 min 05 s``, ``3 h 20 min``."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(math.floor(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
