"""A drawing as SVG. All text goes through ``markup``; there are no links, scripts or styles."""

from collections.abc import Iterable

from nas_hydra.report.drawing.scene import Box, Drawing, Path, Point, Shape, Text
from nas_hydra.report.drawing.style import FONT, LINE, PEN
from nas_hydra.report.drawing.text import markup


def svg(drawing: Drawing) -> str:
    """The file's content."""
    width, height = f"{drawing.width:.0f}", f"{drawing.height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
        f' viewBox="0 0 {width} {height}" font-family="{FONT}">\n'
        '<rect width="100%" height="100%" fill="white"/>\n'
        f"{''.join(map(_element, drawing.shapes))}</svg>\n"
    )


def _element(shape: Shape) -> str:
    match shape:
        case Box(x, y, width, height, fill, border, radius):
            return (
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
                f' rx="{radius:g}" fill="{fill}" stroke="{border}"/>\n'
            )
        case Text(x, y, run):
            weight = ' font-weight="bold"' if run.bold else ""
            return (
                f'<text x="{x:.1f}" y="{y:.1f}" textLength="{max(run.width, 0.1):.1f}"'
                f' lengthAdjust="spacingAndGlyphs" font-size="{run.size:g}"{weight}'
                f' fill="{run.color}" xml:space="preserve">{markup(run.text)}</text>\n'
            )
        case Path():
            start, *rest = shape.shaft
            head = f'<path d="M{_points(shape.head)}z" fill="{LINE}"/>' if shape.arrow else ""
            return (
                f'<path d="M{_points([start])}C{_points(rest)}" fill="none" stroke="{LINE}"'
                f' stroke-width="{PEN}"/>{head}\n'
            )


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
