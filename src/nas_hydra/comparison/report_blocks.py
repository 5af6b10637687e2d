"""A comparison as the blocks of a W&B report: text, panels over the runs, and links."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import wandb_workspaces.reports.v2 as wr
from pydantic import BaseModel

from nas_hydra.comparison.content import RUNS, document
from nas_hydra.comparison.result import Comparison, RunFacts, TaskResult
from nas_hydra.document.content import Bullets, Element, Heading, Section
from nas_hydra.document.text import number
from nas_hydra.document.wandb import section_blocks
from nas_hydra.files.small_file import read_json
from nas_hydra.run import EXPLANATION
from nas_hydra.tracker.report_blocks import AXES, curve, linked, runsets
from nas_hydra.tracker.wandb_report import Block, Home

MOST_COLUMNS = 12
"""Of a plot of parallel coordinates, before they are too narrow to read."""


def blocks(comparison: Comparison, home: Home) -> list[Block]:
    """The document, with panels over the runs of each task, and links for its table of runs."""
    found: list[Block] = []
    for section in document(comparison, wandb=home.app).shown:
        if section.title == RUNS:
            continue
        found += section_blocks(section)
        for task in comparison.tasks:
            if section.title == task.task and (runs := _tracked(comparison.runs, task.task)):
                found.append(_grid(comparison, task, runs, home))
    if why := [*_explained(comparison.runs)]:
        found += section_blocks(Section("Why the winners won", why))
    if runs := _tracked(comparison.runs):
        found += [wr.H2(text="Runs and their files"), _links(runs, home)]
    return found


def _tracked(runs: Sequence[RunFacts], task: str | None = None) -> list[RunFacts]:
    """The runs, of one task or of all, that have a W&B run."""
    return [run for run in runs if run.wandb and task in (None, run.task)]


def _grid(
    comparison: Comparison, task: TaskResult, runs: Sequence[RunFacts], home: Home
) -> wr.PanelGrid:
    """The panels of one task, over its runs by group."""
    paths = [_path(setting) for setting in comparison.by or ("strategy",)]
    sets = runsets([str(run.wandb) for run in runs], home, task.task, paths)
    return wr.PanelGrid(runsets=sets, panels=[*_panels(comparison, task, paths)])


def _panels(comparison: Comparison, task: TaskResult, paths: Sequence[str]) -> Iterator[Block]:
    """Curves over trials, epochs and seconds; then what the settings have to do with the result."""
    best = _metric(comparison)
    for axis in sorted(AXES, key=lambda one: one != comparison.axis):
        if any(axis in group.curves for group in task.groups):
            yield curve(
                *(best, axis, f"best {comparison.objective} by {axis}"),
                # W&B groups a panel by one key; by several, it follows the run set
                groupby=wr.Config(paths[0]) if len(paths) == 1 else None,
                groupby_aggfunc="median",
                groupby_rangefunc="minmax",
                aggregate=True,
            )
    columns = [
        wr.ParallelCoordinatesPlotColumn(metric=wr.Config(_path(name)), display_name=name)
        for name in _settings(comparison)
    ]
    last = wr.ParallelCoordinatesPlotColumn(metric=wr.SummaryMetric(best))
    yield wr.ParallelCoordinatesPlot(columns=[*columns, last], layout=wr.Layout(w=24, h=9))


def _metric(comparison: Comparison) -> str:
    """The history's name of what is compared."""
    name = comparison.objective
    return name if name == "hypervolume" else f"best/{name}"


def _settings(comparison: Comparison) -> list[str]:
    """What makes the groups, then what else differs between them, the strategy's first."""
    behind = dict.fromkeys(name for group in comparison.groups.values() for name in group)
    ordered = sorted(behind, key=lambda name: not name.startswith("strategy"))
    return list(dict.fromkeys([*comparison.by, *ordered, "seed"]))[:MOST_COLUMNS]


def _path(setting: str) -> str:
    """Where a setting is in the config of a W&B run: options of groups under ``choices``."""
    option = "/" in setting or "." not in setting
    return f"choices.{setting}" if option and setting != "seed" else setting


class Explained(BaseModel):
    """What an explanation's file holds, as far as it is read again."""

    summary: list[str]


def _explained(runs: Sequence[RunFacts]) -> Iterator[Element]:
    """The explanations in short, of the runs that were explained."""
    for run in runs:
        known = read_json(Path(run.folder) / EXPLANATION, Explained)
        if known is not None:
            yield Heading(f"{_named(run)} on {run.task}")
            yield Bullets(known.summary)


def _links(runs: Sequence[RunFacts], home: Home) -> wr.UnorderedList:
    return wr.UnorderedList(
        items=[
            linked(
                *(str(run.wandb), home, _named(run)),
                about=f"on {run.task}: {number(run.value)} in {run.trials} trials",
            )
            for run in runs
        ]
    )


def _named(run: RunFacts) -> str:
    return f"{run.group}, seed {run.seed}"
