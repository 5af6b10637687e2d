"""From folders to a comparison, and where it goes: its files and a W&B report."""

import json
import math
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from statistics import median
from typing import Any

from nas_hydra.comparison.content import document, title
from nas_hydra.comparison.findings import notes, sentences
from nas_hydra.comparison.grouping import Member, as_json, behind, grouping_keys, members, tasks_of
from nas_hydra.comparison.measured import MeasuredRun, MeasuredTask, curves, measure
from nas_hydra.comparison.result import Axis, Comparison, GroupResult, Interval, TaskResult
from nas_hydra.comparison.runs import KEY, SearchRun, read_all
from nas_hydra.comparison.statistics import FINAL, intervals, ranking, soonest, tests
from nas_hydra.config.foreign import foreign
from nas_hydra.document.markdown import markdown
from nas_hydra.errors import ConfigError, listing
from nas_hydra.files.small_file import replace_all


def compare(
    folders: Sequence[Path],
    by: Sequence[str] = (),
    target: float | None = None,
    allow_mixed: bool = False,
    command: str = "",
    objective: str | None = None,
    trust: Sequence[str] = (),
    url: str | None = None,
    axis: Axis | None = None,
) -> Comparison:
    """Groups of runs side by side.

    Args:
        folders: of runs, or of sweeps; globs too.
        by: the settings that make the groups; none: what differs among the runs.
        target: the value whose first reaching is counted; None: see ``_default_target``.
        allow_mixed: compare on the common part what differs in objective, data or budget.
        command: to make this anew.
        objective: to compare instead of the runs' own.
        trust: modules that the runs' configs may name, see ``nas_hydra.config.foreign``.
        url: of the storage of records that are on a server; else none is connected to.
        axis: by what is spent on it the runs are compared; None is trials, or epochs where not
            every training is a whole one.

    Raises:
        ConfigError: if there is nothing to compare, or the runs are not comparable.
    """
    with foreign(trust):
        found = read_all(folders, url)
    runs = [run for run in found if run.trials]
    if not runs:
        raise ConfigError(KEY, f"none of the {len(found)} runs has a trial yet")
    by = grouping_keys(runs, by)
    grouped = members(runs, by)
    kept = _once(grouped)
    axis = _axis(runs, axis)
    shared = tasks_of(kept, by, allow_mixed, objective, axis == "trials")
    tasks = [measure(task, axis) for task in shared]
    usable = [task for task in tasks if task.entries]
    if not usable:
        raise ConfigError(KEY, "no run has a complete trial within the limits; nothing to compare")
    results = [_result(task, target) for task in usable]
    ranks = ranking(results, usable[0].sign)
    return Comparison(
        by=by,
        objective=", ".join(dict.fromkeys(task.measure for task in usable)),
        direction=usable[0].direction,
        groups=behind(kept),
        tasks=results,
        ranking=ranks,
        runs=[
            task.facts(entry, one.target)
            for task, one in zip(usable, results, strict=True)
            for entry in task.entries
        ],
        notes=notes(found, grouped, tasks, ranks),
        command=command,
        axis=axis,
    )


def _axis(runs: Sequence[SearchRun], wanted: Axis | None) -> Axis:
    """What is wanted, else trials, or epochs where not every training is a whole one.

    Raises:
        ConfigError: if it is not known of every run.
    """
    if wanted == "cost":
        _check_counted(runs)
    if wanted is not None:
        return wanted
    spent = any(trial.epochs for run in runs for trial in run.trials)
    return "epochs" if spent and any(run.partial for run in runs) else "trials"


def _check_counted(runs: Sequence[SearchRun]) -> None:
    """Make sure that it is known of every run what its trials cost, in one unit.

    Raises:
        ConfigError: if it is not.
    """
    units = {run.folder: run.setting("strategy.cost") for run in runs}
    if missing := [run.folder for run in runs if not run.counted or units[run.folder] is None]:
        problem = f"of {listing(missing, 3)} it is not known what its trials cost"
        more = "only searches with strategy.cost can be compared by it; take --axis seconds"
        raise ConfigError("--axis", f"{problem}; {more}")
    if len({as_json(unit) for unit in units.values()}) > 1:
        told = listing({as_json(unit).strip('"') for unit in units.values()})
        raise ConfigError("--axis", f"costs are counted in different units: {told}")


def _once(grouped: Sequence[Member]) -> list[Member]:
    """The runs without repetitions: of the same search, the one that went farthest."""
    best: dict[tuple[str, ...], Member] = {}
    for member in grouped:
        key = (member.group, member.replicate, as_json(member.run.task))
        if key not in best or member.run.length > best[key].run.length:
            best[key] = member
    return [*best.values()]


def _result(task: MeasuredTask, target: float | None) -> TaskResult:
    """All groups on one task."""
    target = _default_target(task) if target is None else target
    groups = [_group(task, name, entries, target) for name, entries in task.groups.items()]
    groups.sort(key=lambda group: (-task.sign * group.final.middle, _spent(group.evaluations)))
    ordered = {group.group: task.groups[group.group] for group in groups}
    soon = {
        name: {
            key: -(task.horizon + 1 if spent is None else spent)
            for key, spent in task.reached(entries, target).items()
        }
        for name, entries in ordered.items()
    }
    good = {
        name: {key: task.sign * value for key, value in task.finals(entries).items()}
        for name, entries in ordered.items()
    }
    found = [*tests(soon, soonest(task.axis)), *tests(good, FINAL)]
    told = sentences(groups, found, target, task.horizon, task.axis)
    return TaskResult(task.task.name, target, groups, found, [*told])


def _spent(amount: float | None) -> float:
    """What was spent until a target was reached; infinity if it was not."""
    return math.inf if amount is None else amount


def _default_target(task: MeasuredTask) -> float:
    """The optimum, if it is known and most runs of a group find it; else what every group reaches.

    The latter is the value that most runs of the group with the worst median have in the end: the
    hardest target for which every group's median of trials is known.
    """
    medians = [
        sorted((task.sign * value for value in task.finals(entries).values()), reverse=True)
        for entries in task.groups.values()
    ]
    reached = [task.sign * ordered[len(ordered) // 2] for ordered in medians]
    if task.optimum is not None and task.optimum in reached:
        return task.optimum
    return min(reached, key=lambda value: task.sign * value)


def _group(
    task: MeasuredTask, name: str, entries: Sequence[MeasuredRun], target: float
) -> GroupResult:
    reached = [*map(_spent, task.reached(entries, target).values())]
    middle = median(reached)
    return GroupResult(
        group=name,
        runs=len(entries),
        unfinished=sum(not entry.member.run.finished for entry in entries),
        final=intervals([[value] for value in task.finals(entries).values()])[0],
        reached=sum(map(math.isfinite, reached)) / len(reached),
        evaluations=middle if math.isfinite(middle) else None,
        curves=curves(
            [entry.trajectory.until(task.horizon, task.axis) for entry in entries],
            [task.goes_far(entry) for entry in entries],
        ),
    )


WANDB_FILE = "wandb_report.txt"
"""In the comparison's folder: which W&B report it is."""


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write all three, each in one step, over those of an earlier comparison.

    Raises:
        ConfigError: if the folder cannot be written.
    """
    from nas_hydra.document.html import html  # which loads plotly

    shown = document(comparison, folder, _wandb_address(comparison))
    texts = {
        "comparison.json": json.dumps(plain(comparison), indent=1) + "\n",
        "comparison.md": markdown(shown),
        "comparison.html": html(shown),
    }
    return replace_all(folder, texts, "--output")


def _wandb_address(comparison: Comparison) -> str:
    """Where W&B's pages are; empty if no run has one."""
    if not any(run.wandb for run in comparison.runs):
        return ""
    from nas_hydra.tracker.wandb_report import app_address  # which loads W&B

    return app_address()


def plain(value: Any) -> Any:
    """Dataclasses as mappings, field by field; an interval is one too."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Interval):
        return value._asdict()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def publish(comparison: Comparison, project: str | None, entity: str | None, folder: Path) -> str:
    """Publish a comparison, or update what was published from the same folder before.

    Args:
        comparison: what was found.
        project: the W&B project; None for that of the runs.
        entity: the user or team that owns it; None for that of the runs, else the account's own.
        folder: of the comparison.

    Returns:
        The report's URL.

    Raises:
        NasHydraError: if there is no account, W&B does not answer, or the library is missing.
    """
    from nas_hydra.tracker import wandb_report  # which loads W&B

    request = wandb_report.ReportRequest(
        word="--wandb",
        naming="--project P",
        command=comparison.command,
        runs=[run.wandb for run in comparison.runs if run.wandb],
        project=project,
        entity=entity,
        file=folder / WANDB_FILE,
    )

    def made(home: wandb_report.Home) -> list[wandb_report.Block]:
        from nas_hydra.comparison.report_blocks import blocks  # wandb-workspaces, optional

        return blocks(comparison, home)

    return wandb_report.publish(request, title(comparison), made)
