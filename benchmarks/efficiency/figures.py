"""Everything that the report shows, computed from the runs."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from statistics import fmean, stdev

import numpy as np

from efficiency.comparison import Comparison, Key, better, budget_of, soonest
from efficiency.matrix import Run
from efficiency.statistics import median, quantile, reached, regrets, reported, within
from efficiency.synthetic import SPACES
from efficiency.task import COLUMNS, column
from nas_hydra.comparison.result import Interval
from nas_hydra.comparison.statistics import holm, intervals

FLAGSHIP = "surrogate_evolution"
EVOLUTION = "regularized_evolution"
BASELINES = ("tpe", EVOLUTION)
WITHIN = (20, 50, 150, 300)
"""Evaluations within which the optimum may be found."""
NEAR = (0.1, 0.5)
"""Regrets in per cent points that may be reached."""
MARKS = (100, 300)
"""Evaluations after which incumbents are judged."""


@dataclass(frozen=True)
class Reach:
    """How soon the optimum of a column is found, in evaluations; infinity is: not in the budget.

    Args:
        seeds: how many runs.
        budget: of each.
        median: of the evaluations.
        ninth: what nine runs in ten do not exceed.
        worst: of all runs.
        share: of the runs that find it at all.
        within: evaluations -> share of the runs that find it within them.
        near: regret -> median evaluations to come so near.
    """

    seeds: int
    budget: int
    median: float
    ninth: float
    worst: float
    share: float
    within: Mapping[int, float]
    near: Mapping[float, float]


@dataclass(frozen=True)
class Cost:
    """What a strategy takes on a task: medians of seconds per run and of late ms per proposal.

    ``known`` is the share of its proposals that it had made, and been told of, before.
    """

    seconds: float
    late: float
    known: float


class Figures:
    """Tables of figures by pending, task and strategy.

    Args:
        runs: in the order in which strategies are shown.
        samplers: those of the strategies that are Optuna's.
    """

    def __init__(self, runs: Iterable[Run], samplers: Sequence[str]) -> None:
        self.samplers = samplers
        self.runs: dict[Key, dict[int, Run]] = defaultdict(dict)
        for run in runs:
            case = run.case
            self.runs[case.pending, case.task, case.strategy][case.seed] = run
        self.pending = sorted({pending for pending, _, _ in self.runs})
        self.strategies = list(dict.fromkeys(strategy for _, _, strategy in self.runs))
        tasks = {task for _, task, _ in self.runs}
        self.columns = [task for task in COLUMNS if task in tasks]
        self.synthetic = [task for task in SPACES if task in tasks]
        self.budget = max(run.case.budget for runs in self.runs.values() for run in runs.values())
        self.marks = [mark for mark in MARKS if mark <= self.budget] or [self.budget]

    def _each(self, tasks: Sequence[str]) -> Iterator[tuple[Key, list[Run]]]:
        for key in product(self.pending, tasks, self.strategies):
            if key in self.runs:
                yield key, list(self.runs[key].values())

    @cached_property
    def reach(self) -> dict[Key, Reach]:
        """How soon optima are found."""
        return {key: reach(runs, column(key[1]).optimum) for key, runs in self._each(self.columns)}

    @cached_property
    def protocol(self) -> dict[Key, dict[int, tuple[float, float]]]:
        """Of columns with another one to report: mark -> mean and deviation of the incumbents."""
        tasks = [task for task in self.columns if task.endswith("_val_12")]
        return {
            key: {mark: spread([reported(run, mark) for run in runs]) for mark in self._marks(runs)}
            for key, runs in self._each(tasks)
        }

    @cached_property
    def best(self) -> dict[Key, dict[int, Interval]]:
        """Of synthetic tasks: mark -> interquartile mean of the incumbents, without noise."""
        found = {}
        for key, runs in self._each(self.synthetic):
            after = self._marks(runs)
            rows = [[reported(run, mark) for mark in after] for run in runs]
            found[key] = dict(zip(after, intervals(rows), strict=True))
        return found

    def _marks(self, runs: Sequence[Run]) -> list[int]:
        return [mark for mark in self.marks if mark <= budget_of(runs)]

    @cached_property
    def cost(self) -> dict[Key, Cost]:
        """What strategies take."""
        return {key: cost(runs) for key, runs in self._each([*self.columns, *self.synthetic])}

    @cached_property
    def points(self) -> list[int]:
        """The evaluations at which curves are drawn."""
        return [int(point) for point in np.unique(np.geomspace(1, self.budget, 100).round())]

    @cached_property
    def curves(self) -> dict[Key, list[Interval]]:
        """Regret at the first of the points, as many of them as the budget covers."""
        found = {}
        for key, runs in self._each(self.columns):
            points = [point for point in self.points if point <= budget_of(runs)]
            optimum = column(key[1]).optimum
            found[key] = intervals([regrets(run, optimum, points) for run in runs])
        return found

    @cached_property
    def against_baselines(self) -> list[Comparison]:
        """Every strategy against the baselines, on the columns; a family of tests per pending."""
        return self._families(
            lambda pending: (
                soonest(self.runs, (pending, task, strategy), reference)
                for task, strategy, reference in product(self.columns, self.strategies, BASELINES)
            )
        )

    @cached_property
    def flagship_sooner(self) -> list[Comparison]:
        """The flagship against every other, on the columns; a family of tests per pending."""
        return self._families(
            lambda pending: (
                soonest(self.runs, (pending, task, FLAGSHIP), other)
                for task, other in product(self.columns, self.strategies)
            )
        )

    @cached_property
    def flagship_better(self) -> list[Comparison]:
        """The flagship against every other, on synthetic tasks; a family of tests per pending."""
        return self._families(
            lambda pending: (
                better(self.runs, (pending, task, FLAGSHIP), other, mark)
                for task, other, mark in product(self.synthetic, self.strategies, self.marks)
            )
        )

    def _families(self, family: Callable[[int], Iterable[Comparison | None]]) -> list[Comparison]:
        found: list[Comparison] = []
        for pending in self.pending:
            tests = [test for test in family(pending) if test is not None]
            corrected = holm([test.p for test in tests])
            found += [replace(t, p=p) for t, p in zip(tests, corrected, strict=True)]
        return found


def reach(runs: Sequence[Run], optimum: float) -> Reach:
    """How soon some runs find the optimum."""
    numbers = [reached(run, optimum) for run in runs]
    budget = budget_of(runs)
    return Reach(
        len(runs),
        budget,
        median(numbers),
        quantile(numbers, 0.9),
        max(numbers),
        within(numbers, budget),
        {limit: within(numbers, limit) for limit in WITHIN if limit <= budget},
        {regret: median([reached(run, optimum - regret) for run in runs]) for regret in NEAR},
    )


def cost(runs: Sequence[Run]) -> Cost:
    """What some runs took."""
    proposals = sum(run.proposals for run in runs)
    return Cost(
        median([run.seconds for run in runs]),
        median([run.late for run in runs]),
        1 - sum(run.evaluations for run in runs) / proposals,
    )


def spread(numbers: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation."""
    return fmean(numbers), stdev(numbers) if len(numbers) > 1 else 0.0
