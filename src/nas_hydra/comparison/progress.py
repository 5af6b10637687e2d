"""How a run went: the best value so far after each trial, and what that has cost."""

from dataclasses import dataclass, replace

import numpy as np

from nas_hydra.comparison.result import Axis
from nas_hydra.comparison.runs import SearchRun
from nas_hydra.comparison.statistics import Floats
from nas_hydra.front import Front
from nas_hydra.objective import Objectives, values_of
from nas_hydra.trial import Trial

CLOSE = 1e-9
"""Relative: a target that is missed by less is reached; sums are rounded."""
NOBODY = -1
"""The number of no trial."""


@dataclass(frozen=True)
class Progress:
    """A run, trial by trial.

    Args:
        best: (trials,) the best feasible value so far; nan while there is none.
        spent: axis -> (trials,) what was spent up to each trial, that one included.
        winner: number of the trial that gave the last best value, of a front its best;
            ``NOBODY`` if there is none.
    """

    best: Floats
    spent: dict[Axis, Floats]
    winner: int

    def after(self, trials: int) -> float:
        """The best value after so many trials; the last one if there are fewer."""
        return float(self.best[min(trials, len(self.best)) - 1])

    def until(self, trials: int) -> "Progress":
        """The first so many trials."""
        spent = {axis: numbers[:trials] for axis, numbers in self.spent.items()}
        return Progress(self.best[:trials], spent, self.winner)

    def reached(self, target: float, sign: float) -> int | None:
        """Trials until the best value was as good as the target; None if it never was.

        Args:
            target: the value.
            sign: 1.0 if more is better, else -1.0.
        """
        good = sign * self.best >= sign * target - CLOSE * abs(target)
        return int(good.argmax()) + 1 if good.any() else None


def progress(run: SearchRun, objectives: Objectives) -> Progress:
    """A run's progress; of several objectives, that of the hypervolume.

    Args:
        run: with at least one trial.
        objectives: each with a reference, if there are several.
    """
    trials = judged(run, objectives)
    front, best = Front(objectives), np.full(len(trials), np.nan)
    for place, trial in enumerate(trials):
        before = front.members
        front.add(trial)
        if front.feasible:
            kept = place and front.members is before
            best[place] = best[place - 1] if kept else standing(front, objectives)
    spent: dict[Axis, Floats] = {
        "trials": np.arange(1.0, len(trials) + 1),
        "epochs": np.cumsum([float(trial.epochs) for trial in trials]),
        "seconds": np.cumsum([trial.seconds for trial in trials]),
    }
    winner = front.best.number if front.best and front.feasible else NOBODY
    return Progress(best, spent, winner)


def standing(front: Front, objectives: Objectives) -> float:
    """What a front is worth."""
    if len(objectives) > 1:
        return front.hypervolume
    return front.members[0].values[objectives[0].name]


def judged(run: SearchRun, objectives: Objectives) -> list[Trial]:
    """The run's trials with the values of these objectives, which may be others than its own."""
    return [_judged(trial, objectives) for trial in run.trials]


def _judged(trial: Trial, objectives: Objectives) -> Trial:
    if not trial.complete:
        return trial
    values = values_of(objectives, trial.metrics)
    return replace(trial, values=values) if values else replace(trial, state="failed", values={})
