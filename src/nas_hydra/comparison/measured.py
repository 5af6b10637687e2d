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
from nas_hydra.report.trained import whole_epochs
from nas_hydra.trial import Trial

CLOSE = 1e-9
"""Relative: a target that is missed by less is reached; sums are rounded."""
NOBODY = -1
"""The number of no trial."""


@dataclass(frozen=True)
class Trajectory:
    """A run, trial by trial.

    Of trials that differ in how far they were trained, those give values that were trained
    farthest; what the others have cost is spent.

    Args:
        best: (trials,) the best feasible value so far; nan while there is none.
        spent: axis -> (trials,) what was spent up to each trial, that one included.
        winner: number of the trial that gave the last best value, of a front its best;
            ``NOBODY`` if there is none.
        level: of those that give values, see ``Fidelity.level``.
    """

    best: Floats
    spent: dict[Axis, Floats]
    winner: int
    level: int = 0

    def begin(self, axis: Axis) -> float:
        """What was spent until there was a first value; there has to be one."""
        return float(self.spent[axis][np.isfinite(self.best).argmax()])

    def after(self, point: float, axis: Axis) -> float:
        """The best value after so much; the last one if less was spent."""
        return float(self.best[self._trials(point, axis) - 1])

    def until(self, point: float, axis: Axis) -> "Trajectory":
        """The trials that so much was enough for."""
        trials = self._trials(point, axis)
        spent = {name: numbers[:trials] for name, numbers in self.spent.items()}
        return replace(self, best=self.best[:trials], spent=spent)

    def reached(self, target: float, sign: float, axis: Axis) -> float | None:
        """What was spent until the best value was as good as the target; None if it never was.

        Args:
            target: the value.
            sign: 1.0 if more is better, else -1.0.
            axis: of what is spent.
        """
        good = sign * self.best >= sign * target - CLOSE * abs(target)
        spent = float(self.spent[axis][good.argmax()])
        return (int(spent) if spent.is_integer() else spent) if good.any() else None

    def _trials(self, point: float, axis: Axis) -> int:
        """How many trials it took to spend so much, at least 1."""
        return max(1, int(np.searchsorted(self.spent[axis], point, side="right")))


def trajectory(run: SearchRun, objectives: Objectives) -> Trajectory:
    """A run's trajectory; of several objectives, that of the hypervolume.

    Args:
        run: with at least one trial.
        objectives: each with a reference, if there are several.
    """
    trials = [_judged(trial, objectives) for trial in run.trials]
    front, best = Front(objectives), np.full(len(trials), np.nan)
    level = max((trial.level for trial in trials if trial.complete), default=0)
    for place, trial in enumerate(trials):
        before = front.members
        if trial.level == level:
            front.add(trial)
        if front.feasible:
            kept = place and front.members is before
            best[place] = best[place - 1] if kept else _worth(front, objectives)
    spent: dict[Axis, Floats] = {
        "trials": np.arange(1.0, len(trials) + 1),
        "epochs": np.cumsum([float(trial.epochs) for trial in trials]),
        "seconds": np.cumsum([trial.seconds for trial in trials]),
    }
    if run.counted:
        spent["cost"] = np.cumsum([trial.cost or 0.0 for trial in trials])
    winner = front.best.number if front.best and front.feasible else NOBODY
    return Trajectory(best, spent, winner, level)


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
        axis: of what is spent, by which they are compared.
    """

    task: TaskRuns
    entries: Sequence[MeasuredRun]
    without: Sequence[Member]
    axis: Axis = "trials"

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
    def horizon(self) -> float:
        """After how much final values are taken: what most runs of each group have spent.

        So neither one interrupted run nor a group with a larger budget decides alone. It is at
        least so much that every run that went that far has a value.
        """
        far = [entry for entry in self.entries if self.goes_far(entry)]
        return max(self._common, *(entry.trajectory.begin(self.axis) for entry in far))

    @cached_property
    def _common(self) -> float:
        """What most runs of each group have spent."""
        lengths = [sorted(map(self._length, own), reverse=True) for own in self.groups.values()]
        return min(ordered[len(ordered) // 2] for ordered in lengths)

    def _length(self, entry: MeasuredRun) -> float:
        """What a run has spent."""
        known = entry.trajectory.spent[self.axis]
        return entry.member.run.length if self.axis == "trials" else float(known[-1])

    @property
    def longest(self) -> float:
        """What the run with the largest budget was allowed, or what the longest has spent."""
        if self.axis == "trials":
            return max(entry.member.run.allowed for entry in self.entries)
        return max(map(self._length, self.entries))

    def goes_far(self, entry: MeasuredRun) -> bool:
        """Whether a run went as far as final values are taken.

        One that has ended with fewer epochs or seconds has what it has come to.
        """
        ended = self.axis != "trials" and entry.member.run.finished
        return ended or self._length(entry) >= self._common

    def fidelity(self, entry: MeasuredRun) -> int:
        """Epochs for which the candidates of a run that count were trained; 0 if not known."""
        return entry.trajectory.level or whole_epochs(entry.member.run.past.identity) or 0

    def finals(self, entries: Sequence[MeasuredRun]) -> dict[str, float]:
        """Replicate -> the final value, of runs that went far enough."""
        return {
            entry.member.replicate: entry.trajectory.after(self.horizon, self.axis)
            for entry in entries
            if self.goes_far(entry)
        }

    def reached(self, entries: Sequence[MeasuredRun], target: float) -> dict[str, float | None]:
        """Replicate -> what was spent to the target, of runs that went far enough."""
        end, axis = self.horizon, self.axis
        return {
            entry.member.replicate: entry.trajectory.until(end, axis).reached(
                target, self.sign, axis
            )
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
            reached=went.reached(target, self.sign, self.axis),
            epochs=int(went.spent["epochs"][-1]),
            seconds=float(went.spent["seconds"][-1]),
            failed=sum(trial.state == "failed" for trial in run.trials),
            wandb=run.wandb,
            fidelity=self.fidelity(entry),
            cost=float(went.spent["cost"][-1]) if "cost" in went.spent else None,
        )


def measure(task: TaskRuns, axis: Axis = "trials") -> MeasuredTask:
    """The trajectory of every run of a task, and by what they are compared."""
    task = replace(task, optimised=_with_references(task))
    entries = [
        MeasuredRun(member, trajectory(member.run, task.objectives(member.run)))
        for member in task.members
    ]
    known = [entry for entry in entries if entry.trajectory.winner != NOBODY]
    without = [entry.member for entry in entries if entry.trajectory.winner == NOBODY]
    return MeasuredTask(task, known, without, axis)


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
    axes += ["cost"] if all("cost" in run.spent for run in runs) else []
    return {axis: _curve(runs, whole, axis) for axis in axes}


def _curve(runs: Sequence[Trajectory], whole: Sequence[bool], axis: Axis) -> Curve:
    """The curve over one axis; it begins where every run has a value."""
    ends = [np.inf if full else run.spent[axis][-1] for run, full in zip(runs, whole, strict=True)]
    order = np.argsort(ends)[::-1]
    begin = max(run.begin(axis) for run in runs)
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
