"""A comparison as one HTML page with interactive plots."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from nas_hydra.comparison import plots
from nas_hydra.comparison.markdown import title
from nas_hydra.comparison.result import Comparison, GroupResult, RunFacts, TaskResult, Test
from nas_hydra.comparison.statistics import LEVEL
from nas_hydra.page import (
    Cell,
    Section,
    bar,
    bullets,
    code,
    folded,
    heading,
    link,
    note,
    number,
    page,
    paragraph,
    table,
)

REPORT = "report.html"


def html(comparison: Comparison, folder: Path = Path()) -> str:
    """The whole comparison: what may be quoted first, then plots and tables.

    Args:
        comparison: what was found.
        folder: where the page will lie; its links to the runs' own pages start there.
    """
    places = {name: place for place, name in enumerate(comparison.groups)}
    sections = [
        Section("Findings", findings(comparison)),
        Section("What to know", [bullets(comparison.notes)] if comparison.notes else []),
        *(Section(task.task, about(task, comparison, places)) for task in comparison.tasks),
        Section("Ranks over tasks", ranks(comparison, places)),
        Section("Groups", [groups(comparison)]),
        Section("Runs", [runs(comparison.runs, folder)]),
        Section("To make this anew", [code(comparison.command)] if comparison.command else []),
    ]
    better = "more" if comparison.direction == "maximize" else "less"
    return page(title(comparison), f"{better} {comparison.objective} is better", sections)


def findings(comparison: Comparison) -> list[Markup]:
    """The sentences, under their task if there are several."""
    several = len(comparison.tasks) > 1
    return [
        element
        for task in comparison.tasks
        for element in (
            *([heading(task.task)] if several else []),
            bullets(task.sentences, "sentences") if task.sentences else note("One group only."),
        )
    ]


def about(task: TaskResult, comparison: Comparison, places: plots.Places) -> list[Markup]:
    """One task: curves, values in the end, the groups and the tests."""
    return [
        plots.curves(task, comparison.objective, places),
        note(
            "The best value so far: interquartile mean over the runs of a group, and its 95 %"
            " bootstrap interval as a band. A click on a group's name hides it; a double click into"
            " the plot shows the beginning too."
        ),
        heading("In the end"),
        plots.finals(task.groups, comparison.objective, places),
        table(GROUPS, map(group_row, task.groups)),
        note(
            f"Best value: interquartile mean in the end, with its 95 % bootstrap interval. Target:"
            f" {number(task.target)}; trials to it are a median, and empty where half of the runs"
            " or more did not reach it."
        ),
        *tests(task.tests),
    ]


GROUPS = (
    *("group", "runs", "unfinished", "best value", "from", "to"),
    *("reached the target", "trials to it"),
)
"""The columns of ``group_row``."""


def group_row(group: GroupResult) -> list[Cell]:
    """A group on a task."""
    low, middle, high = group.final
    return [
        *(group.group, group.runs, group.unfinished, middle, low, high),
        *(bar(group.reached), group.evaluations),
    ]


TESTS = (
    *("better", "other", "measure", "told apart", "p after Holm", "p", "A12"),
    *("seeds", "seeds needed", "test"),
)
"""The columns of ``test_row``."""


def tests(found: Sequence[Test]) -> Iterator[Markup]:
    """Every pair of groups."""
    if not found:
        return
    yield table(TESTS, map(test_row, found))
    yield note(
        f"Told apart: p after Holm is below {LEVEL:g}. A12 is the probability that a run of the"
        " better group beats one of the other, 0.5 if they are alike (Vargha and Delaney 2000)."
        " Seeds needed: how many would tell an effect of this size apart four times in five."
    )


def test_row(test: Test) -> list[Cell]:
    """Two groups on a task."""
    apart = "yes" if test.corrected < LEVEL else "no"
    return [
        *(test.one, test.other, test.measure, apart, test.corrected, test.p, test.effect),
        *(test.pairs, test.needed, test.name),
    ]


def ranks(comparison: Comparison, places: plots.Places) -> list[Markup]:
    """The critical-difference diagram, if the groups have several tasks in common."""
    ranking = comparison.ranking
    if ranking is None:
        return []
    return [
        plots.ranks(ranking, places),
        paragraph(
            f"Mean ranks over {ranking.tasks} tasks (Demsar 2006). Groups whose bars overlap are"
            f" not told apart: their mean ranks differ by less than {ranking.difference:.2f}"
            f" (Nemenyi, 5 %). Friedman's test: p = {ranking.p:.2g}."
        ),
        table(["group", "mean rank"], ranking.ranks.items()),
    ]


def groups(comparison: Comparison) -> Markup:
    """What each group was searched with."""
    keys = dict.fromkeys(key for settings in comparison.groups.values() for key in settings)
    rows = [
        [name, *(str(settings.get(key, "")) for key in keys)]
        for name, settings in comparison.groups.items()
    ]
    return table(["group", *keys], rows)


RUNS = (
    *("run", "group", "task", "seed", "trials", "of", "best value", "in trial"),
    *("target after", "epochs", "seconds", "failed", "W&B"),
)
"""The columns of ``run_row``."""


def runs(found: Sequence[RunFacts], folder: Path) -> Markup:
    """Every run, with a link to its own page where there is one."""
    shown = table(RUNS, (run_row(run, folder) for run in found))
    return shown if len(found) <= 30 else folded(f"All {len(found)} runs", shown)


def run_row(run: RunFacts, folder: Path) -> list[Cell]:
    """A run."""
    return [
        *(linked(run, folder), run.group, run.task, run.seed, run.trials, run.budget, run.value),
        *(run.best, run.reached, run.epochs, round(run.seconds, 1), run.failed, run.wandb),
    ]


def linked(run: RunFacts, folder: Path) -> str | Markup:
    """The run's name; a link to its page if it has one."""
    place = Path(run.folder)
    name = place.name or run.folder
    if not (place / REPORT).is_file():
        return name
    path = os.path.relpath(place / REPORT, folder)
    return link(quote(os.fsencode(path)), name)  # a name need not be UTF-8
