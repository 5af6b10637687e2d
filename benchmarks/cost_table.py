"""What weighing the cost of networks saves: ``python benchmarks/cost_table.py``.

Searches in six tables of trained networks, whose training times are known beforehand, with a
strategy that weighs these and with those that do not. One line of JSON per finished search; what
is finished is not run again. Writes results/cost_table.md and .json.

A search ends when it is within 1 % of the best row, or its trainings have taken as long as 250 of
average length would, or after 400 of them. What it takes to be within 10, 5, 2 and 1 % of the
distance from the median row to the best is the time of all trainings up to the first trial that is.
A search that ends before counts as if it took longer than any other; where the median over seeds is
such a one, the time is told as above the budget, and ratios are those of the budget.
"""

import argparse
import csv
import gzip
import json
import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, geometric_mean, median
from typing import Any, NamedTuple

from efficiency.config import composed, settings
from efficiency.task import ROOT, table_file
from numpy.random import default_rng
from omegaconf import OmegaConf

from nas_hydra.config.component import build
from nas_hydra.objective import Direction, Objectives, objectives_from
from nas_hydra.search_space import Decision, Genotype, SearchSpace
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.cost import Costs, Counted, Weighing
from nas_hydra.trial import Trial

RUNS = ROOT / "outputs" / "benchmarks" / "cost_table.jsonl"
RESULTS = ROOT / "benchmarks" / "results"
COST = "train_seconds"
TABLES: dict[str, tuple[str, Direction]] = {
    "fcnet_parkinsons": ("val_loss", "minimize"),
    "fcnet_protein": ("val_loss", "minimize"),
    "mlp_car": ("val_acc", "maximize"),
    "mlp_phoneme": ("val_acc", "maximize"),
    "mlp_segment": ("val_acc", "maximize"),
    "mlp_vehicle": ("val_acc", "maximize"),
}
"""Their objectives; all other columns but the measured ones are genes."""
CHOSEN_ON = ("fcnet_parkinsons", "mlp_car")
"""The settings were chosen on these."""
MEASURED = ("val_loss", "val_acc", "val_f1", COST)
METHODS = {
    "tpe": ("tpe", False),
    "surrogate_evolution": ("surrogate_evolution", False),
    "surrogate_evolution, cost": ("surrogate_evolution", True),
}
"""Name -> a strategy with its overrides, and whether it is told what candidates cost."""
OURS = "surrogate_evolution, cost"
WITHIN = (0.1, 0.05, 0.02, 0.01)
BUDGET = 250
"""In trainings of average length."""
MOST_TRIALS = 400
GOAL, WORST = 8.0, 1.1
"""Times less in the geometric mean at 5 and 2 %, and times more at most anywhere."""


class Search(NamedTuple):
    """One search of a method."""

    table: str
    method: str
    seed: int


class Step(NamedTuple):
    """A new best: after how many trials, what they have cost together, how far it is from the best
    row as a share of the distance from the median row to it."""

    trials: int
    spent: float
    gap: float


@dataclass(frozen=True)
class Table:
    """Trained networks.

    Args:
        space: its genes.
        objectives: one.
        rows: decisions -> value and cost.
    """

    space: SearchSpace
    objectives: Objectives
    rows: dict[tuple[Any, ...], tuple[float, float]]

    @property
    def budget(self) -> float:
        """The most that a search may spend."""
        return BUDGET * fmean(cost for _, cost in self.rows.values())

    def row(self, genotype: Genotype) -> tuple[float, float]:
        """Value and cost of a candidate."""
        return self.rows[tuple(genotype.values())]

    @property
    def scale(self) -> tuple[float, float]:
        """The median value, and the best one."""
        (objective,) = self.objectives
        values = [value for value, _ in self.rows.values()]
        return median(values), max(values, key=objective.signed)


@cache
def table(name: str) -> Table:
    """A table of ``$NAS_HYDRA_SHARED/data``; its genes are the columns that were not measured."""
    objective, direction = TABLES[name]
    with gzip.open(table_file().parent / f"{name}.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    genes = [column for column in rows[0] if column not in MEASURED]
    return Table(
        _space({gene: _sorted({_label(row[gene]) for row in rows}) for gene in genes}),
        objectives_from({objective: direction}),
        {
            tuple(_label(row[gene]) for gene in genes): (float(row[objective]), float(row[COST]))
            for row in rows
        },
    )


def _space(labels: dict[str, list[Decision]]) -> SearchSpace:
    """A space of a choice for each gene, numbers among its labels in their order."""
    config = composed("search_space=mlp")
    opened = {gene: {"_choice_": given, "_name_": gene} for gene, given in labels.items()}
    OmegaConf.update(config, "search_space", {"model": opened}, merge=False)
    return SearchSpace(config)


def _sorted(labels: set[Decision]) -> list[Decision]:
    return sorted(labels, key=lambda label: (isinstance(label, str), label))


def _label(cell: str) -> Decision:
    """A number where it is one."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(cell)
    return cell


def strategy_of(search: Search, of: Table) -> Strategy:
    """A new strategy, which knows the costs if it is told."""
    option, told = METHODS[search.method]
    config = settings(option, search.seed, 1, BUDGET)
    made: Strategy = build(config, "strategy", space=of.space, objectives=of.objectives)
    if not told:
        return made
    assert isinstance(made, Weighing)
    costs = Costs(lambda genotype: of.row(genotype)[1], COST)
    made.weigh(costs)
    return Counted(made, costs)


def steps(search: Search) -> list[Step]:
    """The improvements of a search, and its end."""
    of = table(search.table)
    strategy = strategy_of(search, of)
    (objective,) = of.objectives
    middle, best = of.scale
    found, gap, spent, known = list[Step](), math.inf, 0.0, dict[str, Trial]()
    for number in range(MOST_TRIALS):
        proposal = strategy.ask(number, default_rng((search.seed, number)))
        if proposal is None or spent >= of.budget or gap <= min(WITHIN):
            break
        value, cost = of.row(proposal.genotype)
        spent += 0.0 if proposal.genotype.key in known else cost
        trial = Trial(proposal, "complete", {objective.name: value}, {objective.name: value})
        known[trial.key] = trial
        if (reached := (best - value) / (best - middle)) < gap:
            gap = reached
            found.append(Step(number + 1, spent, gap))
        strategy.tell(trial)
    return [*found, Step(number, spent, gap)]


def needed(found: Sequence[Step], within: float) -> float:
    """What a search has spent to be so near the best; infinity if it never was."""
    return next((step.spent for step in found if step.gap <= within), math.inf)


class Cell(NamedTuple):
    """What a method needs on a table, medians over the seeds."""

    table: str
    method: str
    within: float
    seeds: int
    cost: float
    unreached: int
    trials: float


def cells(runs: dict[Search, list[Step]]) -> Iterator[Cell]:
    """Of all that was run."""
    for name in TABLES:
        for method in METHODS:
            known = [found for key, found in runs.items() if key[:2] == (name, method)]
            for within in WITHIN if known else ():
                costs = [needed(found, within) for found in known]
                yield Cell(
                    *(name, method, within, len(known), median(costs)),
                    unreached=sum(map(math.isinf, costs)),
                    trials=median(found[-1].trials for found in known),
                )


def ratio(found: Sequence[Cell], name: str, rival: str, within: float) -> float | None:
    """How many times more a rival needs than ours; None if one is not measured, or both unknown."""
    costs = {cell.method: cell.cost for cell in found if cell[0] == name and cell[2] == within}
    if not {rival, OURS} <= set(costs) or math.isinf(min(costs[rival], costs[OURS])):
        return None
    budget = table(name).budget
    return min(costs[rival], budget) / min(costs[OURS], budget)


def markdown(found: Sequence[Cell]) -> str:
    """A table of times, one of ratios, and what comes of the goals."""
    lines = ["# Time of training until a network is as good, on six tables", ""]
    for paragraph in str(__doc__).split("\n\n")[1:]:
        lines += [paragraph.strip().replace("\n", " "), ""]
    lines += [f"Settings were chosen on {' and '.join(CHOSEN_ON)}.", ""]
    lines += ["## Seconds of training, medians over seeds (in brackets: seeds that never were)", ""]
    lines += _row("table", "within", *METHODS, *(f"{rival} / ours" for rival in list(METHODS)[:2]))
    lines += ["|---|---|" + "---:|" * (len(METHODS) + 2)]
    for name in TABLES:
        for within in WITHIN:
            here = {cell.method: cell for cell in found if cell[0] == name and cell[2] == within}
            if here:
                written = [_seconds(here.get(method), name) for method in METHODS]
                times = [ratio(found, name, rival, within) for rival in list(METHODS)[:2]]
                lines += _row(name, f"{within:.0%}", *written, *map(_times, times))
    return "\n".join([*lines, "", *goals(found), ""])


def _row(*words: str) -> list[str]:
    return [f"| {' | '.join(words)} |"]


def _seconds(cell: Cell | None, name: str) -> str:
    if cell is None:
        return ""
    cost = f"> {table(name).budget:,.0f}" if math.isinf(cell.cost) else f"{cell.cost:,.3g}"
    return f"{cost} ({cell.unreached} of {cell.seeds})"


def _finite(cost: float) -> float | None:
    return cost if math.isfinite(cost) else None


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def goals(found: Sequence[Cell]) -> Iterator[str]:
    """The geometric means over the tables, and where ours is slower."""
    for rival in list(METHODS)[:2]:
        for within in WITHIN:
            known = {name: ratio(found, name, rival, within) for name in TABLES}
            times = {name: value for name, value in known.items() if value is not None}
            if not times:
                continue
            mean = geometric_mean(times.values())
            slower = [name for name, value in times.items() if value < 1 / WORST]
            said = f"; more than {WORST} times slower on {', '.join(slower)}" if slower else ""
            met = "met" if mean >= GOAL else "**not met**"
            goal = f" (goal: {GOAL:g}, {met})" if within in WITHIN[1:3] else ""
            yield f"- {rival}, {within:.0%}: {mean:.2g} times as long{goal}{said}"


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


def _words(given: str) -> list[str]:
    return given.split(";")


def main() -> None:
    """Run what is not finished, print and write."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--seeds", type=int, default=50)
    made.add_argument("--tables", type=_words, default=list(TABLES))
    made.add_argument("--methods", type=_words, default=list(METHODS))
    made.add_argument("--workers", type=int, default=os.cpu_count())
    made.add_argument("--runs", type=Path, default=RUNS)
    made.add_argument("--output", type=Path, default=RESULTS)
    arguments = made.parse_args()
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    seeds = range(arguments.seeds)
    wanted = [Search(t, m, s) for s in seeds for t in arguments.tables for m in arguments.methods]
    known = read(arguments.runs)
    run([one for one in wanted if one not in known], arguments.runs, arguments.workers)
    found = list(cells(read(arguments.runs)))
    text = markdown(found)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "cost_table.md").write_text(text)
    plain = [{**one._asdict(), "cost": _finite(one.cost)} for one in found]
    (arguments.output / "cost_table.json").write_text(json.dumps(plain, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
