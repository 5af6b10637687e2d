"""The plot of a search's progress: every trial, and the best so far."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from nas_hydra.objective import Objective, Objectives
from nas_hydra.page import Trace, color, plot, shade
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.trial_plots import points
from nas_hydra.trial import Trial

EDGE = 0.03
"""Where what has no value on the axis stands, as a share of the height."""


def progress(outcome: Outcome, objective: Objective) -> Markup:
    """Every trial's value, and the best of the feasible ones so far."""
    groups = grouped(outcome, objective)
    series: list[Trace] = [
        placed(groups[name], name, marker, objective if on_scale else None)
        for name, (marker, on_scale) in marks(objective).items()
        if groups[name]
    ]
    return plot(
        [*series, incumbent(outcome, objective)],
        f"{objective.name} of every trial, and the best so far",
        "trial",
        objective.name,
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )


def marks(objective: Objective) -> dict[str, tuple[dict[str, Any], bool]]:
    """The marker of each group of trials, and whether it stands at its value or at the edge."""
    worse = "triangle-down" if objective.direction == "maximize" else "triangle-up"
    return {
        "trial": ({"color": color(0, 0.55), "size": 7}, True),
        "over a limit": ({"color": shade("muted", 0.45), "size": 7}, True),
        "far worse": ({"color": color(0, 0.55), "symbol": worse, "size": 8}, False),
        "failed": ({"color": color(1), "symbol": "x", "size": 7}, False),
    }


def placed(
    trials: Sequence[Trial], name: str, marker: dict[str, Any], objective: Objective | None
) -> Trace:
    """Trials over their numbers, at their values or at the lower edge."""
    y = [trial.values[objective.name] if objective else EDGE for trial in trials]
    return {
        **points(trials, [trial.number for trial in trials], y, name, marker),
        "yaxis": "y" if objective else "y2",
    }


def grouped(outcome: Outcome, objective: Objective) -> dict[str, list[Trial]]:
    """The trials by the names of ``marks``."""
    limits, floor = outcome.run.objectives, worst_shown(outcome.trials, objective)
    groups: dict[str, list[Trial]] = {name: [] for name in marks(objective)}
    for trial in outcome.trials:
        if not trial.complete:
            groups["failed"].append(trial)
        elif objective.fitness(trial.values) < floor:
            groups["far worse"].append(trial)
        else:
            groups["over a limit" if limits.violation(trial.metrics) else "trial"].append(trial)
    return groups


def worst_shown(trials: Sequence[Trial], objective: Objective) -> float:
    """The fitness below which trials stand at the edge: they would squeeze all others together."""
    fitness = sorted(objective.fitness(trial.values) for trial in complete(trials))
    if not fitness:
        return -math.inf
    span = fitness[-1] - fitness[len(fitness) // 10]
    return -math.inf if fitness[-1] - fitness[0] <= 3 * span else fitness[-1] - 2 * span


def incumbent(outcome: Outcome, objective: Objective) -> Trace:
    """The best value so far, as steps."""
    floor = worst_shown(outcome.trials, objective)
    best = best_so_far(outcome.trials, objective, outcome.run.objectives)
    return {
        "name": "best so far",
        "x": [trial.number for trial in outcome.trials],
        "y": [None if one is None or objective.signed(one) < floor else one for one in best],
        "mode": "lines",
        "line": {"color": color(1), "width": 2.5, "shape": "hv"},
        "hovertemplate": "best so far %{y:.5g}<extra></extra>",
    }


def complete(trials: Sequence[Trial]) -> list[Trial]:
    """Those with values."""
    return [trial for trial in trials if trial.complete]


def best_so_far(
    trials: Sequence[Trial], objective: Objective, objectives: Objectives
) -> Iterator[float | None]:
    """After each trial, the best value of a feasible one; None before there is one."""
    best: float | None = None
    for trial in trials:
        if trial.complete and not objectives.violation(trial.metrics):
            fitness = objective.fitness(trial.values)
            best = fitness if best is None else max(best, fitness)
        yield None if best is None else objective.signed(best)
