"""How runs went, and their groups: by trials, cut to what all runs of a task have in common."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nas_hydra.comparison.grouping import Member, TaskRuns, direction
from nas_hydra.comparison.result import Axis, Curve, Interval, RunFacts
from nas_hydra.comparison.runs import SearchRun
from nas_hydra.comparison.statistics import Floats, intervals
from nas_hydra.front import Front
from nas_hydra.objective import Direction, Objective, Objectives, values_of
from nas_hydra.trial import Trial

CLOSE = 1e-9
"""Relative: a target that is missed by less is reached; sums are rounded."""
NOBODY = -1
"""The number of no trial."""


@dataclass(frozen=True)
class Trajectory:
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

    def until(self, trials: int) -> "Trajectory":
        """The first so many trials."""
        spent = {axis: numbers[:trials] for axis, numbers in self.spent.items()}
        return Trajectory(self.best[:trials], spent, self.winner)

    def reached(self, target: float, sign: float) -> int | None:
        """Trials until the best value was as good as the target; None if it never was.

        Args:
            target: the value.
            sign: 1.0 if more is better, else -1.0.
        """
        good = sign * self.best >= sign * target - CLOSE * abs(target)
        return int(good.argmax()) + 1 if good.any() else None


def trajectory(run: SearchRun, objectives: Objectives) -> Trajectory:
    """A run's trajectory; of several objectives, that of the hypervolume.

    Args:
        run: with at least one trial.
        objectives: each with a reference, if there are several.
    """
    trials = [_judged(trial, objectives) for trial in run.trials]
    front, best = Front(objectives), np.full(len(trials), np.nan)
    for place, trial in enumerate(trials):
        before = front.members
        front.add(trial)
        if front.feasible:
            kept = place and front.members is before
            best[place] = best[place - 1] if kept else _worth(front, objectives)
    spent: dict[Axis, Floats] = {
        "trials": np.arange(1.0, len(trials) + 1),
        "epochs": np.cumsum([float(trial.epochs) for trial in trials]),
        "seconds": np.cumsum([trial.seconds for trial in trials]),
    }
    winner = front.best.number if front.best and front.feasible else NOBODY
    return Trajectory(best, spent, winner)


def _worth(front: Front, objectives: Objectives) -> float:
    """What a front is worth."""
    if len(objectives) > 1:
        return front.hypervolume
    return front.members[0].values[objectives[0].name]


def _judged(trial: Trial, objectives: Objectives) -> Trial:
    """The trial with the values of these objectives, which may be others than its run's own."""
    if not trial.complete:
        return trial
    values = values_of(objectives, trial.metrics)
    return replace(trial, values=values) if values else replace(trial, state="failed", values={})


@dataclass(frozen=True)
class MeasuredRun:
    """A run with its trajectory."""

    member: Member
    trajectory: Trajectory


@dataclass(frozen=True)
class MeasuredTask:
    """A task with its runs measured.

    Args:
        task: several objectives have one reference point.
        entries: the runs that have a value.
        without: the runs of which no trial is complete and meets the limits.
    """

    task: TaskRuns
    entries: Sequence[MeasuredRun]
    without: Sequence[Member]

    @property
    def direction(self) -> Direction:
        """In which its values get better."""
        return direction(self.task.optimised)

    @property
    def sign(self) -> float:
        """1.0 if more is better, else -1.0."""
        return 1.0 if self.direction == "maximize" else -1.0

    @property
    def measure(self) -> str:
        """What is compared."""
        return self.task.optimised[0].name if len(self.task.optimised) == 1 else "hypervolume"

    @property
    def optimum(self) -> float | None:
        """The best possible value, where a run knows it."""
        known = [entry.member.run.optimum.get(self.measure) for entry in self.entries]
        return next((value for value in known if value is not None), None)

    @cached_property
    def groups(self) -> Mapping[str, Sequence[MeasuredRun]]:
        """Label -> its runs."""
        found: dict[str, list[MeasuredRun]] = {}
        for entry in self.entries:
            found.setdefault(entry.member.group, []).append(entry)
        return found

    @cached_property
    def horizon(self) -> int:
        """After how many trials final values are taken: as many as most runs of each group have.

        So neither one interrupted run nor a group with a larger budget decides alone.
        """
        lengths = [
            sorted((entry.member.run.length for entry in entries), reverse=True)
            for entries in self.groups.values()
        ]
        return min(ordered[len(ordered) // 2] for ordered in lengths)

    def goes_far(self, entry: MeasuredRun) -> bool:
        """Whether a run went as far as final values are taken."""
        return entry.member.run.length >= self.horizon

    def finals(self, entries: Sequence[MeasuredRun]) -> dict[str, float]:
        """Replicate -> the final value, of runs that went far enough."""
        return {
            entry.member.replicate: entry.trajectory.after(self.horizon)
            for entry in entries
            if self.goes_far(entry)
        }

    def reached(self, entries: Sequence[MeasuredRun], target: float) -> dict[str, int | None]:
        """Replicate -> trials to the target, of runs that went far enough."""
        return {
            entry.member.replicate: entry.trajectory.until(self.horizon).reached(target, self.sign)
            for entry in entries
            if self.goes_far(entry)
        }

    def facts(self, entry: MeasuredRun, target: float) -> RunFacts:
        """A run by itself."""
        run, went = entry.member.run, entry.trajectory
        return RunFacts(
            folder=run.folder,
            task=self.task.name,
            group=entry.member.group,
            seed=run.seed,
            trials=len(run.trials),
            budget=run.budget,
            value=float(went.best[-1]),
            best=went.winner,
            reached=went.reached(target, self.sign),
            epochs=int(went.spent["epochs"][-1]),
            seconds=float(went.spent["seconds"][-1]),
            failed=sum(trial.state == "failed" for trial in run.trials),
            wandb=run.wandb,
        )


def measure(task: TaskRuns) -> MeasuredTask:
    """The trajectory of every run of a task."""
    task = replace(task, optimised=_with_references(task))
    entries = [
        MeasuredRun(member, trajectory(member.run, task.objectives(member.run)))
        for member in task.members
    ]
    known = [entry for entry in entries if entry.trajectory.winner != NOBODY]
    without = [entry.member for entry in entries if entry.trajectory.winner == NOBODY]
    return MeasuredTask(task, known, without)


def _with_references(task: TaskRuns) -> tuple[Objective, ...]:
    """Several objectives with one reference point for all runs.

    Where the config gives none, it is the worst value of any trial that meets the limits.
    """
    if len(task.optimised) == 1:
        return task.optimised
    values = [
        trial.values
        for run in (member.run for member in task.members)
        for trial in (_judged(one, task.objectives(run)) for one in run.trials)
        if trial.complete and not task.objectives(run).violation(trial.metrics)
    ]
    return tuple(
        replace(one, reference=min((some[one.name] for some in values), key=one.signed))
        if one.reference is None and values
        else one
        for one in task.optimised
    )


POINTS = 200
"""At most; more cannot be seen."""


def curves(runs: Sequence[Trajectory], whole: Sequence[bool]) -> dict[Axis, Curve]:
    """The curves of a group, seconds and epochs only where something was trained.

    Args:
        runs: each with a value in the end.
        whole: of each, whether it went as far as runs are compared; its last value then holds on,
            while an unfinished run leaves the curve where it ends.
    """
    trained = any(run.spent["epochs"][-1] > 0 for run in runs)
    axes: list[Axis] = ["trials", "epochs", "seconds"] if trained else ["trials"]
    return {axis: _curve(runs, whole, axis) for axis in axes}


def _curve(runs: Sequence[Trajectory], whole: Sequence[bool], axis: Axis) -> Curve:
    """The curve over one axis; it begins where every run has a value."""
    ends = [np.inf if full else run.spent[axis][-1] for run, full in zip(runs, whole, strict=True)]
    order = np.argsort(ends)[::-1]
    begin = max(run.spent[axis][np.isfinite(run.best).argmax()] for run in runs)
    points = _grid(begin, max(run.spent[axis][-1] for run in runs), axis)
    table = np.array([_values(runs[place], axis, points) for place in order])
    going = (np.array(ends)[:, None] >= points).sum(axis=0)
    return Curve(points.tolist(), [*_intervals(table, going)])


def _grid(begin: float, end: float, axis: Axis) -> Floats:
    """Evenly spaced points; of trials, whole numbers."""
    points = np.linspace(begin, end, POINTS)
    return np.unique(points.round()) if axis == "trials" else np.unique(points)


def _values(run: Trajectory, axis: Axis, points: Floats) -> Floats:
    """The best value of a run at each point."""
    places = np.searchsorted(run.spent[axis], points, side="right") - 1
    found: Floats = run.best[np.maximum(places, 0)]
    return found


def _intervals(table: Floats, going: Floats) -> Iterator[Interval]:
    """Of the first so many rows in each column; the number of rows falls."""
    for rows in sorted({*going.tolist()}, reverse=True):
        yield from intervals(table[:rows, going == rows])
