"""Which runs belong together: groups that are compared, and replicates that pair across them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nas_hydra.comparison.runs import SearchRun, below
from nas_hydra.errors import ConfigError, listing, nearest

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
    labels = [label(run, by) for run in runs]
    configs = [{**run.settings, **run.seeds} for run in runs]
    inside = dict.fromkeys(["seed", *varying(configs, runs_of(labels).values())])
    return [
        Member(run, name, text([config.get(key) for key in inside]))
        for run, name, config in zip(runs, labels, configs, strict=True)
    ]


def runs_of(labels: Sequence[str]) -> dict[str, list[int]]:
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
        if len({text(configs[place].get(key)) for place in cell}) > 1
    ]
    return list(dict.fromkeys(found))


def telling(configs: Sequence[Mapping[str, Any]]) -> list[str]:
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
    return (
        [*runs_of([text(configs[i].get(key)) for i in cell]).values()]
        if len(cell) > 1
        else [[*cell]]
    )


def settings(runs: Sequence[SearchRun], given: Sequence[str]) -> list[str]:
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
        if len({text(run.setting(key)) for run in runs}) == 1:
            raise ConfigError(
                BY,
                f"is '{key}', which is {runs[0].setting(key)!r} in every run; what differs is"
                f" {listing(telling([run.settings for run in runs]) or ['only the seed'])}",
            )
    return list(given) or telling([run.settings for run in runs])


def label(run: SearchRun, by: Sequence[str]) -> str:
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
        and len({text(run.setting(key)) for run in runs}) == 1
    }


def text(value: Any) -> str:
    """Any plain value as something to compare."""
    return json.dumps(value, sort_keys=True, default=str)
