"""Which goals are reached, as measured."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from efficiency.comparison import Comparison
from efficiency.figures import EVOLUTION, FLAGSHIP, MARKS, Figures, Reach
from efficiency.statistics import median
from efficiency.task import COLUMNS

LIMITS = {1: (20, 50, 150), 8: (30, 75, 225)}
"""Pending -> evaluations to the optimum: of the median seed, of nine in ten, of every one."""
PARALLEL = 1.5
"""Times as many evaluations with 8 pending as with one."""
FEWER = 4.0
"""Times fewer evaluations than the best sampler of Optuna, and than regularised evolution."""
SIGNIFICANT = 0.001
LARGE = "darts_synthetic"
"""The space too large to enumerate."""
OVERHEAD = 100.0
"""Milliseconds per proposal at 300 trials."""


@dataclass(frozen=True)
class Goal:
    """A goal, what was measured of it, and whether it is reached; None: not measured."""

    what: str
    measured: str = "not measured"
    reached: bool | None = None


def goals(figures: Figures) -> list[Goal]:
    """All of them, for each number of pending trials that was measured."""
    found: list[Goal] = []
    for pending in figures.pending:
        found += [
            *soon(figures, pending),
            *fewer(figures, pending),
            ahead(figures, pending),
        ]
    return [*found, parallel(figures), overhead(figures)]


def soon(figures: Figures, pending: int) -> Iterator[Goal]:
    """How soon the flagship finds the optimum of each column."""
    if pending not in LIMITS:
        return
    rows = [figures.reach.get((pending, task, FLAGSHIP)) for task in COLUMNS]
    known = [row for row in rows if row is not None]
    names = ("median seed", "nine seeds in ten", "every seed")
    kinds = ("median", "ninth", "worst")
    for name, kind, limit in zip(names, kinds, LIMITS[pending], strict=True):
        what = f"{FLAGSHIP}, {pending} pending: {name} at the optimum within {limit}"
        yield _all_columns(what, known, [getattr(row, kind) for row in known], limit)


def _all_columns(what: str, rows: Sequence[Reach], numbers: list[float], limit: float) -> Goal:
    if len(rows) < len(COLUMNS):
        return Goal(what)
    seeds = min(row.seeds for row in rows)
    text = ", ".join("none" if n == float("inf") else f"{n:g}" for n in numbers)
    return Goal(what, f"{text} ({seeds} seeds)", all(number <= limit for number in numbers))


def fewer(figures: Figures, pending: int) -> Iterator[Goal]:
    """How many times fewer evaluations the flagship needs."""
    tests = {
        (test.task, test.reference): test
        for test in figures.flagship_sooner
        if test.pending == pending
    }
    best = {task: _best_sampler(figures, pending, task) for task in COLUMNS}
    others = {"the best Optuna sampler": best, EVOLUTION: dict.fromkeys(COLUMNS, EVOLUTION)}
    for name, references in others.items():
        what = (
            f"{FLAGSHIP}, {pending} pending: at least {FEWER:g} times fewer than {name},"
            f" p < {SIGNIFICANT}"
        )
        found = [tests.get((task, reference)) for task, reference in references.items()]
        yield _all_tests(what, found, FEWER, "{:.1f}")


def _best_sampler(figures: Figures, pending: int, task: str) -> str:
    known = [name for name in figures.samplers if (pending, task, name) in figures.reach]

    def rank(name: str) -> tuple[float, float]:
        row = figures.reach[pending, task, name]
        return row.median, row.ninth

    return min(known, key=rank, default="")


def ahead(figures: Figures, pending: int) -> Goal:
    """Whether the flagship is ahead of every sampler where the space is large."""
    marks = " and ".join(map(str, MARKS))
    what = (
        f"{FLAGSHIP}, {pending} pending: ahead of every Optuna sampler on {LARGE} after {marks},"
        f" p < {SIGNIFICANT}"
    )
    tests = {
        (test.reference, test.after): test
        for test in figures.flagship_better
        if (test.pending, test.task) == (pending, LARGE)
    }
    measured = [name for name in figures.samplers if (pending, LARGE, name) in figures.runs]
    found = [tests.get((name, mark)) for name in measured for mark in MARKS]
    return _all_tests(what, found, 0.0, "{:+.2f}")


def _all_tests(what: str, tests: Sequence[Comparison | None], least: float, form: str) -> Goal:
    known = [test for test in tests if test is not None]
    if not tests or len(known) < len(tests):
        return Goal(what)
    return Goal(what, _told(known, form), all(_passes(test, least) for test in known))


def _passes(test: Comparison, least: float) -> bool:
    enough = test.effect >= least if test.after == 0 else test.effect > least
    return enough and test.bound in ("", ">") and test.p < SIGNIFICANT


def _told(tests: Iterable[Comparison], form: str) -> str:
    tests = list(tests)
    worst = max(test.p for test in tests)
    cells = (f"{test.bound}{form.format(test.effect)} ({_against(test)})" for test in tests)
    return f"{', '.join(cells)}; p at most {worst:.1g}; {min(t.seeds for t in tests)} seeds"


def _against(test: Comparison) -> str:
    return f"{test.reference}, after {test.after}" if test.after else test.reference


def parallel(figures: Figures) -> Goal:
    """How many more evaluations the flagship needs when its results come late."""
    what = f"{FLAGSHIP}: median with 8 pending at most {PARALLEL:g} times that with 1"
    keys = [[(pending, task, FLAGSHIP) for task in COLUMNS] for pending in (8, 1)]
    if not all(key in figures.reach for key in [*keys[0], *keys[1]]):
        return Goal(what)
    late, prompt = ([figures.reach[key].median for key in row] for row in keys)
    times = [a / b for a, b in zip(late, prompt, strict=True)]
    text = ", ".join(f"{one:.2f}" for one in times)
    return Goal(what, text, all(one <= PARALLEL for one in times))


def overhead(figures: Figures) -> Goal:
    """What a late proposal of the flagship takes, on the space whose runs are never cut short."""
    what = f"{FLAGSHIP}: at most {OVERHEAD:g} ms a proposal at {MARKS[-1]} trials"
    runs = list(figures.runs.get((1, LARGE, FLAGSHIP), {}).values())
    late = [run.late for run in runs if run.case.budget == MARKS[-1]]
    if not late:
        return Goal(what)
    middle = median(late)
    return Goal(what, f"{middle:.1f} ms ({len(late)} runs, {LARGE})", middle <= OVERHEAD)
