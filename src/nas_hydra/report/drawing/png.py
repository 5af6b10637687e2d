"""A drawing as PNG, drawn by Pillow: twice as large as it will be, for smooth edges.

Its font has the letters of English and a few signs; others lose their accents, or are a box.
"""

import math
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate, pairwise

from PIL import Image, ImageDraw

from nas_hydra.report.drawing.scene import Box, Drawing, Path, Point, Shape, Text
from nas_hydra.report.drawing.style import LINE, PEN
from nas_hydra.report.drawing.text import Run, font, plain

DOTS, SMOOTH = 2.0, 2
"""Pixels for each point, and how often each pixel is drawn in both directions."""
MOST_PIXELS = 12_000_000
"""Of an image; a larger picture has fewer pixels for each point."""
STEPS = 12
"""Straight pieces of a curve."""


def png(drawing: Drawing) -> bytes:
    """The file's content."""
    dots = min(DOTS, math.sqrt(MOST_PIXELS / (drawing.width * drawing.height)))
    size = [max(1, round(side * dots)) for side in (drawing.width, drawing.height)]
    image = Image.new("RGB", (size[0] * SMOOTH, size[1] * SMOOTH), "white")
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
            pen.rounded_rectangle(edges, radius * scale, fill, border, max(1, round(scale)))
        case Text(x, y, run):
            _write(pen, run, x * scale, y * scale, scale)
        case Path(arrow=arrow):
            line = [(x * scale, y * scale) for x, y in _flat(shape.shaft)]
            pen.line(line, LINE, max(1, round(PEN * scale)), joint="curve")
            if arrow:
                pen.polygon([(x * scale, y * scale) for x, y in shape.head], LINE)


def _write(pen: ImageDraw.ImageDraw, run: Run, x: float, y: float, scale: float) -> None:
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
