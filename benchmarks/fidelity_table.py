"""What a little training per answer is worth: ``python benchmarks/fidelity_table.py``.

Searches in NAS-Bench-201, where an evaluation is the validation accuracy after 12 epochs or the
test accuracy after 200, at 16.7 times the cost. One line of JSON per finished search; what is
finished is not run again. Writes results/fidelity_table.md and .json.

A search of cost C is the first trials of a longer one, as many as leave room for its finalists:
its best candidates of 12 epochs, of which the training goes on to the end. What it comes to is the
best of all that were trained to the end.
"""

import argparse
import json
import os
from bisect import bisect
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import accumulate, product
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

from efficiency.config import OBJECTIVES, settings, strategy_of
from efficiency.task import ROOT, column
from numpy.random import default_rng

from nas_hydra.fidelity.halving import Halving
from nas_hydra.strategy import Strategy
from nas_hydra.trial import Proposal, Trial

RUNS = ROOT / "outputs" / "benchmarks" / "fidelity_table.jsonl"
RESULTS = ROOT / "benchmarks" / "results"
SHORT, WHOLE = 12, 200
COLUMNS = ("cifar10", "cifar100")
GOALS = {"cifar10": 94.3, "cifar100": 73.4}
"""Mean test accuracy, within ``GOAL_COST``."""
GOAL_COST = 4.0
COSTS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
"""In whole trainings."""
FINALISTS = (1, 2, 3)


class Method(NamedTuple):
    """A way to search.

    Args:
        strategy: an option.
        rungs: epochs of its trials.
        reduction: of halving.
        most: cost up to which it is run.
    """

    strategy: str
    rungs: tuple[int, ...]
    reduction: float
    most: float


METHODS = {
    "first_epoch": Method("random", (SHORT,), 2, 32.0),
    "surrogate_evolution, first_epoch": Method("surrogate_evolution", (SHORT,), 2, 4.0),
    "surrogate_evolution, halving by 12": Method("surrogate_evolution", (SHORT, WHOLE), 12, 4.0),
    "surrogate_evolution, halving by 3": Method("surrogate_evolution", (SHORT, WHOLE), 3, 4.0),
    "tpe, halving by 3": Method("tpe", (SHORT, WHOLE), 3, 8.0),
    "surrogate_evolution, full": Method("surrogate_evolution", (WHOLE,), 2, 16.0),
}
"""``first_epoch`` is everything for 12 epochs, then the best few in full, of random candidates."""


class Step(NamedTuple):
    """A trial: its epochs, value, test accuracy in the end, and the trial that it goes on from."""

    epochs: int
    value: float
    final: float
    continues: int | None


class Search(NamedTuple):
    """One search of a method."""

    method: str
    column: str
    seed: int


def steps(search: Search) -> list[Step]:
    """The trials of a search, until the most that its method may cost is spent."""
    method = METHODS[search.method]
    short = column(f"{search.column}_val_12")
    config = settings(method.strategy, search.seed, 1, 60)
    inner = strategy_of(config, short.space)
    given: dict[str, Any] = {"minimum": SHORT, "maximum": None, "brackets": 1}
    rungs, levels = list(method.rungs), [SHORT, WHOLE]
    halving = Halving(inner, OBJECTIVES, levels, rungs=rungs, reduction=method.reduction, **given)
    found: list[Step] = []
    spent = 0.0
    while spent < method.most:
        proposal = halving.ask(len(found), default_rng((search.seed, len(found))))
        if proposal is None:
            break
        found.append(told(halving, proposal, search.column))
        spent += cost(found[-1])
    return found


def told(strategy: Strategy, proposal: Proposal, name: str) -> Step:
    """Look a proposal up, and tell the strategy."""
    measured = column(f"{name}_val_12").measure(proposal.genotype)
    level = proposal.fidelity.level
    value = measured.value if level == SHORT else measured.reported
    strategy.tell(Trial(proposal, "complete", {"value": value}, {"value": value}))
    return Step(level, value, measured.reported, proposal.fidelity.continues)


def cost(step: Step) -> float:
    """In whole trainings; a trial that goes on costs what it has not had."""
    return (step.epochs - (0 if step.continues is None else SHORT)) / WHOLE


def outcome(trials: Sequence[Step], most: float, finalists: int) -> float | None:
    """Test accuracy of a search of this cost; None if the trials do not reach so far."""
    left = most - finalists * (1 - SHORT / WHOLE) + 1e-9
    spent = list(accumulate(map(cost, trials)))
    if spent[-1] < left - SHORT / WHOLE:
        return None
    made = trials[: bisect(spent, left)]
    whole = [one for one in made if one.epochs == WHOLE]
    if len(made) < (finalists if not whole else 1):
        return None
    gone_on = {one.continues for one in made}
    short = [
        one for number, one in enumerate(made) if one.epochs == SHORT and number not in gone_on
    ]
    last = sorted(short, key=lambda one: -one.value)[:finalists]
    return max(one.final for one in [*whole, *last])


def read(file: Path) -> dict[Search, list[Step]]:
    """The finished searches."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return {
        Search(*line["search"]): [Step(*one) for one in line["steps"]]
        for line in map(json.loads, lines)
    }


def run(searches: Sequence[Search], file: Path, workers: int) -> None:
    """Run searches, and keep each as it is finished."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream, ProcessPoolExecutor(workers) as pool:
        for search, found in zip(searches, pool.map(steps, searches), strict=True):
            stream.write(json.dumps({"search": search, "steps": found}) + "\n")
            stream.flush()


class Row(NamedTuple):
    """A line of the table: a method with so many finalists on a column, mean by cost."""

    column: str
    method: str
    finalists: int
    seeds: int
    means: dict[float, float]
    errors: dict[float, float]


def rows(runs: dict[Search, list[Step]]) -> Iterator[Row]:
    """The means over the seeds, where all of these reach so far."""
    for name, method, finalists in product(COLUMNS, METHODS, FINALISTS):
        known = [found for key, found in runs.items() if key[:2] == (method, name)]
        if (METHODS[method].rungs == (WHOLE,) and finalists > 1) or len(known) < 2:
            continue
        count = 0 if METHODS[method].rungs == (WHOLE,) else finalists
        found = {most: [outcome(one, most, count) for one in known] for most in COSTS}
        full = {
            c: [v for v in all_ if v is not None] for c, all_ in found.items() if None not in all_
        }
        means = {most: fmean(values) for most, values in full.items()}
        errors = {most: stdev(values) / len(values) ** 0.5 for most, values in full.items()}
        yield Row(name, method, count, len(known), means, errors)


def table(found: Sequence[Row]) -> str:
    """Markdown: a table for each column, and what comes of the goals."""
    parts = ["# Accuracy by cost, on NAS-Bench-201", ""]
    for paragraph in str(__doc__).split("\n\n")[1:]:
        parts += [paragraph.strip().replace("\n", " "), ""]
    for name in COLUMNS:
        lines = [row for row in found if row.column == name]
        head = ["method", "finalists", "seeds", *(f"{one:g}" for one in COSTS)]
        parts += [f"## {name}: mean test accuracy by cost in whole trainings", ""]
        parts += [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
        for row in lines:
            cells = [f"{row.means[c]:.2f}" if c in row.means else "" for c in COSTS]
            words = [row.method, str(row.finalists or "-"), str(row.seeds), *cells]
            parts.append(f"| {' | '.join(words)} |")
        parts += ["", *goal(name, lines), ""]
    return "\n".join(parts)


def goal(name: str, lines: Sequence[Row]) -> Iterator[str]:
    """Whether the goal is met, and how ``first_epoch`` stands beside it."""
    ours = [row for row in lines if GOAL_COST in row.means and row.method.startswith("surrogate")]
    if not ours:
        return
    best = max(ours, key=lambda row: row.means[GOAL_COST])
    mean, error = best.means[GOAL_COST], best.errors[GOAL_COST]
    met = "met" if mean >= GOALS[name] else "**not met**"
    yield (
        f"Goal: {GOALS[name]} on average within {GOAL_COST:g} whole trainings: {met};"
        f" {best.method} with {best.finalists} finalists is at {mean:.2f} ± {error:.2f}"
        " (standard error)."
    )
    rivals = [row for row in lines if row.method == "first_epoch"]
    as_good = [c for row in rivals for c, value in row.means.items() if value >= mean]
    needed = f"needs {min(as_good):g}" if as_good else f"is not there after {max(COSTS):g}"
    yield f"For the same mean, first_epoch {needed}; the goal is at most half its cost."


def main() -> None:
    """Run what is not finished, print and write."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--seeds", type=int, default=100)
    made.add_argument("--methods", type=lambda given: given.split(";"), default=list(METHODS))
    made.add_argument("--workers", type=int, default=os.cpu_count())
    made.add_argument("--runs", type=Path, default=RUNS)
    made.add_argument("--output", type=Path, default=RESULTS)
    arguments = made.parse_args()
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    seeds = range(arguments.seeds)
    wanted = [Search(m, c, s) for m in arguments.methods for s in seeds for c in COLUMNS]
    known = read(arguments.runs)
    run([one for one in wanted if one not in known], arguments.runs, arguments.workers)
    found = list(rows(read(arguments.runs)))
    text = table(found)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "fidelity_table.md").write_text(text)
    plain = [row._asdict() for row in found]
    (arguments.output / "fidelity_table.json").write_text(json.dumps(plain, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
