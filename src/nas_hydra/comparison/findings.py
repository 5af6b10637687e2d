"""What was found, in sentences that may be quoted, and what limits it; no more than tests say."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from nas_hydra.comparison.grouping import Member, varying
from nas_hydra.comparison.measured import MeasuredTask
from nas_hydra.comparison.result import Axis, Comparison, GroupResult, Ranking, TaskResult, Test
from nas_hydra.comparison.runs import SearchRun
from nas_hydra.comparison.statistics import FINAL, LEVEL, PAIRED, least_p, least_runs
from nas_hydra.document.text import duration, number
from nas_hydra.record.reading import told

FEW_TASKS = 5
"""Below so many, mean ranks say little."""
SHOWN = 5
"""Runs that a note names."""


def headline(comparison: Comparison) -> str:
    """Who leads, and against whom that is confirmed, in one sentence."""
    tasks = [task for task in comparison.tasks if len(task.groups) > 1]
    if not tasks:
        return "There is one group only, and nothing to compare it with."
    leader, wins = Counter(task.groups[0].group for task in tasks).most_common(1)[0]
    if runs := seeds_wanted(comparison):
        sure = f"nothing is confirmed, which takes at least {runs} seeds of each group"
    elif len(tasks) == 1:
        sure = _confirmed(tasks[0])
    else:
        beaten = [len(_beaten(task, leader, FINAL)) == len(task.groups) - 1 for task in tasks]
        sure = f"confirmed against every other group on {sum(beaten) or 'none'}"
    if len(tasks) > 1:
        where = "every task" if wins == len(tasks) else f"{wins} of {len(tasks)} tasks"
        return f"{leader} leads on {where}; {sure}."
    return f"{_lead(tasks[0])}; {sure}."


def seeds_wanted(comparison: Comparison) -> int | None:
    """How many of each group it takes, where there are too few to confirm anything at all."""
    needed = [
        _hopeless(task.groups, task.tests, test) for task in comparison.tasks for test in task.tests
    ]
    return max((runs or 0 for runs in needed), default=None) if all(needed) else None


def _lead(task: TaskResult) -> str:
    """Who is best in the end; of those that are level, who was soonest."""
    first = task.groups[0]
    level = [one for one in task.groups if one.final.middle == first.final.middle]
    soonest = [one.group for one in level if one.evaluations == first.evaluations]
    if len(soonest) > 1:
        return f"{_and(soonest)} are level"
    others = _and([one.group for one in level[1:]])
    return f"{first.group} leads" + (f", as the sooner one; {others} ends level" if others else "")


def _confirmed(task: TaskResult) -> str:
    """Against whom the lead is told apart, by measure: ``confirmed against tpe only, on ...``."""
    first, *others = [group.group for group in task.groups]
    measures = sorted({test.measure for test in task.tests}, key=lambda name: name != FINAL)
    by_measure = {measure: _beaten(task, first, measure) for measure in measures}
    found: dict[str, list[str]] = {}
    for measure, beaten in by_measure.items():
        if len(beaten) == len(others) > 1:
            found.setdefault("every other group", []).append(measure)
        elif beaten:
            only = " only" if len(others) > 1 else ""
            found.setdefault(f"{_and(beaten)}{only}", []).append(measure)
    parts = [f"against {whom}, on the {' and the '.join(which)}" for whom, which in found.items()]
    return f"confirmed {'; '.join(parts)}" if parts else "no difference to another is confirmed"


def _beaten(task: TaskResult, group: str, measure: str) -> list[str]:
    """The groups that a group is better than, as far as tests can tell."""
    return [
        test.other
        for test in task.tests
        if (test.measure, test.one) == (measure, group) and test.corrected < LEVEL
    ]


def _hopeless(groups: Sequence[GroupResult], tests: Sequence[Test], test: Test) -> int | None:
    """How many runs per group it takes, where no outcome of so few could be told apart."""
    family = sum(test.measure == another.measure for another in tests)
    sizes = {group.group: group.runs for group in groups}
    paired = test.name == PAIRED
    ones, others = (test.pairs,) * 2 if paired else (sizes[test.one], sizes[test.other])
    least = least_p(paired, ones, others) * family
    return least_runs(paired, family) if least >= LEVEL else None


def _and(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def sentences(
    groups: Sequence[GroupResult],
    tests: Sequence[Test],
    target: float,
    end: float,
    axis: Axis = "trials",
) -> Iterator[str]:
    """The best group against each other one: how soon the target was reached, and the end.

    Args:
        groups: the best first.
        tests: of all pairs, for both measures.
        target: the value to reach.
        end: after how much final values are taken.
        axis: of what is spent.
    """
    by_name = {group.group: group for group in groups}
    for test in tests:
        one, other = by_name[test.one], by_name[test.other]
        if groups[0] not in (one, other):
            continue
        told = _verdict(test, len(groups) > 2, bool(_hopeless(groups, tests, test)))
        if test.measure != FINAL:
            yield f"{_soonest(one, other, target, end, axis)} (medians; {told})."
        else:
            best, worse = told_apart(one.final.middle, other.final.middle)
            yield (
                f"After {amount(end, axis)}, {one.group} was at {best} and {other.group} at {worse}"
                f" (interquartile means; {told})."
            )


def _soonest(
    one: GroupResult, other: GroupResult, target: float, horizon: float, axis: Axis
) -> str:
    """Who reached the target first."""
    value, end = number(target), f"within {amount(horizon, axis)}"
    if one.evaluations is None and other.evaluations is None:
        both = f"Neither {one.group} nor {other.group}"
        return f"{both} reached {value} {end} in more than half of the runs"
    if other.evaluations is None:
        late = f"{other.group} did not {end} in half of its runs or more"
        return f"{one.group} reached {value} in {amount(one.evaluations or 0, axis)}, {late}"
    if one.evaluations is None:
        return _soonest(other, one, target, horizon, axis)
    first = f"{one.group} reached {value} in {amount(one.evaluations, axis)}"
    later = amount(other.evaluations, axis) if axis == "seconds" else f"{other.evaluations:g}"
    return f"{first}, {other.group} in {later}"


def amount(spent: float, axis: Axis) -> str:
    """``12 trials``, ``1 epoch``, ``7 min 05 s``."""
    if axis == "seconds":
        return duration(spent)
    return f"{spent:g} {axis[:-1] if spent == 1 else axis}"


def _verdict(test: Test, corrected: bool, hopeless: bool) -> str:
    """How sure it is; if it is not, how many seeds an effect of this size would take.

    Args:
        test: any.
        corrected: whether for other tests.
        hopeless: whether its runs are too few for any outcome to be told apart.
    """
    seeds = f"{test.pairs} seed{'s' if test.pairs > 1 else ''}"
    if hopeless:
        return f"{seeds}, not told apart"
    after = " after Holm" if corrected else ""
    told = f"{p_value(test.corrected)}{after}, {seeds}, A12 = {test.effect:.2f}"
    if test.corrected < LEVEL:
        return told
    more = f"; an effect of this size takes about {test.needed} seeds" if test.needed else ""
    return f"not told apart: {told}{more}"


def p_value(p: float) -> str:
    """``p = 0.012`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Two values with as many digits as it takes to see a difference, up to ten."""
    shown = ((number(one, digits), number(other, digits)) for digits in range(4, 11))
    both = (number(one), number(other))
    return next((two for two in shown if two[0] != two[1]), both)


def notes(
    found: Sequence[SearchRun],
    grouped: Sequence[Member],
    tasks: Sequence[MeasuredTask],
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
        *_single(tasks),
        *(note for task in tasks for note in _of_task(task)),
        *(note for task in tasks for note in _of_fidelity(task)),
        *_of_data([entry.member.run for task in tasks for entry in task.entries]),
        *_of_ranking(ranking),
    ]


def _left_out(
    found: Sequence[SearchRun], grouped: Sequence[Member], tasks: Sequence[MeasuredTask]
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


def _unfinished(tasks: Sequence[MeasuredTask]) -> Iterator[str]:
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


def _single(tasks: Sequence[MeasuredTask]) -> Iterator[str]:
    found = dict.fromkeys(
        group for task in tasks for group, entries in task.groups.items() if len(entries) == 1
    )
    if found:
        yield (
            f"There is one seed only of {_cut([*found])}: what another seed would give is not"
            " known, and an interval has no width."
        )


def _of_task(task: MeasuredTask) -> Iterator[str]:
    if task.entries and task.horizon < task.longest:
        short = [entry.member.run for entry in task.entries if not task.goes_far(entry)]
        rest = f"; not as far went {_names(short)}" if short else ""
        spent = amount(task.horizon, task.axis)
        yield f"{task.task.name}: final values are those after {spent}{rest}."
    if len(task.task.optimised) > 1:
        corner = ", ".join(
            f"{one.name} {number(one.reference)}"
            for one in task.task.optimised
            if one.reference is not None
        )
        yield f"{task.task.name}: the hypervolume begins at {corner}."


def _of_fidelity(task: MeasuredTask) -> Iterator[str]:
    """Which of the trials count, where they differ in how far they were trained."""
    if not any(entry.member.run.partial for entry in task.entries):
        return
    known = {
        name: " or ".join(str(one) for one in sorted({*map(task.fidelity, entries)}))
        for name, entries in task.groups.items()
    }
    told = ", ".join(f"{name}: {epochs} epochs" for name, epochs in known.items())
    unlike = " These are not the same, so values do not mean the same." * (
        len({*known.values()}) > 1
    )
    yield (
        f"{task.task.name}: of each run, only values of the networks that were trained farthest"
        f" count ({told}), and the epochs of all.{unlike}"
    )
    if task.axis == "trials":
        yield (
            f"{task.task.name}: trials differ in how far they were trained, so their number is no"
            " cost; --axis epochs and --axis seconds compare by cost."
        )


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
