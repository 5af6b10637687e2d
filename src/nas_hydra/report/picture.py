"""Pictures, drawn by Graphviz: what they look like, and how they become files.

The pictures have a white ground, so that they read the same on light and on dark pages.
"""

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from textwrap import wrap

from graphviz import Digraph
from graphviz.backend import CalledProcessError, ExecutableNotFound

from nas_hydra.errors import NasHydraError

FONT = "Helvetica,Arial,sans-serif"
INK, MUTED, LINE = "#1c2733", "#5f6b7a", "#9aa5b1"
"""Of names, of what is of less weight, and of arrows and borders."""
PAPER, DECIDED, TINT = "#f3f5f8", "#a63c06", "#fff1e3"
"""The ground of a component; the ink and the ground of what is or was open."""
FORMATS = ("svg", "png")
BOX_WIDTH, CHARACTER = 96, 6.3
"""Width of the narrowest box, and of a character, in points."""
LINE_WIDTH = 44
"""Characters in a line of values before they are wrapped."""


class PictureError(NasHydraError):
    """A picture cannot be drawn here; whatever it was to show is untouched."""


def canvas(direction: str = "LR") -> Digraph:
    """An empty picture in the project's style.

    Args:
        direction: ``LR`` or ``TB``, the way that arrows point.
    """
    graph = Digraph()
    graph.attr(rankdir=direction, bgcolor="white", pad="0.25", nodesep="0.16", ranksep="0.4")
    graph.attr(fontname=FONT, fontsize="12", fontcolor=MUTED)
    graph.attr("node", shape="plain", fontname=FONT, fontsize="12", fontcolor=INK)
    graph.attr("edge", color=LINE, arrowsize="0.6", penwidth="1.1", fontname=FONT, fontsize="11")
    return graph


def save(graph: Digraph, folder: Path, name: str, formats: Sequence[str] = FORMATS) -> None:
    """Write a picture as ``name.svg``, ``name.png``.

    Raises:
        PictureError: if Graphviz is not installed or fails.
    """
    for kind in formats:
        if kind == "png":
            graph.attr(dpi="144")  # in an SVG, it would only scale the size
        try:
            drawn = graph.pipe(format=kind)
        except ExecutableNotFound:
            raise PictureError(
                "pictures need Graphviz, whose program 'dot' is not on the PATH; install it: "
                "apt install graphviz, brew install graphviz, or https://graphviz.org/download"
            ) from None
        except CalledProcessError as error:
            reason = " ".join(error.stderr.decode(errors="replace").split()) or str(error)
            raise PictureError(f"Graphviz cannot draw {name}.{kind}: {reason}") from error
        (folder / f"{name}.{kind}").write_bytes(drawn)


def box(rows: Sequence[str], fill: str = PAPER, border: str = LINE, width: int = BOX_WIDTH) -> str:
    """A label: a rounded box with a row for each piece of markup.

    Args:
        rows: markup.
        fill: color of the ground.
        border: color of the line around it.
        width: at least so many points.
    """
    return (
        f'<<TABLE BORDER="1" STYLE="ROUNDED" COLOR="{border}" BGCOLOR="{fill}" CELLBORDER="0" '
        f'CELLSPACING="0" CELLPADDING="7"><TR><TD ALIGN="LEFT" BALIGN="LEFT" WIDTH="{width}">'
        f"{'<BR/>'.join(rows)}</TD></TR></TABLE>>"
    )


def words(text: str, color: str = INK, bold: bool = False, size: int = 12) -> str:
    """Markup for a text, wrapped where it is long."""
    lines = [escape(line) for line in wrap(text, LINE_WIDTH, break_on_hyphens=False)] or [" "]
    inside = "<BR/>".join(lines)
    inside = f"<B>{inside}</B>" if bold else inside
    return f'<FONT COLOR="{color}" POINT-SIZE="{size}">{inside}</FONT>'


def text_width(row: str) -> int:
    """About how many points a row of markup takes."""
    lines = re.split("<BR/>", row)
    longest = max(len(re.sub("&[^;]*;", " ", re.sub("<[^>]*>", "", line))) for line in lines)
    return max(BOX_WIDTH, round(CHARACTER * longest))
