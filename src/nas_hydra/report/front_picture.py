"""The picture of a Pareto front: every trial as a point, the front among them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nas_hydra.front import Front
from nas_hydra.objective import Objective, Objectives
from nas_hydra.report.drawing.style import DECIDED, FONT, INK, LINE, MUTED
from nas_hydra.report.drawing.text import markup
from nas_hydra.trial import Trial

SIZE, LEFT, TOP, RIGHT, BOTTOM = 320.0, 84.0, 44.0, 24.0, 56.0
"""Of the square in which the points are, and of its margins, in pixels."""
TICKS = 3
"""At least about so many numbers stand at an axis."""


@dataclass(frozen=True)
class Axis:
    """From an objective's values to places on a line of length ``SIZE``.

    Args:
        objective: what it shows.
        low: the value at its beginning.
        high: the value at its end.
    """

    objective: Objective
    low: float
    high: float

    def place(self, value: float) -> float:
        """Between 0 and ``SIZE`` for what is between the ends."""
        return SIZE * (value - self.low) / (self.high - self.low)

    @property
    def label(self) -> str:
        """The metric, and which way is better."""
        better = "higher" if self.objective.direction == "maximize" else "lower"
        return markup(f"{self.objective.name} ({better} is better)")

    @property
    def ticks(self) -> list[float]:
        """Round numbers between the ends."""
        raw = (self.high - self.low) / TICKS
        unit = 10.0 ** math.floor(math.log10(raw))
        step = max(unit * factor for factor in (1, 2, 5) if unit * factor <= raw)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [step * number for number in range(first, last + 1)]


def axis(objective: Objective, trials: Sequence[Trial]) -> Axis:
    """An axis with room for all values."""
    values = [trial.values[objective.name] for trial in trials]
    room = 0.06 * (max(values) - min(values)) or 0.06 * abs(values[0]) or 1.0
    return Axis(objective, min(values) - room, max(values) + room)


def front_picture(trials: Sequence[Trial], front: Front, objectives: Objectives, title: str) -> str:
    """An SVG: the first objective against each other one.

    Complete trials are points, pale if they break a limit; the front is dark, the winner in a ring.

    Args:
        trials: at least one is complete.
        front: of these.
        objectives: several.
        title: stands above.
    """
    shown = [trial for trial in trials if trial.complete and trial.duplicate_of is None]
    down, *across = (axis(objective, shown) for objective in objectives)
    panels = [
        f'<g transform="translate({LEFT + index * (LEFT + SIZE + RIGHT)} {TOP})">'
        f"{''.join(panel(one, down, shown, front, objectives))}</g>"
        for index, one in enumerate(across)
    ]
    width, height = len(across) * (LEFT + SIZE + RIGHT), TOP + SIZE + BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="{FONT}" font-size="12" fill="{INK}">'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<text x="{LEFT}" y="24" fill="{MUTED}">{markup(title)}</text>{"".join(panels)}</svg>\n'
    )


def panel(
    across: Axis, down: Axis, trials: Sequence[Trial], front: Front, objectives: Objectives
) -> Iterator[str]:
    """One objective against another one."""
    yield f'<rect width="{SIZE}" height="{SIZE}" fill="none" stroke="{LINE}"/>'
    yield from scales(across, down)
    members = {member.number for member in front.members}
    for trial in sorted(trials, key=lambda trial: trial.number in members):  # the front on top
        x, y = spot(trial, across, down)
        color = DECIDED if trial.number in members else MUTED
        opacity = 0.25 if objectives.violation(trial.metrics) else 0.7
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}" opacity="{opacity}"/>'
    if front.best is not None:
        x, y = spot(front.best, across, down)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{DECIDED}"/>'


def spot(trial: Trial, across: Axis, down: Axis) -> tuple[float, float]:
    """Where a trial is in the square, from its upper left corner."""
    return (
        across.place(trial.values[across.objective.name]),
        SIZE - down.place(trial.values[down.objective.name]),
    )


def scales(across: Axis, down: Axis) -> Iterator[str]:
    """Numbers and names at the square's lower and left side."""
    for value in across.ticks:
        x = across.place(value)
        yield f'<path d="M{x:.1f} {SIZE}v5" stroke="{LINE}"/>'
        yield f'<text x="{x:.1f}" y="{SIZE + 19}" text-anchor="middle">{number(value)}</text>'
    for value in down.ticks:
        y = SIZE - down.place(value)
        yield f'<path d="M0 {y:.1f}h-5" stroke="{LINE}"/>'
        yield f'<text x="-9" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>'
    middle = f'text-anchor="middle" fill="{MUTED}"'
    yield f'<text x="{SIZE / 2}" y="{SIZE + 42}" {middle}>{across.label}</text>'
    yield f'<text transform="translate(-62 {SIZE / 2}) rotate(-90)" {middle}>{down.label}</text>'


def number(value: float) -> str:
    """``0.25``, ``40,000``, ``2e+06``."""
    if 1000 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:.4g}"
