"""What a search has spent, and on what it came to nothing."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nas_hydra.trial import Trial


class Cost(NamedTuple):
    """What a group of trials has cost.

    Args:
        name: of the group.
        trials: how many.
        epochs: trained.
        seconds: of evaluation.
    """

    name: str
    trials: int
    epochs: int
    seconds: float


class Failure(NamedTuple):
    """Failed trials that failed alike.

    Args:
        kind: what their errors have in common.
        trials: the first first.
    """

    kind: str
    trials: list[Trial]


def costs(trials: Sequence[Trial], group: Callable[[Trial], str]) -> list[Cost]:
    """The cost of each group of trials, the dearest first.

    Args:
        trials: all of them.
        group: the name of a trial's group.
    """
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(group(trial), []).append(trial)
    found = [
        Cost(name, len(of), sum(t.epochs for t in of), sum(t.seconds for t in of))
        for name, of in groups.items()
    ]
    return sorted(found, key=lambda cost: (-cost.seconds, -cost.trials))


def origin(trial: Trial) -> str:
    """Where a trial's candidate came from."""
    return trial.proposal.origin


def answer(trial: Trial) -> str:
    """How a trial was answered, in words."""
    if trial.duplicate_of is not None:
        return "known from an earlier trial"
    if trial.source is not None:
        return "known from another run"
    return {"complete": "evaluated", "failed": "failed", "pruned": "pruned"}[trial.state]


def failures(trials: Sequence[Trial]) -> list[Failure]:
    """Failed trials by kind, the most frequent first; duplicates of a failed one do not count."""
    kinds: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state == "failed" and trial.duplicate_of is None:
            kinds.setdefault(kind(trial.error or "no reason was given"), []).append(trial)
    return sorted((Failure(*item) for item in kinds.items()), key=lambda one: -len(one.trials))


def kind(error: str) -> str:
    """An error without the numbers that differ from trial to trial."""
    return re.sub(r"[-+]?\d[\d.,]*(e[-+]?\d+)?", "…", error)
