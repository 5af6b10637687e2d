"""A comparison as Markdown, to paste into an issue or a lab book."""

from collections.abc import Iterator

from nas_hydra.comparison.result import Comparison, GroupResult, Interval, Ranking, TaskResult, Test
from nas_hydra.comparison.sentences import number
from nas_hydra.page.markdown import code, escaped, table


def markdown(comparison: Comparison) -> str:
    """The whole comparison: sentences, tables and notes."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"# {escaped(title(comparison))}"
    for task in comparison.tasks:
        yield from _task(task, comparison.direction)
    if comparison.ranking:
        yield from _ranking(comparison.ranking)
    if comparison.notes:
        yield from ("", "## Notes", "", *(f"- {escaped(note)}" for note in comparison.notes))
    yield from ("", f"Made with {code(comparison.command)}." if comparison.command else "")


def title(comparison: Comparison) -> str:
    """What is compared, in a line."""
    by = ", ".join(comparison.by) or "seeds"
    return f"{comparison.objective} by {by}, {len(comparison.runs)} runs"


def _task(task: TaskResult, direction: str) -> Iterator[str]:
    yield from ("", f"## {escaped(task.task)}", "")
    yield from (f"- {escaped(sentence)}" for sentence in task.sentences)
    yield from ("", table(HEAD, map(cells, task.groups)), "")
    yield (
        f"Best: interquartile mean of the runs' best values ({direction}), with a bootstrap"
        f" interval. Reached: share of the runs that came to {number(task.target)}. Trials: median"
        " of those until then."
    )
    if task.tests:
        yield from ("", table(TEST_HEAD, map(_test, task.tests)))


HEAD = ("group", "runs", "best", "95 % interval", "reached", "trials")
"""The columns of ``cells``."""


def cells(group: GroupResult) -> list[str]:
    """A group as a row."""
    runs = f"{group.runs} ({group.unfinished} unfinished)" if group.unfinished else f"{group.runs}"
    trials = "-" if group.evaluations is None else f"{group.evaluations:g}"
    return [
        group.group,
        runs,
        number(group.final.middle),
        interval(group.final),
        f"{group.reached:.0%}",
        trials,
    ]


def interval(value: Interval) -> str:
    """``84.32 to 84.61``."""
    return f"{number(value.low)} to {number(value.high)}"


TEST_HEAD = ("better", "other", "measure", "test", "p", "p after Holm", "A12", "seeds", "needed")


def _test(test: Test) -> list[str]:
    return [
        test.one,
        test.other,
        test.measure,
        test.name,
        f"{test.p:.2g}",
        f"{test.corrected:.2g}",
        f"{test.effect:.2f}",
        f"{test.pairs}",
        "-" if test.needed is None else f"{test.needed}",
    ]


def _ranking(ranking: Ranking) -> Iterator[str]:
    yield from ("", f"## Ranks over {ranking.tasks} tasks", "")
    yield table(("group", "mean rank"), ((name, f"{r:.2f}") for name, r in ranking.ranks.items()))
    yield from (
        "",
        f"Mean ranks that differ by less than {ranking.difference:.2f} are not told apart (Nemenyi,"
        f" 5 %); Friedman's test: p = {ranking.p:.2g}.",
    )
