"""How many evaluations strategies need: ``python benchmarks/search_efficiency.py``.

Strategies x tasks x seeds x pending trials, in parallel, one line of JSON per finished run; what
is finished is not run again. Writes results/search_efficiency.md, .json and .png of the runs that
were asked for. ``efficiency/`` has the parts.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from efficiency import report
from efficiency.config import code, options
from efficiency.matrix import PerStrategy, Results, cases, measure
from efficiency.task import ROOT, TASKS

RUNS = ROOT / "outputs" / "benchmarks" / "search_efficiency.jsonl"
RESULTS = ROOT / "benchmarks" / "results"
STRATEGIES = (
    *("surrogate_evolution", "local_search", "regularized_evolution", "evolution"),
    *("gp", "tpe", "nsgaii_optuna", "random"),
)
"""Those that are there are measured by default, in this order."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Value = TypeVar("Value")


def texts(given: str) -> list[str]:
    """``a,b``."""
    return given.split(",")


def counts(given: str) -> list[int]:
    """``1,8``."""
    return [int(one) for one in given.split(",")]


def span(given: str) -> range:
    """``0:100``."""
    first, last = given.split(":")
    return range(int(first), int(last))


def per_strategy(kind: Callable[[str], Value]) -> Callable[[str], PerStrategy[Value]]:
    """``usual,strategy=special``."""

    def read(given: str) -> PerStrategy[Value]:
        usual, *special = given.split(",")
        named = (one.rpartition("=") for one in special)
        return PerStrategy(kind(usual), {name: kind(value) for name, _, value in named})

    return read


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    made = argparse.ArgumentParser(description=__doc__)
    add = made.add_argument
    present = [name for name in STRATEGIES if name in options()]
    add(
        "--strategies",
        type=texts,
        default=present,
        help="options of the config group, separated by commas; overrides of one behind it,"
        " separated by spaces: 'tpe,regularized_evolution strategy.population_size=50'",
    )
    add("--tasks", "--columns", type=texts, default=list(TASKS), help=", ".join(TASKS))
    add("--pending", type=counts, default=[1, 8], help="1,8")
    seeds, budget = per_strategy(span), per_strategy(int)
    add("--seeds", type=seeds, help="0:100, which is usual, or 0:100,gp=0:10")
    add("--budget", type=budget, help="evaluations: 300, which is usual, or 300,gp=100")
    add("--workers", type=int, default=os.cpu_count(), help="processes")
    add("--quick", action="store_true", help="3 seeds of 40 evaluations are usual: a smoke run")
    add("--fresh", action="store_true", help="run anew what is finished")
    add("--report-only", action="store_true", help="run nothing")
    add("--runs", type=Path, default=RUNS, help="file of the finished runs")
    add("--output", type=Path, default=RESULTS, help="folder for the report")
    return made


def main() -> None:
    """Measure, print and write."""
    arguments = parser().parse_args()
    if unknown := set(arguments.tasks) - set(TASKS):
        sys.exit(f"there is no task {', '.join(sorted(unknown))}; allowed: {', '.join(TASKS)}")
    os.environ.update(dict.fromkeys(THREADS, "1"))  # of the processes that search
    usual = ("0:3", "40") if arguments.quick else ("0:100", "300")
    seeds = arguments.seeds or per_strategy(span)(usual[0])
    budget = arguments.budget or per_strategy(int)(usual[1])
    wanted = cases(arguments.strategies, arguments.tasks, seeds, arguments.pending, budget)
    results = Results(arguments.runs)
    if arguments.fresh:
        results.forget(wanted)
    if old := [run for run in results.of(wanted) if run.code != code()]:
        print(f"{len(old)} finished runs are of another state of the code; --fresh forgets them")
    errors = [] if arguments.report_only else measure(wanted, results, arguments.workers)
    command = " ".join(["python benchmarks/search_efficiency.py", *sys.argv[1:]])
    if runs := results.of(wanted):
        print(report.write(runs, wanted, command, arguments.output))
    if errors:
        sys.exit("\n".join([f"{len(errors)} runs failed:", *errors[:5]]))


if __name__ == "__main__":
    main()
