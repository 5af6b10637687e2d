"""What a search costs beside its evaluations: ``python benchmarks/overhead.py [STRATEGY ...]``.

A STRATEGY is what one types behind ``strategy=``, with further overrides and a number of trials if
need be: ``evolution``, ``"regularized_evolution strategy.population_size=50"``, ``tpe:2000``. Each
searches a made-up table of the cells of NAS-Bench-201 in a process of its own, with one thread,
record=memory, tracker=none and report=false. Prints the table and writes results/overhead.md.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from statistics import fmean, median
from time import perf_counter, process_time

import numpy
from hydra import compose, initialize_config_module
from numpy.random import Generator

from nas_hydra.app.assemble import assemble
from nas_hydra.strategy import Strategy
from nas_hydra.trial import Proposal, Trial

RESULTS = Path(__file__).parent / "results" / "overhead.md"
STRATEGIES = (
    *("random", "evolution", "regularized_evolution", "local_search"),
    *("surrogate_evolution:2000", "tpe:300"),
)
"""What is measured if nothing is asked for."""
TRIALS = 10_000
LOOKED_AT = (300, 2_000, 10_000)
"""After so many trials a proposal is timed."""
WINDOW = 50
"""Its time is the mean of so many proposals, up to that one: some do more, for many."""
BEGIN = 1_000
"""Memory may grow until this trial, and should not from there on."""
EDGES = [f"edge_{edge}" for edge in ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3")]
ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


@dataclass(frozen=True)
class Figures:
    """What one search cost.

    Args:
        strategy: as typed.
        trials: that were told.
        cpu: seconds of its process's work, from the first proposal to the summary. It waits for
            nothing, so on an idle core it takes as long by the clock.
        growth: MiB by which the peak of resident memory rose from trial ``BEGIN`` to the end; None
            if the search was not so long.
        proposal: after so many trials -> milliseconds of the strategy's own work per proposal.
    """

    strategy: str
    trials: int
    cpu: float
    growth: float | None
    proposal: dict[int, float]

    @property
    def row(self) -> str:
        """Its line in the table."""
        times = [f"{self.proposal[at]:.2f}" if at in self.proposal else "" for at in LOOKED_AT]
        growth = "" if self.growth is None else f"{self.growth:.1f}"
        speed = f"{self.trials / self.cpu:,.0f}"
        cells = [self.strategy, f"{self.trials:,}", f"{self.cpu:.1f}", speed, growth, *times]
        return f"| {' | '.join(cells)} |"


@dataclass
class Timed:
    """A strategy whose work is timed: asking, and what it learns when it is told."""

    strategy: Strategy
    seconds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """The strategy's proposal; None, at the end of the budget, is not one."""
        start = process_time()
        proposal = self.strategy.ask(number, rng)
        if proposal is not None:
            self.seconds.append(process_time() - start)
            self.peaks.append(peak())
        return proposal

    def tell(self, trial: Trial) -> None:
        """Tell the strategy."""
        start = process_time()
        self.strategy.tell(trial)
        self.seconds[-1] += process_time() - start

    def figures(self, strategy: str, cpu: float) -> Figures:
        """What was measured, beside the time of the whole search."""
        trials = len(self.seconds)
        growth = self.peaks[-1] - self.peaks[BEGIN] if trials > BEGIN else None
        times = {
            at: 1000 * fmean(self.seconds[at - WINDOW : at]) for at in LOOKED_AT if at <= trials
        }
        return Figures(strategy, trials, cpu, growth, times)


def peak() -> float:
    """The most resident memory so far, in MiB."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (2**20 if sys.platform == "darwin" else 2**10)


def write_table(file: Path) -> None:
    """Every cell with a value: what its operations are worth alone and in pairs, and noise."""
    rng = numpy.random.default_rng(0)
    alone = rng.normal(size=(len(EDGES), len(OPERATIONS)))
    pairs = rng.normal(size=(len(EDGES), len(EDGES), len(OPERATIONS), len(OPERATIONS)))
    lines = [",".join([*EDGES, "value"])]
    for cell in product(range(len(OPERATIONS)), repeat=len(EDGES)):
        places = list(enumerate(cell))
        value = sum(alone[edge, operation] for edge, operation in places) + 0.3 * sum(
            pairs[i, j, one, other] for i, one in places for j, other in places if i < j
        )
        noisy = value + 0.1 * rng.normal()
        lines.append(",".join([*(OPERATIONS[operation] for operation in cell), f"{noisy:.4f}"]))
    file.write_text("\n".join(lines))


def typed(table: Path, strategy: str, trials: int) -> list[str]:
    """The overrides of a search."""
    return [
        "search_space=nasbench201",
        "evaluator=tabular",
        f"evaluator.table={table}",
        "evaluator.value=value",
        "tracker=none",
        f"budget.trials={trials}",
        *f"strategy={strategy}".split(),
    ]


def measure(table: Path, strategy: str, trials: int) -> Figures:
    """One search, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        more = ["record=memory", "report=false", f"folder={folder}", "name=overhead"]
        with initialize_config_module("nas_hydra.conf", version_base="1.3"):
            config = compose("config", [*typed(table, strategy, trials), *more])
        choices = {"strategy": strategy, "search_space": "nasbench201", "dataset": "none"}
        search = assemble(config, choices, "overhead", "nas-hydra")
        search.strategy = timed = Timed(search.strategy)
        start = process_time()
        search()
        return timed.figures(strategy, process_time() - start)


def apart(table: Path, strategy: str, trials: int) -> Figures:
    """One search in a process of its own, whose memory is nobody else's."""
    command = [sys.executable, __file__, "--one", str(table), strategy, str(trials)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ONE_THREAD)
    found = json.loads(done.stdout.splitlines()[-1])
    proposal = {int(at): time for at, time in found.pop("proposal").items()}
    return Figures(**found, proposal=proposal)


def whole_command(table: Path) -> float:
    """Seconds of the whole command: 300 random trials, recorded on disk."""
    code = "from nas_hydra.cli import main; main()"
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            words = [*typed(table, "random", 300), f"hydra.run.dir={folder}"]
            start = perf_counter()
            subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)
            seconds.append(perf_counter() - start)
    return median(seconds)


def report(figures: Sequence[Figures], command: float) -> str:
    """What was measured, for people."""
    at = [f"ms per proposal at {trials:,}" for trials in LOOKED_AT]
    speed = ["trials", "s of CPU", "trials per s", f"MiB from trial {BEGIN:,} on"]
    head = ["strategy", *speed, *at]
    table = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(one.row for one in figures)]
    notes = [
        f"The whole command with 300 random trials on disk takes {command:.1f} s.",
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), Python"
        f" {platform.python_version()}.",
    ]
    return "\n".join([*table, "", *notes, ""])


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strategies", nargs="*", metavar="STRATEGY", default=STRATEGIES)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "cells.csv")
        write_table(table)
        figures = []
        for asked in parser.parse_args(arguments).strategies:
            strategy, _, trials = asked.partition(":")
            figures.append(apart(table, strategy, int(trials or TRIALS)))
            print(figures[-1].row, flush=True)
        text = report(figures, whole_command(table))
    print(f"\n{text}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(asdict(measure(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))))
    else:
        main(sys.argv[1:])
