"""A drawing as a file: SVG that is dark on a dark page, and PNG, drawn by Pillow.

All text goes through ``markup``, and an SVG has no links or scripts. The PNG's font has the letters
of English and a few signs; others lose their accents, or are a box.
"""

import math
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import accumulate, pairwise
from pathlib import Path

from PIL import Image, ImageDraw

from nas_hydra.files.small_file import make_way, replace
from nas_hydra.picture.palette import DARK, FONT, GROUND, PEN
from nas_hydra.picture.scene import Box, Drawing, Point, Shape, Stroke, Text
from nas_hydra.picture.text import Span, font, markup, plain

FORMATS = ("svg", "png")
THEME = "".join(
    f'[{place}="{light}"]{{{place}:{dark}}}'
    for light, dark in DARK.items()
    for place in ("fill", "stroke")
)
STYLE = f"<style>@media(prefers-color-scheme:dark){{{THEME}}}</style>"
"""Colours stand in the elements, for viewers without styles; this changes them on a dark page."""
DOTS, SMOOTH = 2.0, 2
"""Pixels for each point, and how often each pixel is drawn in both directions."""
MOST_PIXELS = 12_000_000
"""Of an image; a larger picture has fewer pixels for each point."""
STEPS = 12
"""Straight pieces of a curve."""


def svg(drawing: Drawing) -> str:
    """The file's content."""
    width, height = f"{drawing.width:.0f}", f"{drawing.height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
        f' viewBox="0 0 {width} {height}" font-family="{FONT}">\n{STYLE}\n'
        f'<rect width="100%" height="100%" fill="{GROUND}"/>\n'
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
        case Stroke():
            start, *rest = shape.shaft
            color = shape.color
            head = f'<path d="M{_points(shape.head)}z" fill="{color}"/>' if shape.arrow else ""
            return (
                f'<path d="M{_points([start])}C{_points(rest)}" fill="none" stroke="{color}"'
                f' stroke-width="{PEN}"/>{head}\n'
            )


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def png(drawing: Drawing) -> bytes:
    """The file's content."""
    dots = min(DOTS, math.sqrt(MOST_PIXELS / (drawing.width * drawing.height)))
    size = [max(1, round(side * dots)) for side in (drawing.width, drawing.height)]
    image = Image.new("RGB", (size[0] * SMOOTH, size[1] * SMOOTH), GROUND)
    pen = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        _draw(pen, shape, dots * SMOOTH)
    stream = BytesIO()
    image.reduce(SMOOTH).save(stream, "PNG", dpi=(72 * dots, 72 * dots))
    return stream.getvalue()


def _draw(pen: ImageDraw.ImageDraw, shape: Shape, scale: float) -> None:
    match shape:
        case Box(x, y, width, height, fill, border, radius):
            edges = [side * scale for side in (x, y, x + width, y + height)]
            ground = None if fill == "none" else fill
            pen.rounded_rectangle(edges, radius * scale, ground, border, max(1, round(scale)))
        case Text(x, y, run):
            _write(pen, run, x * scale, y * scale, scale)
        case Stroke(arrow=arrow, color=color):
            line = [(x * scale, y * scale) for x, y in _flat(shape.shaft)]
            pen.line(line, color, max(1, round(PEN * scale)), joint="curve")
            if arrow:
                pen.polygon([(x * scale, y * scale) for x, y in shape.head], color)


def _write(pen: ImageDraw.ImageDraw, run: Span, x: float, y: float, scale: float) -> None:
    """Letter by letter, each where its place is; bold ones twice, side by side."""
    letters = font(max(1, round(run.size * scale)))
    widths = [run._replace(text=letter).width * scale for letter in run.text]
    for letter, left in zip(run.text, accumulate(widths, initial=x), strict=False):
        for shift in (0, max(1, round(scale / 5))) if run.bold else (0,):
            pen.text((left + shift, y), plain(letter), run.color, letters, anchor="ls")


def _flat(points: Sequence[Point]) -> list[Point]:
    """Curves as straight pieces."""
    path = [points[0]]
    for place in range(1, len(points), 3):
        curve = [path[-1], *points[place : place + 3]]
        if any(len({point[axis] for point in curve}) == 1 for axis in (0, 1)):
            path.append(curve[-1])  # it is straight
            continue
        path += [_on_curve(curve, step / STEPS) for step in range(1, STEPS + 1)]
    return path


def _on_curve(points: Sequence[Point], share: float) -> Point:
    """By de Casteljau."""
    while len(points) > 1:
        points = [
            (ax + share * (bx - ax), ay + share * (by - ay))
            for (ax, ay), (bx, by) in pairwise(points)
        ]
    return points[0]


def save(drawing: Drawing, folder: Path, name: str, formats: Sequence[str] = FORMATS) -> None:
    """Write a picture as ``name.svg``, ``name.png``."""
    if "svg" in formats:
        replace(folder / f"{name}.svg", svg(drawing))
    if "png" in formats:
        make_way(folder / f"{name}.png")
        (folder / f"{name}.png").write_bytes(png(drawing))
