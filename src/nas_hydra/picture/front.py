"""The picture of a Pareto front: every trial as a point, the front as a staircase among them."""

import math
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from nas_hydra.document.text import counted
from nas_hydra.front import Front
from nas_hydra.objective import Objective, Objectives
from nas_hydra.picture.palette import DECIDED, FAINT, GROUND, LINE, MUTED
from nas_hydra.picture.scene import (
    Box,
    Drawing,
    Point,
    Shape,
    Stroke,
    Text,
    beside,
    line,
    padded,
    paragraph,
    stacked,
    straight,
)
from nas_hydra.picture.text import Span
from nas_hydra.trial import Trial

SIDE, GAP, TICK, MARGIN = 320.0, 30.0, 5.0, 18.0
"""Of the square in which the points are; between two; of a tick; around the picture; in points."""
POINT, RING = 4.0, 8.0
"""The radius of a trial, and of the ring around the winner."""
TICKS = 3
"""At least about so many numbers stand at an axis."""
ROOM, DECADES = 0.06, 100
"""At the ends of an axis, by its length; and from which factor on values stand by factors."""
UNITS = ((1e9, " G"), (1e6, " M"))


@dataclass(frozen=True)
class Scale:
    """From an objective's values to places on a line of length ``SIDE``.

    Args:
        objective: what it shows.
        low: the value at its beginning.
        high: the value at its end.
        log: whether equal ways are equal factors.
    """

    objective: Objective
    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Between 0 and ``SIDE`` for what is between the ends."""
        low, here, high = map(math.log10 if self.log else float, (self.low, value, self.high))
        return SIDE * (here - low) / (high - low)

    @property
    def label(self) -> str:
        """The metric, and which way is better."""
        better = "higher" if self.objective.direction == "maximize" else "lower"
        return f"{self.objective.name} ({better} is better)"

    @property
    def ticks(self) -> list[tuple[float, Span]]:
        """Round numbers between the ends, as many as have room, with their text."""
        found = [(value, Span(text, size=10)) for value, text in self._round()]
        widest = max((span.width for _, span in found), default=0) + 2 * TICK
        nearest = min(
            (self.place(b) - self.place(a) for (a, _), (b, _) in pairwise(found)), default=1
        )
        return found[:: math.ceil(widest / nearest)]

    def _round(self) -> Iterator[tuple[float, str]]:
        """Powers of ten; or multiples of 1, 2 or 5 times one, with as many decimals as differ."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            for value in (10.0**power for power in range(first, last + 1)):
                unit, sign = _unit(value)
                yield value, f"{value / unit:,.6g}{sign}"
            return
        raw = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(raw))
        step = max(power * factor for factor in (1, 2, 5) if power * factor <= raw)
        unit, sign = _unit(self.high)
        decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
        form = f",.{decimals}f" if decimals < 7 else ".6g"
        for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1):
            yield step * number, f"{step * number / unit:{form}}{sign}"


def _unit(reach: float) -> tuple[float, str]:
    """That in which numbers up to some reach are short."""
    return next((one for one in UNITS if reach >= one[0]), (1.0, ""))


@dataclass(frozen=True)
class Plane:
    """One objective against another one, in a square."""

    across: Scale
    down: Scale

    def spot(self, trial: Trial) -> Point:
        """Where a trial is, from the upper left corner."""
        x, y = (one.place(trial.values[one.objective.name]) for one in (self.across, self.down))
        return x, SIDE - y

    def staircase(self, trials: Sequence[Trial]) -> list[Point]:
        """The corners of the border of what they dominate, from side to side."""
        right, up = (one.objective.direction == "maximize" for one in (self.across, self.down))
        corners: list[Point] = []
        level = SIDE if up else 0.0
        for x, y in sorted(map(self.spot, trials), key=lambda spot: -spot[0] if right else spot[0]):
            if y < level if up else y > level:
                corners += [(x, level), (x, y)]
                level = y
        return [*corners, (0.0 if right else SIDE, level)]

    def drawn(self, inside: Iterable[Shape]) -> Drawing:
        """The square with what is in it, and numbers and names around it."""
        grid, ticks = zip(*self._ticks(), strict=True)
        names = [line([Span(one.label, MUTED, size=11)]) for one in (self.down, self.across)]
        left = max(GAP, *(-shape.x for shape in ticks))
        top = names[0].height + 8
        square = Box(0, 0, SIDE, SIDE, "none", LINE, 0)
        plot = Drawing(SIDE, SIDE, (*grid, square, *ticks, *inside)).at(left, top)
        foot = top + SIDE + TICK + names[0].height + 4
        middle = max(0.0, left + (SIDE - names[1].width) / 2)
        width = max(names[0].width, left + SIDE + GAP, middle + names[1].width)
        shapes = (*names[0].shapes, *plot, *names[1].at(middle, foot))
        return Drawing(width, foot + names[1].height, shapes)

    def _ticks(self) -> Iterator[tuple[Stroke, Text]]:
        """Lines through the square, each with its number at the side or below."""
        for value, span in self.down.ticks:
            y = SIDE - self.down.place(value)
            number = Text(-TICK - span.width, y + span.size / 3, span)
            yield Stroke(straight((0, y), (SIDE, y)), color=FAINT), number
        for value, span in self.across.ticks:
            x = self.across.place(value)
            number = Text(x - span.width / 2, SIDE + TICK + span.size, span)
            yield Stroke(straight((x, 0), (x, SIDE)), color=FAINT), number


def front_picture(
    trials: Sequence[Trial], front: Front, objectives: Objectives, title: str
) -> Drawing:
    """The first objective against each other one.

    Complete trials, of which there is at least one, are points, pale if they break a limit; the
    winner is in a ring.
    """
    shown = [trial for trial in trials if trial.complete and trial.duplicate_of is None]
    down, *across = (scale_of(objective, shown) for objective in objectives)
    over = {trial.number for trial in shown if objectives.violation(trial.metrics)}
    planes = [Plane(one, down) for one in across]
    panels = [plane.drawn(_marks(plane, shown, front, over)) for plane in planes]
    heading = [paragraph(Span(title, bold=True, size=13)), _legend(len(shown), front, len(over))]
    return padded(stacked([stacked(heading, gap=2), beside(panels, GAP)], gap=14), MARGIN)


def scale_of(objective: Objective, trials: Sequence[Trial]) -> Scale:
    """With room for all values; by factors where one is a hundred times another."""
    values = [trial.values[objective.name] for trial in trials]
    low, high = min(values), max(values)
    if 0 < DECADES * low < high:
        room = (high / low) ** ROOM
        return Scale(objective, low / room or low, min(high * room, sys.float_info.max), log=True)
    room = ROOM * (high - low) or ROOM * abs(low) or 1.0
    return Scale(objective, low - room, high + room)


def _legend(shown: int, front: Front, over: int) -> Drawing:
    told = f" of {counted(shown, 'candidate')}"
    if front.best is not None:
        told += f"; in a ring: trial {front.best.number}"
    told += f"; pale: {over:,} over a limit" if over else ""
    members = Span(f"{len(front.members):,} on the front", DECIDED, bold=True, size=10)
    return paragraph(members, Span(told, MUTED, size=10), widest=SIDE + GAP)


def _marks(plane: Plane, shown: Sequence[Trial], front: Front, over: Set[int]) -> Iterator[Shape]:
    """The staircase, the ring around the winner, and a point for each trial: the front on top."""
    members = {member.number for member in front.members}
    if members:
        yield Stroke(straight(*plane.staircase(front.members)), color=DECIDED)
    if front.best is not None:
        yield _disc(plane.spot(front.best), RING, GROUND, DECIDED)
    for trial in sorted(shown, key=lambda trial: trial.number in members):
        colour = LINE if trial.number in over else MUTED
        yield _disc(plane.spot(trial), POINT, DECIDED if trial.number in members else colour)


def _disc(middle: Point, radius: float, fill: str, border: str = GROUND) -> Box:
    x, y = middle
    return Box(x - radius, y - radius, 2 * radius, 2 * radius, fill, border, radius)
