"""Anytime curves: the best value so far of a group, against what was spent for it."""

from collections.abc import Iterator, Sequence

import numpy as np

from nas_hydra.comparison.progress import Progress
from nas_hydra.comparison.result import Axis, Curve, Interval
from nas_hydra.comparison.statistics import Floats, intervals

POINTS = 200
"""At most; more cannot be seen."""


def curves(runs: Sequence[Progress], whole: Sequence[bool]) -> dict[Axis, Curve]:
    """The curves of a group, seconds and epochs only where something was trained.

    Args:
        runs: each with a value in the end.
        whole: of each, whether it went as far as runs are compared; its last value then holds on,
            while an unfinished run leaves the curve where it ends.
    """
    trained = any(run.spent["epochs"][-1] > 0 for run in runs)
    axes: list[Axis] = ["trials", "epochs", "seconds"] if trained else ["trials"]
    return {axis: curve(runs, whole, axis) for axis in axes}


def curve(runs: Sequence[Progress], whole: Sequence[bool], axis: Axis) -> Curve:
    """The curve over one axis; it begins where every run has a value."""
    ends = [np.inf if full else run.spent[axis][-1] for run, full in zip(runs, whole, strict=True)]
    order = np.argsort(ends)[::-1]
    begin = max(run.spent[axis][np.isfinite(run.best).argmax()] for run in runs)
    points = grid(begin, max(run.spent[axis][-1] for run in runs), axis)
    table = np.array([values(runs[place], axis, points) for place in order])
    going = (np.array(ends)[:, None] >= points).sum(axis=0)
    return Curve(points.tolist(), [*_intervals(table, going)])


def grid(begin: float, end: float, axis: Axis) -> Floats:
    """Evenly spaced points; of trials, whole numbers."""
    points = np.linspace(begin, end, POINTS)
    return np.unique(points.round()) if axis == "trials" else np.unique(points)


def values(run: Progress, axis: Axis, points: Floats) -> Floats:
    """The best value of a run at each point."""
    places = np.searchsorted(run.spent[axis], points, side="right") - 1
    found: Floats = run.best[np.maximum(places, 0)]
    return found


def _intervals(table: Floats, going: Floats) -> Iterator[Interval]:
    """Of the first so many rows in each column; the number of rows falls."""
    for rows in sorted({*going.tolist()}, reverse=True):
        yield from intervals(table[:rows, going == rows])
