"""A search in a few numbers."""

import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from nas_hydra.document.text import counted
from nas_hydra.front import Front
from nas_hydra.objective import Objectives
from nas_hydra.report.spent import spent
from nas_hydra.report.trained import AGAIN, Trained, trained_summary
from nas_hydra.run import Run
from nas_hydra.trial import Trial

PACKAGES = (
    *("nas-hydra", "hydra-core", "numpy", "omegaconf", "optuna"),
    *("pytorch-lightning", "torch", "torchvision", "wandb"),
)

RANDOM = "random"
"""The origin of what no strategy has learned from."""

Number = int | float


class Winner(BaseModel, extra="allow"):
    """What a summary says of a trial, as far as it is read again."""

    trial: int
    values: dict[str, Number]
    metrics: dict[str, Number]
    genotype: dict[str, Any]


class Ties(BaseModel, extra="allow"):
    """How many others are as good as the best."""

    others: int
    decided_by: list[str]


class Founders(BaseModel, extra="allow"):
    """What random candidates have come to, before any was bred."""

    trials: int
    values: dict[str, Number]


class Summary(BaseModel, extra="allow"):
    """What ``summary.json`` holds, as far as it is read again."""

    trials: dict[str, int]
    best: Winner | None
    ties: Ties | None = None
    founders: Founders | None = None
    seconds: Number
    pareto: list[Winner] = []
    chosen: dict[str, str] = {}
    hypervolume: Number = 0.0
    optimum: dict[str, Number] = {}
    regret: dict[str, Number] = {}
    trained: dict[str, Any] | None = None
    cost: dict[str, Any] | None = None


def summarize(
    run: Run,
    trials: Sequence[Trial],
    front: Front,
    rejected: int = 0,
    checkpoints: int = 0,
    ended: str | None = "budget.trials",
) -> dict[str, Any]:
    """What ``summary.json`` holds.

    ``seconds`` is the time that all evaluations took together, also those of an earlier,
    interrupted process; ``best`` is None if no trial was completed; ``rejected`` is the number of
    different candidates that the space's constraints refused, so that no trial was spent on them,
    and ``infeasible`` that of complete trials that break the objective's limits. ``chosen`` tells
    how the winner was chosen from a front, and ``ties`` how many others are as good. ``founders``
    are the random candidates before the first that a strategy with one objective bred, and their
    best value. ``ended`` is the key of the budget that ended the search, or ``exhausted``, which
    says that it ended before its budget was spent, since no candidate was left. Where not all
    trainings are whole ones, ``trained`` tells of them, and ``checkpoints`` is the number of bytes
    that theirs have taken at most. Where costs are counted, ``cost`` tells what was spent.
    """
    return {
        **{group: run.choices[group] for group in ("strategy", "search_space", "dataset")},
        "seed": run.seed,
        "objectives": {objective.name: objective.direction for objective in run.objectives},
        **limits(run.objectives),
        "trials": {**count(trials), "infeasible": front.infeasible, "rejected": rejected},
        "ended": ended,
        "exhausted": ended == "exhausted",
        "best": winner(run.objectives, front.best) if front.best else None,
        **ties(front),
        **founders(run.objectives, trials),
        **(pareto(front) if len(run.objectives) > 1 else {}),
        **({"optimum": dict(run.optimum), "regret": regret(run, front)} if run.optimum else {}),
        **trained(run, trials, front, checkpoints),
        **spent(run, trials, front.best),
        "seconds": round(sum(trial.seconds for trial in trials), 3),
        "versions": versions(),
    }


def trained(run: Run, trials: Sequence[Trial], front: Front, checkpoints: int) -> dict[str, Any]:
    """What was trained, where not all trainings are whole ones."""
    if not run.partial:
        return {}
    return {"trained": trained_summary(Trained(run, trials), front.best, checkpoints)}


def agrees(summary: Mapping[str, Any], run: Run, trials: Sequence[Trial]) -> bool:
    """Whether a summary that was read tells what the run's record does, as far as that knows it."""
    counts = {**summary["trials"], "rejected": 0}
    known = {**summary, "trials": counts, "versions": None}
    told = {**summarize(run, trials, Front(run.objectives, trials)), "versions": None}
    told |= {name: known.get(name) for name in ("ended", "exhausted")}  # which no trial tells
    both = _common(known, told), _common(told, known)
    return len({json.dumps(one, sort_keys=True) for one in both}) == 1  # so nan is nan


def _common(one: Any, other: Any) -> Any:
    """Of a mapping, and of those in it, the keys that another one has too."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one
    return {key: _common(one[key], other[key]) for key in one if key in other}


def limits(objectives: Objectives) -> dict[str, Any]:
    """Metric -> its bounds, if there are any."""
    bounds = {
        limit.name: {
            name: bound
            for name, bound in (("at_least", limit.at_least), ("at_most", limit.at_most))
            if math.isfinite(bound)
        }
        for limit in objectives.limits
    }
    return {"limits": bounds} if bounds else {}


def winner(objectives: Objectives, best: Trial) -> dict[str, Any]:
    """The best trial; where there are limits, with how much it breaks them."""
    violation = {"violation": objectives.violation(best.metrics)} if objectives.limits else {}
    return {**entry(best), **violation}


def ties(front: Front) -> dict[str, Any]:
    """How many others are as good as the best, if any are, and what has decided between them."""
    found = {"others": front.ties, "decided_by": front.decided_by}
    return {"ties": found} if front.ties else {}


def founders(objectives: Objectives, trials: Sequence[Trial]) -> dict[str, Any]:
    """Of the random trials before the first that was bred: how many, and the best value.

    Empty where nothing was bred, there are several objectives, or none of them was trained as far
    as the winner.
    """
    complete = [trial for trial in trials if trial.complete]
    highest = max((trial.level for trial in complete), default=0)
    unbred = (RANDOM, *AGAIN)
    bred = [trial.number for trial in trials if trial.proposal.origin not in unbred]
    before = [one for one in complete if bred and one.number < bred[0] and one.level == highest]
    best = Front(objectives, before).best
    if best is None or len(objectives) > 1:
        return {}
    return {"founders": {"trials": len(before), "values": dict(best.values)}}


def founders_in_words(found: Mapping[str, Any], best: Mapping[str, float], values: str) -> str:
    """How a winner compares with the random candidates that its search began with.

    Args:
        found: the summary's ``founders``.
        best: the winner's values.
        values: those of the best founder, as they are shown.
    """
    better = dict(best) != dict(found["values"])
    verdict = "the winner is better" if better else "no candidate that was bred is better"
    of = counted(found["trials"], "random candidate")
    return f"the best of {of} has {values}; {verdict}"


def regret(run: Run, front: Front) -> dict[str, float]:
    """Objective -> how far its best feasible value is from the optimum; 0.0 if it was found.

    The best value of each objective is a member's, so that several objectives have several trials.
    """
    return {
        objective.name: abs(
            run.optimum[objective.name]
            - objective.signed(max(objective.fitness(trial.values) for trial in front.members))
        )
        for objective in run.objectives
        if objective.name in run.optimum and front.feasible
    }


def pareto(front: Front) -> dict[str, Any]:
    """The front, empty if no trial is feasible, and how much it dominates."""
    return {
        "pareto": [entry(member) for member in front.members if front.feasible],
        "chosen": {"by": front.chosen_by, "winner": front.choice},
        "hypervolume": front.hypervolume,
        "reference": front.reference,
    }


def count(trials: Sequence[Trial]) -> dict[str, int]:
    """Number of trials by state, and how many were answered by an earlier one."""
    states = {
        state: sum(trial.state == state for trial in trials)
        for state in ("complete", "pruned", "failed")
    }
    return {**states, "duplicates_saved": sum(t.duplicate_of is not None for t in trials)}


def entry(trial: Trial) -> dict[str, Any]:
    """One trial, as the summary shows it."""
    return {
        "trial": trial.number,
        "values": dict(trial.values),
        "metrics": dict(trial.metrics),
        "genotype": dict(trial.proposal.genotype),
        "key": trial.key,
    }


def versions() -> Mapping[str, str]:
    """What the search ran with."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }
