"""The picture of where figures lie: those of each class with their intervals, or residuals."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from nas_hydra.document.text import number
from nas_hydra.picture.formats import STYLE
from nas_hydra.picture.palette import FONT, GROUND, HIT, INK, LINE, MUTED
from nas_hydra.picture.text import markup

ROW, LEFT, WIDE, TOP, MARGIN = 44.0, 150.0, 420.0, 70.0, 24.0
"""Pixels."""
LONGEST = 20
"""Characters of a name that are shown."""
MOST = 40
"""Rows; of more, the first ones are shown."""
EACH = "test_iou_"
"""What figures of single classes begin with."""


class Range(NamedTuple):
    """Where something lies.

    Args:
        name: of a class, or of a target.
        outer: its ends.
        inner: those of its middle half; the same as the middle if that is not known.
        middle: the figure itself, or the median.
        scale: of the axis, from its left end to its right one.
    """

    name: str
    outer: tuple[float, float]
    inner: tuple[float, float]
    middle: float
    scale: tuple[float, float]


def ranges_of(metrics: Mapping[str, Any]) -> tuple[str, list[Range]]:
    """What ``metrics.json`` tells of single classes or targets, in words and in numbers."""
    if targets := metrics.get("targets"):
        found = [_residuals(name, one["residuals"]) for name, one in targets.items()]
        return "residuals, prediction less target: 5 to 95 %, half of them, and the median", found
    figures = metrics["model"]
    ends = {name: figures.get(f"{name}_interval") for name in figures if name.startswith(EACH)}
    rows = [
        Range(name.removeprefix(EACH), (low, high), (value, value), value, (0, 1))
        for name, (low, high) in ((name, one) for name, one in ends.items() if one)
        for value in [figures[name]]
    ]
    return "intersection over union of each class, and its 95 % interval", rows


def _residuals(name: str, known: Mapping[str, float]) -> Range:
    low, first, middle, third, high = known.values()
    far = max(abs(low), abs(high)) or 1.0
    return Range(name, (low, high), (first, third), middle, (-far, far))


def picture(rows: Sequence[Range], title: str, words: str) -> str:
    """An SVG: a line for each row on its scale, its middle half thick, and a dot."""
    rows = rows[:MOST]
    width, height = LEFT + WIDE + 2 * MARGIN + 60, TOP + ROW * len(rows) + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" font-family="{FONT}" font-size="12"'
        f' fill="{INK}">{STYLE}<rect width="100%" height="100%" fill="{GROUND}"/>'
        f'<text x="{MARGIN}" y="24" fill="{MUTED}">{markup(title)}</text>'
        f'<text x="{MARGIN}" y="44" fill="{MUTED}">{markup(words)}</text>'
        f"{''.join(part for place, row in enumerate(rows) for part in _row(place, row))}</svg>\n"
    )


def _row(place: int, row: Range) -> Iterator[str]:
    y, (least, most) = TOP + ROW * (place + 0.5), row.scale

    def x(value: float) -> float:
        share = (value - least) / (most - least)
        return LEFT + WIDE * min(max(share, 0.0), 1.0)

    def bar(ends: tuple[float, float], height: float, color: str) -> str:
        left, right = x(ends[0]), x(ends[1])
        return (
            f'<rect x="{left:.1f}" y="{y - height / 2:g}" width="{right - left:.1f}"'
            f' height="{height:g}" fill="{color}"/>'
        )

    def mark(value: float) -> str:
        return (
            f'<rect x="{x(value):.1f}" y="{y - 9:g}" width="1" height="18" fill="{MUTED}"/>'
            f'<text x="{x(value):.1f}" y="{y + 22:g}" text-anchor="middle" font-size="10"'
            f' fill="{MUTED}">{number(value, 3)}</text>'
        )

    name = row.name if len(row.name) <= LONGEST else f"{row.name[: LONGEST - 1]}…"
    yield (
        f'<text x="{LEFT - 8:g}" y="{y + 4:g}" text-anchor="end">{markup(name)}</text>'
        f"{''.join(map(mark, (least, (least + most) / 2, most)))}{bar(row.scale, 1, LINE)}"
        f"{bar(row.outer, 3, HIT)}{bar(row.inner, 11, HIT)}"
        f'<circle cx="{x(row.middle):.1f}" cy="{y:g}" r="4"/>'
        f'<text x="{LEFT + WIDE + 10:g}" y="{y + 4:g}">{number(float(f"{row.middle:.3g}"))}</text>'
    )
