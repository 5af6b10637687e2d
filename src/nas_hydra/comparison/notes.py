"""What a reader of a comparison should know about the runs behind it."""

import json
from collections.abc import Iterator, Sequence

from nas_hydra.comparison.grouping import Member, varying
from nas_hydra.comparison.measured import Measured
from nas_hydra.comparison.result import Ranking
from nas_hydra.comparison.runs import SearchRun
from nas_hydra.comparison.sentences import number
from nas_hydra.record.data import told

FEW_TASKS = 5
"""Below so many, mean ranks say little."""
SHOWN = 5
"""Runs that a note names."""


def notes(
    found: Sequence[SearchRun],
    grouped: Sequence[Member],
    tasks: Sequence[Measured],
    ranking: Ranking | None,
) -> list[str]:
    """Everything that limits what the numbers mean.

    Args:
        found: every run that was read.
        grouped: those with trials.
        tasks: what is compared.
        ranking: over the tasks.
    """
    return [
        *_left_out(found, grouped, tasks),
        *_unfinished(tasks),
        *_pooled(grouped),
        *(note for task in tasks for note in _of_task(task)),
        *_of_data([entry.member.run for task in tasks for entry in task.entries]),
        *_of_ranking(ranking),
    ]


def _left_out(
    found: Sequence[SearchRun], grouped: Sequence[Member], tasks: Sequence[Measured]
) -> Iterator[str]:
    used = {id(member.run) for task in tasks for member in task.task.members}
    empty = [run for run in found if not run.trials]
    unused = [member.run for member in grouped if id(member.run) not in used]
    without = [member.run for task in tasks for member in task.without]
    if empty:
        yield f"Left out, no trial is finished yet: {_names(empty)}."
    if unused:
        yield f"Left out, a repetition of another run or not comparable: {_names(unused)}."
    if without:
        yield (
            f"Left out, no trial is complete and within the limits: {_names(without)}. The others"
            " of their group look better than the group is."
        )


def _unfinished(tasks: Sequence[Measured]) -> Iterator[str]:
    runs = [entry.member.run for task in tasks for entry in task.entries]
    unfinished = [run for run in runs if not run.finished]
    if unfinished:
        told = [
            f"{run.past.folder.name} ({len(run.trials)} of {run.allowed})" for run in unfinished
        ]
        yield f"Not finished, used as far as they go: {_cut(told)}."


def _pooled(grouped: Sequence[Member]) -> Iterator[str]:
    groups = dict.fromkeys(member.group for member in grouped)
    for group in groups:
        runs = [member.run.settings for member in grouped if member.group == group]
        differing = varying(runs, [range(len(runs))])
        if differing:
            yield f"The runs of {group} also differ in {_cut(differing)}; they are taken together."


def _of_task(task: Measured) -> Iterator[str]:
    runs = [entry.member.run for entry in task.entries]
    if task.entries and task.horizon < max(run.allowed for run in runs):
        short = [entry.member.run for entry in task.entries if not task.goes_far(entry)]
        rest = f"; not as far went {_names(short)}" if short else ""
        yield f"{task.task.name}: final values are those after {task.horizon} trials{rest}."
    single = [group for group, entries in task.groups.items() if len(entries) == 1]
    if single:
        yield (
            f"{task.task.name}: one seed only of {_cut(single)}; what another seed would give is"
            " not known, and an interval has no width."
        )
    if len(task.task.optimised) > 1:
        corner = ", ".join(
            f"{one.name} {number(one.reference)}"
            for one in task.task.optimised
            if one.reference is not None
        )
        yield f"{task.task.name}: the hypervolume begins at {corner}."


def _of_data(runs: Sequence[SearchRun]) -> Iterator[str]:
    """Runs whose data differs from that of the first with the same settings of the dataset."""
    first: dict[str, SearchRun] = {}
    for run in (run for run in runs if run.past.identity.get("data")):
        settings = json.dumps(run.past.identity.get("dataset"), sort_keys=True)
        other = first.setdefault(settings, run)
        if how := told(other.past.identity, run.past.identity):
            one, two = other.past.folder.name, run.past.folder.name
            yield f"{two} was measured on other data than {one}, with the same settings: {how}."


def _of_ranking(ranking: Ranking | None) -> Iterator[str]:
    if ranking and ranking.tasks < FEW_TASKS:
        yield (
            f"Ranks are over {ranking.tasks} tasks only; a difference of mean ranks would have to"
            f" be {ranking.difference:.2f}, of {len(ranking.ranks) - 1} at most."
        )


def _names(runs: Sequence[SearchRun]) -> str:
    return _cut([run.past.folder.name for run in runs])


def _cut(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
