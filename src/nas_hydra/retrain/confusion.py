"""The picture of what a model takes for what."""

from collections.abc import Iterator, Sequence

from nas_hydra.picture.formats import STYLE
from nas_hydra.picture.palette import FONT, GROUND, HIT, INK, LINE, MISS, MUTED
from nas_hydra.picture.text import markup

Counts = Sequence[Sequence[int]]
"""Rows are true classes, columns predicted ones."""

CELL, LEFT, TOP, MARGIN = 34.0, 130.0, 150.0, 24.0
"""Pixels."""
MOST = 40
"""With more classes, cells have no numbers, and are small."""
LONGEST = 18
"""Characters of a class's name that are shown."""


def picture(counts: Counts, classes: Sequence[str], title: str) -> str:
    """An SVG: darker is more, as a share of the true class; what is right is green."""
    side = CELL if len(counts) <= MOST else CELL / 4
    width, height = LEFT + side * len(counts) + MARGIN, TOP + side * len(counts) + MARGIN
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in classes]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" font-family="{FONT}" font-size="12"'
        f' fill="{INK}">{STYLE}<rect width="100%" height="100%" fill="{GROUND}"/>'
        f'<text x="{MARGIN}" y="24" fill="{MUTED}">{markup(title)}</text>'
        f'<text x="{MARGIN}" y="44" fill="{MUTED}">rows: the true class; columns: predicted</text>'
        f"{''.join(_cells(counts, side))}{''.join(_labels(names, side))}</svg>\n"
    )


def _cells(counts: Counts, side: float) -> Iterator[str]:
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            x, y, share = LEFT + column * side, TOP + row * side, count / max(sum(line), 1)
            color = HIT if row == column else MISS
            yield (
                f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" stroke="{LINE}"'
                f' stroke-width="0.3" fill="{color}" fill-opacity="{share**0.5:.2f}"/>'
            )
            if count and len(counts) <= MOST:
                ink = GROUND if share > 0.3 else INK
                yield (
                    f'<text x="{x + side / 2:g}" y="{y + side / 2 + 4:g}" text-anchor="middle"'
                    f' font-size="10" fill="{ink}">{count}</text>'
                )


def _labels(names: Sequence[str], side: float) -> Iterator[str]:
    size = min(12.0, side)
    for place, name in enumerate(names):
        middle = place * side + side / 2
        yield (
            f'<text x="{LEFT - 8:g}" y="{TOP + middle + size / 3:.1f}" text-anchor="end"'
            f' font-size="{size:g}">{markup(name)}</text>'
            f'<text transform="translate({LEFT + middle + size / 3:.1f} {TOP - 8:g}) rotate(-60)"'
            f' font-size="{size:g}">{markup(name)}</text>'
        )
