"""The plots of a search's page: trials and curves, the progress, the population, the front."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from nas_hydra.document import Plot
from nas_hydra.document.plot import Trace, band, color, label, line, shade
from nas_hydra.objective import Objective
from nas_hydra.report.history import History, Moment, window
from nas_hydra.report.outcome import Outcome
from nas_hydra.trial import Trial

LEADERS, OTHERS = 10, 60
"""How many learning curves stand out, and how many are shown behind them at most."""

TICKS = 8
"""About so many epochs are named at the axis."""


EDGE = 0.03
"""Where what has no value on the axis stands, as a share of the height."""
EDGES = {"yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}}
"""The layout of a plot with such points."""


def _points(
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
        "text": [_told(trial) for trial in trials],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _told(trial: Trial) -> str:
    """A trial in a few words, for whoever points at it."""
    parents = " and ".join(str(number) for number in trial.proposal.parents)
    of = f" of {parents}" if parents else ""
    values = ", ".join(f"{name} {value:.5g}" for name, value in trial.values.items())
    outcome = values or trial.error or "stopped"
    return label(f"trial {trial.number}: {outcome}, {trial.proposal.origin}{of}")


def curves(outcome: Outcome, metric: str) -> Plot:
    """How a metric came about in training: the best candidates before some of the others."""
    trained = [trial for trial in outcome.ranked if metric in trial.curves]
    front = [trial for trial in outcome.leaders if metric in trial.curves]
    leaders = front[:LEADERS] if outcome.several and front else trained[:LEADERS]
    rest = [trial for trial in trained if trial not in leaders]
    others = rest[: LEADERS + OTHERS - len(leaders)]
    others_named = "front" if outcome.several else f"best {len(leaders)}"
    series: list[Trace] = [_behind(others, metric)] if others else []
    for place, trial in reversed(list(enumerate(leaders))):
        epochs, values = measured(trial.curves[metric])
        won = trial is outcome.front.best
        first = {"color": color(1), "width": 3}
        series.append(
            {
                "name": others_named if place else "winner" if won else "best",
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
    return Plot(series, title, "epoch", metric, layout={"xaxis": ticks})


def measured(curve: Sequence[float]) -> tuple[list[int], list[float]]:
    """The epochs, from 1, after which a metric was measured, and its values there."""
    known = [(epoch, value) for epoch, value in enumerate(curve, 1) if not math.isnan(value)]
    return [epoch for epoch, _ in known], [value for _, value in known]


def _behind(trials: Sequence[Trial], metric: str) -> dict[str, Any]:
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


def against(outcome: Outcome, across: Objective) -> Plot:
    """Every trial by the first objective and another metric, with a staircase of the best."""
    up, groups, best = outcome.objective, outcome.front_groups, outcome.front.best
    steps = _staircase(outcome, across)
    floor = min([_worst_shown(outcome.ranked, up), *map(up.signed, steps["y"])])
    far = [trial for trial in groups["trial"] if up.fitness(trial.values) < floor]
    groups["trial"] = [trial for trial in groups["trial"] if trial not in far]
    groups |= {"far worse": far, "winner": [] if best is None else [best]}
    markers = {
        **{name: marker for name, (marker, _) in _marks(up).items()},
        "front": {"color": color(1), "size": 10, "symbol": "diamond"},
        "winner": {
            **{"color": shade("ink"), "size": 18, "symbol": "circle-open"},
            "line": {"width": 2},
        },
    }

    def placed(name: str) -> Trace:
        known = [trial for trial in groups[name] if across.name in trial.metrics]
        y = [EDGE if name == "far worse" else trial.metrics[up.name] for trial in known]
        x = [trial.metrics[across.name] for trial in known]
        axis = "y2" if name == "far worse" else "y"
        return {**_points(known, x, y, name, markers[name]), "yaxis": axis}

    series = [steps] * outcome.front.feasible + [placed(name) for name in groups if groups[name]]
    title = f"{up.name} against {across.name}"
    return Plot(series, title, _better(across), _better(up), 440, EDGES)


def _staircase(outcome: Outcome, across: Objective) -> Trace:
    """The best value to be had for each value of another metric."""
    up, violation = outcome.objective, outcome.run.objectives.violation
    known = [
        (across.fitness(trial.metrics), up.fitness(trial.metrics))
        for trial in outcome.ranked
        if across.name in trial.metrics and not violation(trial.metrics)
    ]
    steps: list[tuple[float, float]] = []
    for x, y in sorted(known, reverse=True):
        if not steps or y > steps[-1][1]:
            steps.append((x, y))
    return {
        "name": f"best {up.name} for its {across.name}",
        "x": [across.signed(x) for x, _ in steps],
        "y": [up.signed(y) for _, y in steps],
        "mode": "lines",
        "line": {"color": color(1, 0.7), "width": 2, "shape": "hv"},
        "hoverinfo": "skip",
    }


def _better(objective: Objective) -> str:
    """An objective, and which way is better."""
    higher = objective.direction == "maximize"
    return f"{objective.name} ({'higher' if higher else 'lower'} is better)"


MOMENTS = 300
"""Most points of a line along a search; each costs some arithmetic on the population."""
LOW = 200
"""Height of a plot with little in it, in pixels."""


def moments(outcome: Outcome) -> list[Moment]:
    """At most ``MOMENTS`` of a search, evenly spread, the last one among them."""
    trials = outcome.trials
    every = -(-len(trials) // MOMENTS)
    follower = History(outcome.run.objectives, window(outcome.run.config))
    found: list[Moment] = []
    for left, trial in zip(range(len(trials) - 1, -1, -1), trials, strict=True):
        follower.take(trial)
        if left % every == 0:
            found.append(follower.moment)
    return found


def population(found: Sequence[Moment], objective: Objective) -> list[Plot]:
    """Mean and spread of the population, and how much its members differ."""
    known = [(moment.trial.number, moment.population) for moment in found]
    rows = [(number, population) for number, population in known if population is not None]
    x = [number for number, _ in rows]
    mean = [population.mean for _, population in rows]
    values = [moment.trial.values[objective.name] for moment in found if moment.trial.complete]
    seen = [*mean, *values]
    high = [min(population.mean + population.spread, max(seen)) for _, population in rows]
    low = [max(population.mean - population.spread, min(seen)) for _, population in rows]
    diversity = [population.diversity for _, population in rows]
    return [
        Plot(
            [*band(x, low, high, 0), line(x, mean, "mean, with its standard deviation", 0)],
            f"mean and spread of {objective.name} in the population",
            "trial",
            objective.name,
        ),
        Plot(
            [line(x, diversity, "diversity", 2)],
            "diversity of the population",
            "trial",
            "diversity",
            LOW,
            {"yaxis": {"range": [0, 1.03]}, "showlegend": False},
        ),
    ]


def by_cost(found: Sequence[Moment], objective: Objective, unit: str) -> Plot:
    """The best value so far, by what was spent for it."""
    known = [(moment.cost, moment.best) for moment in found if moment.best is not None]
    x, y = [cost for cost, _ in known], [best.values[objective.name] for _, best in known]
    series = [line(x, y, "best so far", 0, shape="hv")]
    title = f"best {objective.name} so far by cost"
    return Plot(series, title, f"spent ({unit})", objective.name, layout={"showlegend": False})


def volume(found: Sequence[Moment]) -> Plot:
    """How much the front dominates, along the search."""
    x = [moment.trial.number for moment in found]
    y = [moment.hypervolume for moment in found]
    series = [line(x, y, "hypervolume", 0, shape="hv")]
    title = "hypervolume of the front so far"
    return Plot(series, title, "trial", "hypervolume", LOW, {"showlegend": False})


def progress(outcome: Outcome, objective: Objective) -> Plot:
    """Every trial's value, and the best of the feasible ones so far."""
    groups = _grouped(outcome, objective)
    series: list[Trace] = [
        _placed(groups[name], name, marker, objective if on_scale else None)
        for name, (marker, on_scale) in _marks(objective).items()
        if groups[name]
    ]
    return Plot(
        [*series, _incumbent(outcome, objective)],
        f"{objective.name} of every trial, and the best so far"
        + (f" of those{outcome.scope}" if outcome.scope else ""),
        "trial",
        objective.name,
        layout=EDGES,
    )


def _marks(objective: Objective) -> dict[str, tuple[dict[str, Any], bool]]:
    """The marker of each group of trials, and whether it stands at its value or at the edge."""
    worse = "triangle-down" if objective.direction == "maximize" else "triangle-up"
    return {
        "trial": ({"color": color(0, 0.55), "size": 7}, True),
        "over a limit": ({"color": shade("muted", 0.45), "size": 7}, True),
        "far worse": ({"color": color(0, 0.55), "symbol": worse, "size": 8}, False),
        "less trained": ({"color": shade("muted", 0.45), "symbol": "circle-open"}, True),
        "stopped": ({"color": shade("muted", 0.45), "symbol": "line-ns-open", "size": 8}, False),
        "failed": ({"color": color(1), "symbol": "x", "size": 7}, False),
    }


def _placed(
    trials: Sequence[Trial], name: str, marker: dict[str, Any], objective: Objective | None
) -> Trace:
    """Trials over their numbers, at their values or at the lower edge."""
    y = [trial.values[objective.name] if objective else EDGE for trial in trials]
    return {
        **_points(trials, [trial.number for trial in trials], y, name, marker),
        "yaxis": "y" if objective else "y2",
    }


def _grouped(outcome: Outcome, objective: Objective) -> dict[str, list[Trial]]:
    """The trials by the names of ``marks``."""
    limits, floor = outcome.run.objectives, _worst_shown(outcome.trials, objective)
    groups: dict[str, list[Trial]] = {name: [] for name in _marks(objective)}
    for trial in outcome.trials:
        if not trial.complete:
            groups["stopped" if trial.state == "pruned" else "failed"].append(trial)
        elif objective.fitness(trial.values) < floor:
            groups["far worse"].append(trial)
        elif outcome.run.partial and trial.level != outcome.front.level:
            groups["less trained"].append(trial)
        else:
            groups["over a limit" if limits.violation(trial.metrics) else "trial"].append(trial)
    return groups


def _worst_shown(trials: Sequence[Trial], objective: Objective) -> float:
    """The fitness below which trials stand at the edge: they would squeeze all others together."""
    fitness = sorted(objective.fitness(trial.values) for trial in _complete(trials))
    if not fitness:
        return -math.inf
    span = fitness[-1] - fitness[len(fitness) // 10]
    return -math.inf if fitness[-1] - fitness[0] <= 3 * span else fitness[-1] - 2 * span


def _incumbent(outcome: Outcome, objective: Objective) -> Trace:
    """The best value so far, as steps."""
    floor = _worst_shown(outcome.trials, objective)
    best = _best_so_far(outcome, objective)
    return {
        "name": "best so far",
        "x": [trial.number for trial in outcome.trials],
        "y": [None if one is None or objective.signed(one) < floor else one for one in best],
        "mode": "lines",
        "line": {"color": color(1), "width": 2.5, "shape": "hv"},
        "hovertemplate": "best so far %{y:.5g}<extra></extra>",
    }


def _complete(trials: Sequence[Trial]) -> list[Trial]:
    """Those with values."""
    return [trial for trial in trials if trial.complete]


def _best_so_far(outcome: Outcome, objective: Objective) -> Iterator[float | None]:
    """After each trial, the best value of a feasible one; None before there is one.

    Of trials that differ in how far they were trained, those count that went as far as the winner.
    """
    best: float | None = None
    for trial in outcome.trials:
        alike = not outcome.run.partial or trial.level == outcome.front.level
        if trial.complete and alike and not outcome.run.objectives.violation(trial.metrics):
            fitness = objective.fitness(trial.values)
            best = fitness if best is None else max(best, fitness)
        yield None if best is None else objective.signed(best)
