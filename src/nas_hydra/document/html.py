"""A document as one HTML file that works from disk and asks nobody for anything.

Every text is escaped. The page follows the reader's light or dark scheme, and fits a phone. Its
security policy lets run no script but the two that it comes with, known by their digests, and load
nothing: what a candidate or an error may have smuggled in would stay dead text.
"""

import gzip
import json
import math
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from nas_hydra.document.content import (
    Bar,
    Bullets,
    Cell,
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
    Section,
    Sorted,
    Switch,
    Table,
    Words,
    blank,
    elements,
    numeric,
    plain,
    told,
)
from nas_hydra.document.plot import label

LONG, WIDE = 24, 60
"""Characters of a cell from which it may be broken, and from which it gets more room."""
SHRUNK = 0.8
"""A picture is made smaller to fit, but not smaller than this; then it can be scrolled."""
PLOTLY = "plotly/package_data/plotly.min.js"
LEVEL = 5
"""Of gzip: level 9 saves one per cent and takes twice as long."""


def html(document: Document) -> str:
    """The whole page."""
    names = {f"s{place}": section for place, section in enumerate(document.shown)}
    links = _joined(
        Markup('<a href="#{}">{}</a>').format(name, section.title)
        for name, section in names.items()
    )
    plotly = library()
    page = asset("page.html").format(
        title=document.title,
        subtitle=document.subtitle,
        links=links,
        sections=_joined(_section(name, section) for name, section in names.items()),
        policy=policy(plotly.digest, digest(asset("page.js").encode())),
        css=asset("page.css"),
        js=asset("page.js"),
        plotly=plotly.packed,
    )
    return str(page)


def _section(name: str, section: Section) -> Markup:
    return Markup('<section id="{0}"><h2>{1}</h2>\n{2}</section>\n').format(
        name, section.title, content(section.content)
    )


def content(parts: Element | Sequence[Element]) -> Markup:
    """Elements, one below the other; of those without anything to show, nothing."""
    return Markup("\n").join(element(part) for part in elements(parts) if not blank(part))


def element(part: Element) -> Markup:
    """One of them."""
    match part:
        case Heading(text):
            return Markup("<h3>{}</h3>").format(inline(text))
        case Paragraph(text):
            return Markup("<p>{}</p>").format(inline(text))
        case Note(text):
            return Markup('<p class="note">{}</p>').format(inline(text))
        case Code(text):
            return Markup('<pre tabindex="0">{}</pre>').format(text)
        case Bullets(items, kind):
            lines = _joined(Markup("<li>{}</li>").format(inline(item)) for item in items)
            return Markup('<ul class="{}">{}</ul>').format(kind, lines)
        case Facts(named):
            return _facts(named)
        case Folded(summary, inside):
            return _folded(summary, content(inside))
        case Table():
            return _folded(part.folded, _table(part)) if part.folded else _table(part)
        case Plot():
            return _plot(part)
        case Picture(svg, description):
            return _picture(svg, description)
        case Switch():
            return _switch(part)


def inline(words: Words) -> Markup:
    """A text within a line."""
    match words:
        case str():
            return Markup("{}").format(words)
        case Link(address, text):
            return Markup('<a href="{}">{}</a>').format(address, text)
        case Mono(text):
            return Markup("<code>{}</code>").format(text)
    return _joined(map(inline, words))


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _facts(named: Mapping[str, Words]) -> Markup:
    cells = _joined(
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, inline(value))
        for name, value in named.items()
    )
    return Markup('<dl class="facts">{}</dl>').format(cells)


def _folded(summary: str, inside: Markup) -> Markup:
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, inside)


def _picture(svg: str, description: str) -> Markup:
    """As an image, it runs no script and shares no names with the page."""
    width = re.search(r'<svg[^>]*\swidth="([\d.]+)', svg)
    return Markup(
        '<div class="picture" tabindex="0"><img alt="{}" style="min-width:{:.0f}px"'
        ' src="data:image/svg+xml;base64,{}"></div>'
    ).format(
        description, SHRUNK * float(width[1]) if width else 0, b64encode(svg.encode()).decode()
    )


def _switch(switch: Switch) -> Markup:
    shown = {name: content(option) for name, option in switch.options.items()}
    if len(shown) == 1:
        return next(iter(shown.values()))
    buttons = _joined(
        Markup('<button type="button" aria-pressed="{}">{}</button>').format(
            "false" if place else "true", name
        )
        for place, name in enumerate(shown)
    )
    panels = _joined(
        Markup('<div class="panel"{}>{}</div>').format(Markup(" hidden") if place else "", option)
        for place, option in enumerate(shown.values())
    )
    return Markup(
        '<div class="switch"><div class="buttons" role="group" aria-label="{}">{}</div>{}</div>'
    ).format(switch.question, buttons, panels)


def _table(table: Table) -> Markup:
    """A table that a click on a heading sorts; one row of short cells is a few facts."""
    texts = [told(cell) for cell in table.rows[0]]
    if len(table.rows) == 1 and all(len(plain(text)) <= LONG for text in texts):
        named = zip(table.columns, texts, strict=True)
        note = element(Note(table.caption)) if table.caption else Markup("")
        return _facts({name: text for name, text in named if text}) + note
    head = _joined(
        Markup('<th scope="col" class="{}"><button type="button">{}</button></th>').format(
            _kind([row[place] for row in table.rows]), column
        )
        for place, column in enumerate(table.columns)
    )
    body = Markup("\n").join(
        Markup("<tr>{}</tr>").format(_joined(map(_cell, row))) for row in table.rows
    )
    title = Markup("<caption>{}</caption>").format(table.caption) if table.caption else Markup("")
    return Markup(
        '<div class="table" tabindex="0"><table>{}<thead><tr>{}</tr></thead>'
        "<tbody>\n{}</tbody></table></div>"
    ).format(title, head, body)


def _kind(column: Sequence[Cell]) -> str:
    if isinstance(next((cell for cell in column if cell is not None), None), Bar):
        return "share"
    return "number" if numeric(column) else ""


def _cell(cell: Cell) -> Markup:
    words = told(cell)
    shown, size = inline(words), len(plain(words))
    if isinstance(cell, Bar):
        drawn = Markup('<span class="bar"><i style="width:{:.1f}%"></i></span>')
        shown = drawn.format(100 * cell.value) + shown
    elif size > LONG:
        kind = "wide" if size > WIDE else "long"
        shown = Markup('<span class="{}">{}</span>').format(kind, shown)
    if not isinstance(cell, int | float | Sorted | Bar):
        return Markup("<td>{}</td>").format(shown)
    value = cell.value if isinstance(cell, Sorted | Bar) else cell
    return Markup('<td class="{}" data-value="{}">{}</td>').format(
        _kind([cell]), repr(float(value)), shown
    )


def _plot(plot: Plot) -> Markup:
    layout = dict(plot.layout)
    axes = {
        axis: {"title": {"text": label(title)}} | layout.pop(axis, {})
        for axis, title in (("xaxis", plot.x), ("yaxis", plot.y))
    }
    figure = {"data": plot.traces, "layout": {"height": plot.height, **axes, **layout}}
    written = json.dumps(json_like(figure), allow_nan=False, separators=(",", ":"))
    return Markup(
        '<div class="plot" role="img" aria-label="{}" style="min-height:{}px">'
        '<script type="application/json">{}</script></div>'
    ).format(plot.description, plot.height, Markup(written.replace("<", "\\u003c")))


def json_like(value: Any) -> Any:
    """As JSON can hold it: floats with six digits, and none that are not finite."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: json_like(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_like(part) for part in value]
    return value


def policy(*scripts: str) -> str:
    """A content security policy that allows the scripts of these digests, and pictures inside."""
    allowed = " ".join(f"'sha256-{script}'" for script in scripts)
    # Plotly writes its style sheet and its elements' styles while it draws.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def digest(script: bytes) -> str:
    """A script's SHA-256, as a security policy names it."""
    return b64encode(sha256(script).digest()).decode()


@lru_cache
def asset(name: str) -> Markup:
    """A file beside this module."""
    return Markup(files("nas_hydra.document").joinpath(name).read_text("utf-8"))


class Library(NamedTuple):
    """Plotly's JavaScript as it stands in a page.

    Args:
        packed: compressed with gzip and written in base64, 2 MB; the browser unpacks it.
        digest: SHA-256 of the unpacked script, in base64.
    """

    packed: Markup
    digest: str


@lru_cache
def library() -> Library:
    """Plotly of the installed Python package, packed once per process, in a fifth of a second."""
    # Its module is not imported: that takes longer than packing does.
    script = Path(str(distribution("plotly").locate_file(PLOTLY))).read_bytes()
    packed = b64encode(gzip.compress(script, LEVEL, mtime=0)).decode()
    return Library(Markup(packed), digest(script))
