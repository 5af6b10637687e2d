"""Which runs belong together: in groups, in pairs across groups, in tasks with values alike."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_hydra.comparison.runs import BUDGET, KEY, SearchRun, below
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.objective import Direction, Objective, Objectives

BY = "--by"


@dataclass(frozen=True)
class Member:
    """A run in its group.

    Args:
        run: the run.
        group: the group's label.
        replicate: what it shares with runs of other groups, its seed above all.
    """

    run: SearchRun
    group: str
    replicate: str


def members(runs: Sequence[SearchRun], by: Sequence[str]) -> list[Member]:
    """The runs with their groups.

    Args:
        runs: any.
        by: the settings that make the groups.
    """
    labels = [_label(run, by) for run in runs]
    configs = [{**run.settings, **run.seeds} for run in runs]
    inside = dict.fromkeys(["seed", *varying(configs, _places(labels).values())])
    return [
        Member(run, name, as_json([config.get(key) for key in inside]))
        for run, name, config in zip(runs, labels, configs, strict=True)
    ]


def _places(labels: Sequence[str]) -> dict[str, list[int]]:
    """Label -> the places where it stands."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(labels):
        found.setdefault(name, []).append(place)
    return found


def varying(configs: Sequence[Mapping[str, Any]], cells: Iterable[Sequence[int]]) -> list[str]:
    """The keys that differ within one of the cells."""
    found = [
        key
        for cell in cells
        for key in dict.fromkeys(key for place in cell for key in configs[place])
        if len({as_json(configs[place].get(key)) for place in cell}) > 1
    ]
    return list(dict.fromkeys(found))


def _telling(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys that tell configs apart: each differs among some that are alike in all before it.

    So a strategy's parameters follow from the strategy, unless they differ within it.
    """
    found, cells = [], [list(range(len(configs)))]
    for key in dict.fromkeys(key for config in configs for key in config):
        parts = [_split(configs, cell, key) for cell in cells]
        if any(len(part) > 1 for part in parts):
            found.append(key)
            cells = [cell for part in parts for cell in part]
    return found


def _split(configs: Sequence[Mapping[str, Any]], cell: Sequence[int], key: str) -> list[list[int]]:
    parts = _places([as_json(configs[place].get(key)) for place in cell])
    return [[cell[place] for place in part] for part in parts.values()]


def grouping_keys(runs: Sequence[SearchRun], given: Sequence[str]) -> list[str]:
    """The settings that make the groups: those given, or what differs.

    Raises:
        ConfigError: if one that is given is none, or the same in all runs.
    """
    known = dict.fromkeys(key for run in runs for key in (*run.settings, *run.task))
    for key in given:
        if key not in known:
            shown = [name for name in known if name.partition(".")[0] == key.partition(".")[0]]
            raise ConfigError(
                BY,
                f"is '{key}', which no run has a value for; allowed: {listing(shown or known)}"
                f"{nearest(key, known)}",
            )
        if len({as_json(run.setting(key)) for run in runs}) == 1:
            raise ConfigError(
                BY,
                f"is '{key}', which is {runs[0].setting(key)!r} in every run; what differs is"
                f" {listing(_telling([run.settings for run in runs]) or ['only the seed'])}",
            )
    return list(given) or _telling([run.settings for run in runs])


def _label(run: SearchRun, by: Sequence[str]) -> str:
    """What a run's group is called: ``evolution``, or ``population_size=20``."""
    last = Counter(_last(key) for key in by)
    parts = [
        _part(_last(key) if last[_last(key)] == 1 else key, run, key)
        for key in by
        if run.setting(key) is not None
    ]
    missing = f"without {', '.join(map(_last, by))}"
    return ", ".join(parts) or (missing if by else run.choices["strategy"])


def _part(name: str, run: SearchRun, key: str) -> str:
    value = run.setting(key)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return shown if key in run.choices and "/" not in key else f"{name}={shown}"


def _last(key: str) -> str:
    return key.replace("/", ".").rpartition(".")[2]


def behind(found: Sequence[Member]) -> dict[str, dict[str, Any]]:
    """Label -> the settings that are the same in the whole group, and not in all groups."""
    differing = varying([one.run.settings for one in found], [range(len(found))])
    groups: dict[str, list[SearchRun]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one.run)
    return {name: _common(runs, differing) for name, runs in groups.items()}


def _common(runs: Sequence[SearchRun], keys: Sequence[str]) -> dict[str, Any]:
    return {
        key: runs[0].setting(key)
        for key in keys
        if key in runs[0].settings
        and not below(key.rpartition(".")[2], ["_target_"])
        and len({as_json(run.setting(key)) for run in runs}) == 1
    }


def as_json(value: Any) -> str:
    """Any plain value as something to compare."""
    return json.dumps(value, sort_keys=True, default=str)


SHOWN = 3
"""Runs that a message names for each value."""
MEND = (
    "Give runs that match, name what to compare with --by, or compare on the common part with"
    " --allow-mixed"
)


@dataclass(frozen=True)
class TaskRuns:
    """Runs whose values mean the same.

    Args:
        name: ``space on dataset``, and what else tells it from other tasks.
        members: the runs.
        optimised: what is compared, each in its direction.
    """

    name: str
    members: Sequence[Member]
    optimised: tuple[Objective, ...]

    @property
    def groups(self) -> list[str]:
        """Their labels, in the order in which they were given."""
        return list(dict.fromkeys(member.group for member in self.members))

    def objectives(self, run: SearchRun) -> Objectives:
        """What is compared; limits, and who is the winner of a front, are the run's own."""
        own, names = run.past.objectives, [objective.name for objective in self.optimised]
        return Objectives(self.optimised, own.limits, own.choose if own.choose in names else None)


def tasks_of(
    members: Sequence[Member],
    by: Sequence[str],
    allow_mixed: bool,
    objective: str | None,
    budgets: bool = True,
) -> list[TaskRuns]:
    """The tasks that groups have in common.

    Args:
        members: every run.
        by: the settings that make the groups, and so no tasks.
        allow_mixed: keep what at least two groups share, and leave out the rest.
        objective: to compare instead of the runs' own; None for these.
        budgets: whether those of a task have to be the same number of trials.

    Raises:
        ConfigError: if a group lacks a task that another has, or budgets differ within a task, and
            mixing is not allowed; if nothing is in common.
    """
    aside = [*by, *(["objective"] if allow_mixed or objective else [])]
    meanings = [
        {key: value for key, value in member.run.task.items() if not below(key, aside)}
        for member in members
    ]
    parts = [*_places([as_json(meaning) for meaning in meanings]).values()]
    names = [*_names(members, by, [meanings[part[0]] for part in parts])]
    tasks = [
        TaskRuns(name, own, _compared([one.run for one in own], objective))
        for name, part in zip(names, parts, strict=True)
        for own in [[members[place] for place in part]]
    ]
    _check_directions(tasks)
    if allow_mixed:
        return _shared_tasks(tasks, meanings, members)
    _check_crossed(tasks, meanings, members)
    for task in tasks if budgets else ():
        _check_budgets(task)
    return tasks


def _names(
    members: Sequence[Member], by: Sequence[str], meanings: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """The names of tasks; those that share one are told apart by what differs."""
    plain = [_task_name(meaning) for meaning in meanings]
    for meaning, own in zip(meanings, plain, strict=True):
        same = [one for one, other in zip(meanings, plain, strict=True) if other == own]
        differing = [f"{key}={meaning.get(key)}" for key in _telling(same)]
        yield f"{own} ({', '.join(differing)})" if differing else own


def _task_name(meaning: Mapping[str, Any]) -> str:
    """``space on dataset``, of a table its column; without what the groups are made of."""
    column = meaning.get("evaluator.value")
    columns = column if isinstance(column, list) else [column]
    data = "+".join(map(str, columns)) if column else meaning.get("dataset")
    return " on ".join(str(part) for part in (meaning.get("search_space"), data) if part) or "all"


def _compared(runs: Sequence[SearchRun], objective: str | None) -> tuple[Objective, ...]:
    """The objectives that all runs have, or the one that is wanted.

    Raises:
        ConfigError: if they have none in common, or not all measure the wanted one.
    """
    own = [{one.name: one for one in run.past.objectives} for run in runs]
    if objective is not None:
        return (_named(runs, {key: one for some in own for key, one in some.items()}, objective),)
    shared = tuple(
        one
        for key, one in own[0].items()
        if all(key in some and some[key].direction == one.direction for some in own)
    )
    if not shared:
        raise ConfigError(
            "objective",
            f"the runs have none in common: {_values(runs, [', '.join(some) for some in own])};"
            " name one that all of them measured with --objective NAME",
        )
    return shared


def _named(runs: Sequence[SearchRun], known: Mapping[str, Objective], objective: str) -> Objective:
    """An objective by its name.

    Raises:
        ConfigError: if it is none of any run, so that its direction is not known, or some run did
            not measure it.
    """
    if objective not in known:
        raise ConfigError(
            "--objective",
            f"is '{objective}', which is no objective of these runs; allowed: {listing(known)}"
            f"{nearest(objective, known)}",
        )
    for run in runs:
        if not all(objective in trial.metrics for trial in run.trials if trial.complete):
            raise ConfigError(
                "--objective", f"is '{objective}', which {run.folder} did not measure"
            )
    return known[objective]


def _check_directions(tasks: Sequence[TaskRuns]) -> None:
    directions = {direction(task.optimised): task for task in tasks}
    if len(directions) > 1:
        shown = "; ".join(f"{way} on {task.name}" for way, task in directions.items())
        raise ConfigError(
            "objective", f"the runs go in different directions: {shown}. Compare them apart"
        )


def direction(optimised: Sequence[Objective]) -> Direction:
    """In which direction what is compared gets better; a hypervolume is maximised."""
    return "maximize" if len(optimised) > 1 else optimised[0].direction


def _check_crossed(
    tasks: Sequence[TaskRuns], meanings: Sequence[Mapping[str, Any]], members: Sequence[Member]
) -> None:
    """Make sure that every group has every task."""
    groups = dict.fromkeys(member.group for member in members)
    for task in tasks:
        missing = [group for group in groups if group not in task.groups]
        if missing:
            raise ConfigError(
                KEY,
                f"the runs are not comparable: {_differences(meanings, members)}; there is no run"
                f" of '{task.name}' by {listing(missing)}. {MEND}",
            )


def _check_budgets(task: TaskRuns) -> None:
    runs = [member.run for member in task.members]
    for name, budgets in zip(BUDGET, zip(*(run.amounts for run in runs), strict=True), strict=True):
        if len({*budgets}) > 1:
            raise ConfigError(
                KEY,
                f"the runs are not comparable: {name} is {_values(runs, budgets)}. {MEND},"
                " or by what they cost: --axis epochs",
            )


def _shared_tasks(
    tasks: Sequence[TaskRuns], meanings: Sequence[Mapping[str, Any]], members: Sequence[Member]
) -> list[TaskRuns]:
    """The tasks with at least two groups, if there are two at all."""
    several = len({member.group for member in members}) > 1
    common = [task for task in tasks if len(task.groups) > 1 or not several]
    if not common:
        raise ConfigError(
            KEY, f"the groups have nothing in common: {_differences(meanings, members)}"
        )
    return common


def _differences(meanings: Sequence[Mapping[str, Any]], members: Sequence[Member]) -> str:
    """``dataset is digits in run0, run1 and mnist in run2``, for all that tells tasks apart."""
    runs = [member.run for member in members]
    return "; ".join(
        f"{key} is {_values(runs, [meaning.get(key) for meaning in meanings])}"
        for key in _telling(meanings)
    )


def _values(runs: Sequence[SearchRun], values: Sequence[Any]) -> str:
    """``60 in run0, run1 and 100 in run2``."""
    parts = _places([as_json(value).strip('"') for value in values])
    return " and ".join(
        f"{value} in {', '.join(runs[place].past.folder.name for place in places[:SHOWN])}"
        + (f" and {len(places) - SHOWN} more" if len(places) > SHOWN else "")
        for value, places in parts.items()
    )
