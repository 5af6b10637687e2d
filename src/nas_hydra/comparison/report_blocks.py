"""A comparison as the blocks of a W&B report: text, panels over the runs, and links."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr
from wandb_workspaces.expr import Metric

from nas_hydra.comparison.markdown import markdown
from nas_hydra.comparison.result import Axis, Comparison, RunFacts, TaskResult

AXES: Mapping[Axis, str] = {"trials": "trial", "epochs": "cost/epochs", "seconds": "cost/seconds"}
"""Axis -> the metric of the W&B history that runs along it."""
MOST_COLUMNS = 12
"""Of a plot of parallel coordinates, before they are too narrow to read."""
Block = Any
"""One of wandb-workspaces' blocks, which have no common public type."""


@dataclass(frozen=True)
class Home:
    """Where the report and its runs are.

    Args:
        app: W&B's address.
        entity: the user or team.
        project: the W&B project.
    """

    app: str
    entity: str
    project: str

    def run(self, key: str) -> str:
        """The page of a run."""
        return f"{self.app}/{self.entity}/{self.project}/runs/{key}"

    def artifact(self, key: str) -> str:
        """The page of a run's files: config, record, winner with picture and weights."""
        return f"{self.app}/{self.entity}/{self.project}/artifacts/search/search-{key}"


def blocks(comparison: Comparison, home: Home) -> list[Block]:
    """The whole report, from the statistics to the runs."""
    found: list[Block] = [wr.MarkdownBlock(text=markdown(comparison).partition("\n")[2])]
    for task in comparison.tasks:
        if runs := tracked(comparison.runs, task.task):
            found += [wr.H2(text=f"{task.task}: the runs"), grid(comparison, task, runs, home)]
    if runs := tracked(comparison.runs):
        found += [wr.H2(text="Runs and their files"), links(runs, home)]
    return found


def tracked(runs: Sequence[RunFacts], task: str | None = None) -> list[RunFacts]:
    """The runs, of one task or of all, that have a W&B run."""
    return [run for run in runs if run.wandb and task in (None, run.task)]


def key_of(run: RunFacts) -> str:
    """The id of its W&B run."""
    return str(run.wandb).rpartition("/")[2]


def grid(
    comparison: Comparison, task: TaskResult, runs: Sequence[RunFacts], home: Home
) -> wr.PanelGrid:
    """The panels of one task, over its runs by group."""
    paths = [path(setting) for setting in comparison.by or ("strategy",)]
    known = Metric("ID").isin([key_of(run) for run in runs])
    runset = wr.Runset(
        entity=home.entity,
        project=home.project,
        name=task.task,
        filters=[known],
        groupby=[f"config.{name}" for name in paths],
    )
    return wr.PanelGrid(runsets=[runset], panels=[*panels(comparison, task, paths)])


def panels(comparison: Comparison, task: TaskResult, paths: Sequence[str]) -> Iterator[Block]:
    """Curves over trials, epochs and seconds; then what the settings have to do with the result."""
    best = metric(comparison)
    for axis, along in AXES.items():
        if any(axis in group.curves for group in task.groups):
            yield wr.LinePlot(
                title=f"best {comparison.objective} by {axis}",
                x=along,
                y=[best],
                title_x=axis,
                # W&B groups a panel by one key; by several, it follows the run set
                groupby=wr.Config(paths[0]) if len(paths) == 1 else None,
                groupby_aggfunc="median",
                groupby_rangefunc="minmax",
                aggregate=True,
                layout=wr.Layout(w=12, h=8),
            )
    columns = [
        wr.ParallelCoordinatesPlotColumn(metric=wr.Config(path(name)), display_name=name)
        for name in settings(comparison)
    ]
    last = wr.ParallelCoordinatesPlotColumn(metric=wr.SummaryMetric(best))
    yield wr.ParallelCoordinatesPlot(columns=[*columns, last], layout=wr.Layout(w=24, h=9))
    yield wr.ParameterImportancePlot(with_respect_to=best, layout=wr.Layout(w=12, h=9))


def metric(comparison: Comparison) -> str:
    """The history's name of what is compared."""
    name = comparison.objective
    return name if name == "hypervolume" else f"best/{name}"


def settings(comparison: Comparison) -> list[str]:
    """What makes the groups, then what else differs between them, the strategy's first."""
    behind = dict.fromkeys(name for group in comparison.groups.values() for name in group)
    ordered = sorted(behind, key=lambda name: not name.startswith("strategy"))
    return list(dict.fromkeys([*comparison.by, *ordered, "seed"]))[:MOST_COLUMNS]


def path(setting: str) -> str:
    """Where a setting is in the config of a W&B run: options of groups under ``choices``."""
    option = "/" in setting or "." not in setting
    return f"choices.{setting}" if option and setting != "seed" else setting


def links(runs: Sequence[RunFacts], home: Home) -> wr.UnorderedList:
    """Each run's page, and its files."""
    return wr.UnorderedList(
        items=[
            [
                wr.Link(text=f"{run.group}, seed {run.seed}", url=home.run(key_of(run))),
                f" on {run.task}: {run.value:g} in {run.trials} trials; ",
                wr.Link(text="winner and record", url=home.artifact(key_of(run))),
            ]
            for run in runs
        ]
    )
