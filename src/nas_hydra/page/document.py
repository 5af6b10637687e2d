"""The page around its sections: one HTML file that asks nobody for anything."""

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup

from nas_hydra.page.library import library


class Section(NamedTuple):
    """A part of a page.

    Args:
        title: its heading, also in the list of sections at the top.
        content: its elements, one below the other.
    """

    title: str
    content: Sequence[Markup]


def page(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """A whole HTML document that works from disk and without a network.

    It follows the reader's light or dark scheme, and fits a phone. Its security policy lets run
    no script but the two that it comes with, known by their digests, and load nothing: what a
    candidate or an error may have smuggled in would stay dead text.

    Args:
        title: heading, and title of the window.
        subtitle: a line below it.
        sections: those without content are left out.
    """
    shown = [section for section in sections if section.content]
    names = {f"s{place}": section for place, section in enumerate(shown)}
    links = Markup("").join(
        Markup('<a href="#{}">{}</a>').format(name, section.title)
        for name, section in names.items()
    )
    plotly = library()
    document = asset("page.html").format(
        title=title,
        subtitle=subtitle,
        links=links,
        sections=Markup("").join(_section(name, section) for name, section in names.items()),
        policy=policy(plotly.digest, digest(asset("page.js"))),
        css=asset("page.css"),
        js=asset("page.js"),
        plotly=plotly.packed,
    )
    return str(document)


def _section(name: str, section: Section) -> Markup:
    content = Markup("\n").join(section.content)
    return Markup('<section id="{0}"><h2>{1}</h2>\n{2}</section>\n').format(
        name, section.title, content
    )


def policy(*scripts: str) -> str:
    """A content security policy that allows the scripts of these digests, and pictures inside."""
    allowed = " ".join(f"'sha256-{script}'" for script in scripts)
    # Plotly writes its style sheet and its elements' styles while it draws.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def digest(script: str) -> str:
    """A script's SHA-256, as a security policy names it."""
    return b64encode(sha256(script.encode()).digest()).decode()


@lru_cache
def asset(name: str) -> Markup:
    """A file beside this module."""
    return Markup(files("nas_hydra.page").joinpath(name).read_text("utf-8"))
