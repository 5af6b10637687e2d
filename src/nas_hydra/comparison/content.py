"""A comparison as a document: the headline first, then curves, tables and runs."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nas_hydra.comparison import plots
from nas_hydra.comparison.findings import headline, seeds_wanted, told_apart
from nas_hydra.comparison.result import (
    Axis,
    Comparison,
    GroupResult,
    Interval,
    RunFacts,
    TaskResult,
    Test,
)
from nas_hydra.comparison.statistics import LEVEL
from nas_hydra.document.content import (
    Bar,
    Bullets,
    Cell,
    Code,
    Document,
    Element,
    Folded,
    Heading,
    Link,
    Note,
    Paragraph,
    Section,
    Sorted,
    Table,
)
from nas_hydra.document.text import counted, duration, number

REPORT = "report.html"
RUNS = "Runs"
"""The title of their section."""
LONGEST = 30
"""Characters of a run's name in a table."""
MANY_RUNS = 30
"""More of them are folded away."""
Column = tuple[str, Callable[[Any], Cell]]
"""A heading, and what stands below it."""


def document(comparison: Comparison, folder: Path | None = None, wandb: str = "") -> Document:
    """The whole comparison.

    Args:
        comparison: what was found.
        folder: where it will lie; links to the runs' own pages start there. None for no links.
        wandb: address of W&B's pages; empty for no links to these.
    """
    return Document(
        title(comparison),
        _subtitle(comparison),
        [
            Section("Findings", _findings(comparison)),
            Section("What to know", [Bullets(comparison.notes)]),
            *(Section(task.task, [*_about(task, comparison)]) for task in comparison.tasks),
            Section("Ranks over tasks", _ranks(comparison)),
            Section(RUNS, [_runs(comparison, folder, wandb)]),
            Section("To make this anew", [*_settings(comparison), *_command(comparison)]),
        ],
    )


def overview(comparison: Comparison) -> Document:
    """What a terminal shows."""
    tables = [Section(task.task, [_groups(task, comparison)]) for task in comparison.tasks]
    quoted = Section("Side by side", _sentences(comparison))
    known = Section("What to know", [Bullets([f"note: {note}" for note in comparison.notes])])
    name = f"{title(comparison)}, {counted(len(comparison.runs), 'run')}"
    return Document(name, headline(comparison), [*tables, quoted, known])


def title(comparison: Comparison) -> str:
    """What is compared, in a line."""
    return f"{comparison.objective} by {', '.join(map(_short, comparison.by)) or 'seeds'}"


def _subtitle(comparison: Comparison) -> str:
    """What there is of it, and which way is better."""
    better = "more is better" if comparison.direction == "maximize" else "less is better"
    amounts = {"run": comparison.runs, "group": comparison.groups, "task": comparison.tasks}
    shown = [counted(len(some), name) for name, some in amounts.items()]
    by = "" if comparison.axis == "trials" else f"; compared by {plots.AXES[comparison.axis]}"
    return f"{', '.join(shown)}; {better}{by}"


def _findings(comparison: Comparison) -> list[Element]:
    """The headline, then what may be quoted; folded away where nothing of it is confirmed."""
    quoted = _sentences(comparison)
    if quoted and seeds_wanted(comparison):
        quoted = [Folded("Side by side, with nothing confirmed", quoted)]
    return [Bullets([headline(comparison)], "sentences"), *quoted]


def _sentences(comparison: Comparison) -> list[Element]:
    """What may be quoted, under its task if there are several."""
    found: list[Element] = []
    for task in comparison.tasks:
        if task.sentences and len(comparison.tasks) > 1:
            found.append(Heading(task.task))
        found += [Bullets(task.sentences)] if task.sentences else []
    return found


def _about(task: TaskResult, comparison: Comparison) -> Iterator[Element]:
    """One task: curves, values in the end, the groups and the tests."""
    places = {name: place for place, name in enumerate(comparison.groups)}
    yield plots.curves(task, comparison.objective, places, comparison.axis)
    yield Note(
        "The best value so far: the mean of the middle half of a group's runs (interquartile mean),"
        " with its 95 % bootstrap interval as a band."
    )
    yield Heading("In the end")
    yield plots.finals(task.groups, comparison.objective, places)
    yield _groups(task, comparison)
    yield Note(
        f"Best: the same in the end. {plots.AXES[comparison.axis].capitalize()}: median of those"
        f" until {number(task.target)} was reached, and empty where half of the runs or more did"
        " not reach it."
    )
    if task.tests:
        yield Folded("Every pair of groups, tested", [*_tests(task.tests)])


def _groups(task: TaskResult, comparison: Comparison) -> Table:
    """The groups on a task, the best first, with a column for each setting that makes them."""
    shown = [(name, _setting(comparison, key)) for name, key in _keys(comparison).items()]
    shown = shown or [("group", lambda group: group.group)]
    shown.append(("runs", lambda group: group.runs))
    if any(group.unfinished for group in task.groups):
        shown.append(("unfinished", lambda group: group.unfinished))
    shown += [
        ("best", lambda group: group.final.middle),
        ("95 % interval", lambda group: _interval(group.final)),
        (f"reached {number(task.target)}", lambda group: Bar(group.reached)),
        (plots.AXES[comparison.axis], lambda group: _spent(group.evaluations, comparison.axis)),
    ]
    return _table(shown, task.groups)


def _spent(amount: float | None, axis: Axis) -> Cell:
    """What was spent until a target, on the axis."""
    seconds = amount is not None and axis == "seconds"
    return Sorted(amount, duration(amount)) if seconds and amount is not None else amount


def _setting(comparison: Comparison, key: str) -> Callable[[GroupResult], Cell]:
    return lambda group: _plain(comparison.groups[group.group].get(key))


def _keys(comparison: Comparison) -> dict[str, str]:
    """Heading -> a setting that makes the groups; none if a group does not say them all."""
    known = {key for settings in comparison.groups.values() for key in settings}
    if not {*comparison.by} <= known:
        return {}
    short = Counter(map(_short, comparison.by))
    return {key if short[_short(key)] > 1 else _short(key): key for key in comparison.by}


def _short(key: str) -> str:
    """A setting without the group that it is of: ``parents.size`` of a strategy."""
    return key.partition(".")[2] or key


def _plain(value: Any) -> Cell:
    return value if value is None or type(value) in (int, float) else str(value)


def _interval(value: Interval) -> str | None:
    return " to ".join(told_apart(value.low, value.high)) if value.low < value.high else None


def _table(columns: Sequence[Column], rows: Sequence[Any], **more: str) -> Table:
    return Table(
        [name for name, _ in columns], [[cell(row) for _, cell in columns] for row in rows], **more
    )


TESTS: Sequence[Column] = (
    ("better", lambda test: test.one),
    ("other", lambda test: test.other),
    ("told apart", lambda test: "yes" if test.corrected < LEVEL else "no"),
    ("p after Holm", lambda test: _p(test.corrected)),
    ("p", lambda test: _p(test.p)),
    ("A12", lambda test: Sorted(test.effect, f"{test.effect:.2f}")),
    ("seeds", lambda test: test.pairs),
    ("needed", lambda test: test.needed),
)


def _p(value: float) -> Sorted:
    return Sorted(value, f"{value:.2g}")


def _tests(found: Sequence[Test]) -> Iterator[Element]:
    """Every pair of groups, a table for each measure."""
    for measure in dict.fromkeys(test.measure for test in found):
        own = [test for test in found if test.measure == measure]
        names = dict.fromkeys(test.name for test in own)
        yield _table(TESTS, own, caption=f"{measure} ({', '.join(names)})")
    yield Note(
        f"Told apart: p after Holm is below {LEVEL:g}. A12 is the probability that a run of the"
        " better group beats one of the other, 0.5 if they are alike (Vargha and Delaney 2000)."
        " Needed: how many seeds would tell an effect of this size apart four times in five."
    )


def _ranks(comparison: Comparison) -> list[Element]:
    """The critical-difference diagram, if the groups have several tasks in common."""
    ranking = comparison.ranking
    if ranking is None:
        return []
    places = {name: place for place, name in enumerate(comparison.groups)}
    return [
        plots.ranks(ranking, places),
        Paragraph(
            f"Mean ranks over {ranking.tasks} tasks (Demsar 2006). Groups whose bars overlap are"
            f" not told apart: their mean ranks differ by less than {ranking.difference:.2f}"
            f" (Nemenyi, 5 %). Friedman's test: p = {ranking.p:.2g}."
        ),
        Table(["group", "mean rank"], [*ranking.ranks.items()]),
    ]


def _settings(comparison: Comparison) -> list[Element]:
    """What else differs between groups: a line for each setting, a column for each group."""
    known = dict.fromkeys(key for own in comparison.groups.values() for key in own)
    others = [key for key in known if key not in comparison.by]
    if not others:
        return []
    rows = [[key, *(_plain(own.get(key)) for own in comparison.groups.values())] for key in others]
    return [Table(["setting", *comparison.groups], rows, folded="What else differs between groups")]


def _command(comparison: Comparison) -> list[Element]:
    return [Code(comparison.command)] if comparison.command else []


def _runs(comparison: Comparison, folder: Path | None, wandb: str) -> Table:
    """Every run; of what is the same or nothing in all, no column."""
    found = comparison.runs
    known: Mapping[str, tuple[bool, Callable[[RunFacts], Cell]]] = {
        "group": (True, lambda run: run.group),
        "task": (len(comparison.tasks) > 1, lambda run: run.task),
        "seed": (True, lambda run: Sorted(run.seed, f"{run.seed}")),
        "trials": (True, lambda run: run.trials),
        "of": (any(not run.finished for run in found), lambda run: run.budget),
        "best": (True, lambda run: run.value),
        "in trial": (True, lambda run: run.best),
        "target after": (
            any(run.reached for run in found),
            lambda run: _spent(run.reached, comparison.axis),
        ),
        "trained for": (len({run.fidelity for run in found}) > 1, lambda run: run.fidelity or None),
        "epochs": (any(run.epochs for run in found), lambda run: run.epochs),
        "time": (
            any(run.seconds >= 1 for run in found),
            lambda run: Sorted(run.seconds, duration(run.seconds)),
        ),
        "failed": (any(run.failed for run in found), lambda run: run.failed),
        "run": (True, lambda run: _linked(run, folder)),
        "W&B": (any(run.wandb for run in found), lambda run: _tracked(run, wandb)),
    }
    columns = [(name, cell) for name, (wanted, cell) in known.items() if wanted]
    return _table(columns, found, folded=f"All {len(found)} runs" if len(found) > MANY_RUNS else "")


def _linked(run: RunFacts, folder: Path | None) -> Cell:
    """A link to the run's page if it has one, which group and seed name; else the run's name."""
    place = Path(run.folder)
    if folder is None or not (place / REPORT).is_file():
        return plots.shortened(place.name or run.folder, LONGEST)
    path = os.path.relpath(place / REPORT, folder)
    return Link(quote(os.fsencode(path)), "report")  # a name need not be UTF-8


def _tracked(run: RunFacts, wandb: str) -> Cell:
    """A link to its W&B run; one that was offline has no page yet."""
    if run.wandb is None or not wandb or run.wandb.count("/") < 2:
        return run.wandb
    owner, _, key = run.wandb.rpartition("/")
    return Link(f"{wandb}/{quote(owner)}/runs/{key}", key)
