"""The series of a plot, as plain data for Plotly; colours are names that ``page.css`` gives values.

``plotly.graph_objects`` would check them, and takes seconds to import.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

Trace = Mapping[str, Any]
"""One series of a plot, with Plotly's keys."""

COLORS = 6
"""How many ``page.css`` has, told apart also by the colour-blind, on light and on dark ground."""
DASHES = ("solid", "dash", "dot")
BAND = 0.18
"""Opacity of a band around a line."""


def color(place: int, opacity: float = 1.0) -> str:
    """The colour of the series at a place: one of ``COLORS``, over and over."""
    return shade(f"c{place % COLORS}", opacity)


def shade(name: str, opacity: float = 1.0) -> str:
    """A colour of ``page.css``: ``ink``, ``muted``, ``line``, ``accent``, ``c0`` and so on."""
    return f"@{name}/{opacity:g}"


def dash(place: int) -> str:
    """The line of the series at a place, which tells those of one colour apart."""
    return DASHES[place // COLORS % len(DASHES)]


def label(text: object) -> str:
    """A text that Plotly shows as it is: it reads a few tags of HTML."""
    return escape(str(text), quote=False)


def line(x: Sequence[Any], y: Sequence[Any], name: str, place: int, **more: Any) -> dict[str, Any]:
    """A line in the colour of a place."""
    return {
        "name": label(name),
        "x": list(x),
        "y": list(y),
        "mode": "lines",
        "line": {"color": color(place), "width": 2.5, **more},
        "hovertemplate": "%{y:.5g}<extra></extra>",
    }


def band(
    x: Sequence[float], low: Sequence[float], high: Sequence[float], place: int, **line: Any
) -> list[dict[str, Any]]:
    """What is between two lines, as an area in the colour of a place."""
    edge = {"x": list(x), "mode": "lines", "showlegend": False, "hoverinfo": "skip"}
    edge["line"] = {"width": 0, **line}
    return [
        {**edge, "y": list(low)},
        {**edge, "y": list(high), "fill": "tonexty", "fillcolor": color(place, BAND)},
    ]
