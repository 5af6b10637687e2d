"""Text in a drawing: what may stand there, how wide it is, and where it is wrapped.

Measured with the font that Pillow brings, whose letters are as wide as Helvetica's to a few
hundredths; an SVG asks for exactly the measured width, so that a text fits its box in any font.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from html import escape
from itertools import accumulate, groupby
from typing import NamedTuple
from unicodedata import category, east_asian_width, normalize

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

from nas_hydra.picture.palette import INK

WIDEST = 270.0
"""Points in a line before it is wrapped."""
MOST_LINES, LONGEST = 24, 4000
"""Lines of one text, and letters; what is longer ends with ``…``."""
BOLD = 1.06
"""How much wider bold letters are."""
UNIT = 100
"""Size at which letters are measured: large, so that the font's rounding does not matter."""
UNSEEN = ("Mn", "Me", "Cf")
"""Categories of what stands on the letter before it, or only says how others are written."""
ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 forbids or advises against: control characters, halves of surrogate pairs."""


class Span(NamedTuple):
    """A text of one look; ``size`` in points."""

    text: str
    color: str = INK
    bold: bool = False
    size: float = 12

    @property
    def width(self) -> float:
        """In points."""
        return _measured(self.text) * self.size / UNIT * (BOLD if self.bold else 1)


Line = Sequence[Span]


def legal(text: str) -> str:
    """The text with a sign in place of each character that no XML may hold."""
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def markup(text: str) -> str:
    """The text as it may stand in any XML, whatever is in it."""
    return escape(legal(text))


@cache
def font(size: int) -> FreeTypeFont:
    """The font that measures, and draws in a PNG."""
    found = ImageFont.load_default(size)
    if not isinstance(found, FreeTypeFont):
        raise TypeError("Pillow is built without FreeType; its wheels are built with it")
    return found


@lru_cache(4096)
def _measured(text: str) -> float:
    """Width at size ``UNIT``."""
    return sum(map(_advance, text))


@lru_cache(4096)
def _advance(letter: str) -> float:
    if east_asian_width(letter) in ("W", "F"):  # not in the font
        return float(UNIT)
    return font(UNIT).getlength(plain(letter))


def plain(letter: str) -> str:
    """The letter as the font has it: without accents; nothing where nothing is seen."""
    parts = normalize("NFD", legal(letter).replace("\N{MULTIPLICATION SIGN}", "x"))
    return "".join(part for part in parts if category(part) not in UNSEEN)


def wrapped(runs: Line, widest: float = WIDEST) -> list[list[Span]]:
    """Lines that are no wider than ``widest``, broken between words where possible."""
    lines: list[list[Span]] = [[]]
    room = widest
    for piece in (part for run in runs for part in _pieces(run, widest)):
        if piece._replace(text=piece.text.rstrip(" ")).width > room and lines[-1]:
            lines.append([])
            room = widest
        lines[-1].append(piece)
        room -= piece.width
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], [lines[MOST_LINES][0]._replace(text="…")]]
    return [_joined(line) for line in lines]


def _pieces(run: Span, widest: float) -> Iterator[Span]:
    """Words, each with the spaces after it; a word that is too wide in several parts."""
    text = re.sub("[\t\n\r ]+", " ", legal(run.text))
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    for word in re.findall("[^ ]+ *| +", text):
        rest = run._replace(text=word)
        while rest._replace(text=rest.text.rstrip(" ")).width > widest:
            ends = list(accumulate(run._replace(text=letter).width for letter in rest.text))
            fit = max(1, bisect_right(ends, widest))
            yield rest._replace(text=rest.text[:fit])
            rest = rest._replace(text=rest.text[fit:])
        yield rest


def _joined(line: Line) -> list[Span]:
    """Neighbours of one look as one run, without spaces at the end."""
    alike = [
        first._replace(text="".join(run.text for run in (first, *rest)))
        for _, (first, *rest) in groupby(line, key=lambda run: run[1:])
    ]
    if alike:
        alike[-1] = alike[-1]._replace(text=alike[-1].text.rstrip(" "))
    return [run for run in alike if run.text]
