"""Plots in which every candidate is a point or a curve of its own."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from markupsafe import Markup

from nas_hydra.objective import Objective
from nas_hydra.page import Trace, color, label, plot, shade
from nas_hydra.report.outcome import Outcome
from nas_hydra.trial import Trial

LEADERS, OTHERS = 10, 60
"""How many learning curves stand out, and how many are shown behind them at most."""

TICKS = 8
"""About so many epochs are named at the axis."""


def points(
    trials: Sequence[Trial],
    x: Sequence[float],
    y: Sequence[float],
    name: str,
    marker: Mapping[str, Any],
) -> dict[str, Any]:
    """Trials as points that tell of themselves when pointed at."""
    return {
        "name": name,
        "x": x,
        "y": y,
        "mode": "markers",
        "marker": marker,
        "text": [told(trial) for trial in trials],
        "hovertemplate": "%{text}<extra></extra>",
    }


def told(trial: Trial) -> str:
    """A trial in a few words, for whoever points at it."""
    parents = " and ".join(str(number) for number in trial.proposal.parents)
    of = f" of {parents}" if parents else ""
    values = ", ".join(f"{name} {value:.5g}" for name, value in trial.values.items())
    return label(f"trial {trial.number}: {values or trial.error}, {trial.proposal.origin}{of}")


def curves(outcome: Outcome, metric: str) -> Markup:
    """How a metric came about in training: the best candidates before some of the others."""
    trained = [trial for trial in outcome.ranked if metric in trial.curves]
    leaders, others = trained[:LEADERS], trained[LEADERS : LEADERS + OTHERS]
    series: list[Trace] = [behind(others, metric)] if others else []
    for place, trial in reversed(list(enumerate(leaders))):
        epochs, values = measured(trial.curves[metric])
        first = {"color": color(1), "width": 3}
        series.append(
            {
                "name": "best" if place == 0 else f"best {len(leaders)}",
                "showlegend": place < 2,
                "x": epochs,
                "y": values,
                "mode": "lines+markers" if len(values) == 1 else "lines",
                "line": {"color": color(0, 0.75), "width": 1.5} if place else first,
                "hovertemplate": f"trial {trial.number}: %{{y:.5g}}<extra></extra>",
            }
        )
    longest = max(len(trial.curves[metric]) for trial in trained)
    ticks = {"tick0": 1, "dtick": max(1, round(longest / TICKS))}
    title = f"{metric} after each epoch of training"
    return plot(series, title, "epoch", metric, xaxis=ticks)


def measured(curve: Sequence[float]) -> tuple[list[int], list[float]]:
    """The epochs, from 1, after which a metric was measured, and its values there."""
    known = [(epoch, value) for epoch, value in enumerate(curve, 1) if not math.isnan(value)]
    return [epoch for epoch, _ in known], [value for _, value in known]


def behind(trials: Sequence[Trial], metric: str) -> dict[str, Any]:
    """Many curves as one series with gaps, which is drawn at once."""
    parts = [measured(trial.curves[metric]) for trial in trials]
    return {
        "name": "others",
        "x": list(chain.from_iterable([*epochs, None] for epochs, _ in parts)),
        "y": list(chain.from_iterable([*values, None] for _, values in parts)),
        "mode": "lines",
        "line": {"color": shade("muted", 0.3), "width": 1},
        "hoverinfo": "skip",
    }


def front(outcome: Outcome, across: Objective) -> Markup:
    """Every trial by two objectives: the front, and what it dominates."""
    members = {trial.number for trial in outcome.front.members}
    limits = outcome.run.objectives
    groups: dict[str, list[Trial]] = {"over a limit": [], "trial": [], "front": []}
    for trial in outcome.ranked:
        over = "over a limit" if limits.violation(trial.metrics) else "trial"
        groups["front" if trial.number in members else over].append(trial)
    markers = {
        "over a limit": {"color": shade("muted", 0.3), "size": 6},
        "trial": {"color": color(0, 0.5), "size": 7},
        "front": {"color": color(1), "size": 10, "symbol": "diamond"},
    }
    up = outcome.objective

    def placed(name: str, trials: Sequence[Trial], marker: Mapping[str, Any]) -> Trace:
        x, y = ([trial.values[one.name] for trial in trials] for one in (across, up))
        return points(trials, x, y, name, marker)

    series = [placed(name, groups[name], markers[name]) for name in groups if groups[name]]
    if outcome.front.best is not None:
        ring = {"color": shade("ink"), "size": 18, "symbol": "circle-open", "line": {"width": 2}}
        series.append(placed("winner", [outcome.front.best], ring))
    title = f"{up.name} against {across.name}"
    return plot(series, title, better(across), better(up), height=440)


def better(objective: Objective) -> str:
    """An objective, and which way is better."""
    higher = objective.direction == "maximize"
    return f"{objective.name} ({'higher' if higher else 'lower'} is better)"
