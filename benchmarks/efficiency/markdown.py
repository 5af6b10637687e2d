"""The report as Markdown."""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from efficiency.comparison import Comparison
from efficiency.figures import BASELINES, FLAGSHIP, NEAR, WITHIN, Figures
from efficiency.goals import Goal
from efficiency.task import best_reported

VERDICTS = {True: "yes", False: "**no**", None: ""}
COST = (
    "Seconds of one processor, look-ups included: median per run (runs on a column end at its"
    " optimum); on synthetic tasks, whose runs are never cut short, median milliseconds from one"
    " of a run's last 20 proposals to the next; and the share of proposals that the strategy had"
    " made, and been told of, before."
)
BASELINE = (
    "Median evaluations of {} per median of the row's strategy (above 1, the row's is sooner),"
    " and p of Wilcoxon's signed-rank test over seeds, Holm-corrected over both tables. Runs that"
    " do not find the optimum count as one evaluation beyond the budget; where a median does, > and"
    " < say on which side of the figure the ratio is, and ? that both do."
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> str:
    """A table; the first so many columns are texts, the others are numbers."""
    lines = [head, ["---"] * texts + ["---:"] * (len(head) - texts), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown(figures: Figures, goals: Sequence[Goal], conditions: Sequence[str]) -> str:
    """The whole report."""
    rows = [(goal.what, goal.measured, VERDICTS[goal.reached]) for goal in goals]
    parts = [
        "# Search efficiency",
        "![Regret by evaluations](search_efficiency.png)",
        "## Goals",
        table(("goal", "measured", "reached"), rows, texts=3),
        *(part for pending in figures.pending for part in sections(figures, pending)),
        "## Cost",
        COST,
        *(cost_table(figures, pending) for pending in figures.pending),
        "## Conditions",
        *conditions,
    ]
    return "\n\n".join(parts) + "\n"


def sections(figures: Figures, pending: int) -> Iterator[str]:
    """Everything with so many pending trials."""
    yield f"## {pending} pending"
    if figures.columns:
        yield "### Evaluations to the optimum: median (share of seeds that find it)"
        yield overview(figures, pending)
    for task in figures.columns:
        yield f"### {task}"
        yield column_table(figures, pending, task)
    if figures.protocol:
        yield from protocol_section(figures, pending)
    for reference in BASELINES:
        yield from baseline_section(figures, pending, reference)
    yield from flagship_section(figures, pending)
    for task in figures.synthetic:
        yield from synthetic_section(figures, pending, task)


def overview(figures: Figures, pending: int) -> str:
    """Strategies by columns."""
    lines = []
    for strategy in figures.strategies:
        rows = [figures.reach.get((pending, task, strategy)) for task in figures.columns]
        cells = [f"{evaluations(r.median, r.budget)} ({r.share:.2f})" if r else "" for r in rows]
        lines.append([strategy, *cells])
    return table(["strategy", *figures.columns], lines)


def column_table(figures: Figures, pending: int, task: str) -> str:
    """What is known of one column."""
    head = [
        *("strategy", "seeds", "median", "9 in 10", "every seed"),
        *(f"within {limit}" for limit in WITHIN),
        *(f"to regret {regret:g}" for regret in NEAR),
    ]
    lines = []
    for strategy in figures.strategies:
        row = figures.reach.get((pending, task, strategy))
        if row is not None:
            soon = (row.median, row.ninth, row.worst)
            shares = [f"{row.within[n]:.2f}" if n in row.within else "" for n in WITHIN]
            near = [evaluations(row.near[regret], row.budget) for regret in NEAR]
            middle = [evaluations(n, row.budget) for n in soon]
            lines.append([strategy, str(row.seeds), *middle, *shares, *near])
    return table(head, lines)


def protocol_section(figures: Figures, pending: int) -> Iterator[str]:
    """The protocol of NATS-Bench."""
    yield "### Searched by 12-epoch validation, reported by 200-epoch test accuracy (NATS-Bench)"
    tasks = list(dict.fromkeys(task for _, task, _ in figures.protocol))
    best = "; ".join(f"{task}: at most {best_reported(task):.2f}" for task in tasks)
    yield f"Per cent, mean +- standard deviation over seeds, of the incumbent ({best})."
    cells = list(product(tasks, figures.marks))
    lines = []
    for strategy in figures.strategies:
        row = [figures.protocol.get((pending, task, strategy), {}).get(n) for task, n in cells]
        texts = [f"{one[0]:.2f} +- {one[1]:.2f}" if one else "" for one in row]
        lines.append([strategy, *texts])
    yield table(["strategy", *(f"{task}, after {mark}" for task, mark in cells)], lines)


def baseline_section(figures: Figures, pending: int, reference: str) -> Iterator[str]:
    """Every strategy against one baseline."""
    tests = {
        (test.task, test.strategy): test
        for test in figures.against_baselines
        if (test.pending, test.reference) == (pending, reference)
    }
    if tests:
        yield f"### Times fewer evaluations than {reference}"
        yield BASELINE.format(reference)
        yield comparisons(figures, tests)


def comparisons(figures: Figures, tests: dict[tuple[str, str], Comparison]) -> str:
    """Ratios and p-values by strategy and column."""
    lines = []
    for strategy in figures.strategies:
        row = [tests.get((task, strategy)) for task in figures.columns]
        if any(row):
            lines.append([strategy, *(ratio(test) for test in row)])
    return table(["strategy", *figures.columns], lines)


def flagship_section(figures: Figures, pending: int) -> Iterator[str]:
    """The flagship against every other."""
    tests = {
        (test.task, test.reference): test
        for test in figures.flagship_sooner
        if test.pending == pending
    }
    if tests:
        yield f"### Times fewer evaluations of {FLAGSHIP} than of every other"
        yield "As above; Holm-corrected over this table."
        yield comparisons(figures, tests)


def synthetic_section(figures: Figures, pending: int, task: str) -> Iterator[str]:
    """Incumbents on one synthetic task."""
    yield f"### {task}"
    yield (
        "The incumbent's value without noise, in standard deviations of the signal over random"
        f" candidates: interquartile mean (95 % interval); then the median lead of {FLAGSHIP}, and"
        " p of Wilcoxon's test, Holm-corrected over all synthetic tasks."
    )
    tests = {
        (test.reference, test.after): test
        for test in figures.flagship_better
        if (test.pending, test.task) == (pending, task)
    }
    lines = []
    for strategy in figures.strategies:
        key = (pending, task, strategy)
        if key in figures.best:
            best = figures.best[key]
            means = [interval(*best[mark]) if mark in best else "" for mark in figures.marks]
            leads = [lead(tests.get((strategy, mark))) for mark in figures.marks]
            lines.append([strategy, str(len(figures.runs[key])), *means, *leads])
    heads = [f"after {mark}" for mark in figures.marks]
    yield table(["strategy", "seeds", *heads, *(f"lead {head}" for head in heads)], lines)


def cost_table(figures: Figures, pending: int) -> str:
    """Strategies by tasks."""
    tasks = [*figures.columns, *figures.synthetic]
    lines = []
    for strategy in figures.strategies:
        costs = {task: figures.cost.get((pending, task, strategy)) for task in tasks}
        cells = [
            (f"{one.seconds:.2f} s" + (f", {one.late:.1f} ms" if task in figures.synthetic else ""))
            if one
            else ""
            for task, one in costs.items()
        ]
        known = max((one.known for one in costs.values() if one), default=0.0)
        lines.append([strategy, *cells, f"{100 * known:.0f} %"])
    return table([f"{pending} pending", *tasks, "known, at most"], lines)


def evaluations(number: float, budget: int) -> str:
    """A number of evaluations, or that it is beyond the budget."""
    return f"{number:g}" if math.isfinite(number) else f">{budget}"


def ratio(test: Comparison | None) -> str:
    """A ratio of medians and its p."""
    if test is None:
        return ""
    times = "?" if test.bound == "?" else f"{test.bound}{test.effect:.2f}"
    return f"{times} (p {probability(test.p)})"


def lead(test: Comparison | None) -> str:
    """A median difference and its p."""
    return "" if test is None else f"{test.effect:+.2f} (p {probability(test.p)})"


def probability(p: float) -> str:
    """A p-value with one digit, or three decimals."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def interval(low: float, middle: float, high: float) -> str:
    """An estimate with the ends of its interval."""
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"
