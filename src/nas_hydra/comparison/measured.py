"""A task with its runs measured, and cut to what they have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from nas_hydra.comparison.grouping import Member
from nas_hydra.comparison.progress import NOBODY, Progress, judged, progress
from nas_hydra.comparison.result import RunFacts
from nas_hydra.comparison.task import Task, direction
from nas_hydra.objective import Direction, Objective


@dataclass(frozen=True)
class Entry:
    """A run with its progress."""

    member: Member
    progress: Progress


@dataclass(frozen=True)
class Measured:
    """A task with its runs measured.

    Args:
        task: several objectives have one reference point.
        entries: the runs that have a value.
        without: the runs of which no trial is complete and meets the limits.
    """

    task: Task
    entries: Sequence[Entry]
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
    def groups(self) -> Mapping[str, Sequence[Entry]]:
        """Label -> its runs."""
        found: dict[str, list[Entry]] = {}
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

    def whole(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that went as far as final values are taken, and have one by then."""
        return [entry for entry in entries if self.goes_far(entry)]

    def goes_far(self, entry: Entry) -> bool:
        """Whether a run went as far as final values are taken."""
        return entry.member.run.length >= self.horizon

    def finals(self, entries: Sequence[Entry]) -> dict[str, float]:
        """Replicate -> the final value, of runs that went far enough."""
        return {
            entry.member.replicate: entry.progress.after(self.horizon)
            for entry in self.whole(entries)
        }

    def reached(self, entries: Sequence[Entry], target: float) -> dict[str, int | None]:
        """Replicate -> trials to the target, of runs that went far enough."""
        return {
            entry.member.replicate: entry.progress.until(self.horizon).reached(target, self.sign)
            for entry in self.whole(entries)
        }

    def facts(self, target: float) -> list[RunFacts]:
        """Every run by itself."""
        return [self._facts(entry, target) for entry in self.entries]

    def _facts(self, entry: Entry, target: float) -> RunFacts:
        run, went = entry.member.run, entry.progress
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


def measure(task: Task) -> Measured:
    """The progress of every run of a task."""
    task = replace(task, optimised=with_references(task))
    entries = [
        Entry(member, progress(member.run, task.objectives(member.run))) for member in task.members
    ]
    known = [entry for entry in entries if entry.progress.winner != NOBODY]
    without = [entry.member for entry in entries if entry.progress.winner == NOBODY]
    return Measured(task, known, without)


def with_references(task: Task) -> tuple[Objective, ...]:
    """Several objectives with one reference point for all runs.

    Where the config gives none, it is the worst value of any trial that meets the limits.
    """
    if len(task.optimised) == 1:
        return task.optimised
    values = [
        trial.values
        for run in (member.run for member in task.members)
        for trial in judged(run, task.objectives(run))
        if trial.complete and not task.objectives(run).violation(trial.metrics)
    ]
    return tuple(
        replace(one, reference=min((some[one.name] for some in values), key=one.signed))
        if one.reference is None and values
        else one
        for one in task.optimised
    )
