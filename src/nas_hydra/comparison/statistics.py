"""Statistics of runs: how good a group is, how sure that is, and which groups differ."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from nas_hydra.comparison.result import Axis, Interval, Ranking, TaskResult, Test

Floats = NDArray[np.float64]

LEVEL = 0.05
"""Two groups are told apart by a smaller p; intervals leave out this share."""
POWER = 0.8
"""How probable it should be to tell apart what differs."""
RESAMPLES = 2000
TRIMMED = 0.25
"""Share of the runs that the interquartile mean leaves out at each end."""
EXACT = 1024
"""Up to so many arrangements, ties are counted out exactly: 10 pairs, or 6 runs and 6."""


def interquartile_mean(numbers: ArrayLike, axis: int = -1) -> Floats:
    """The mean of the middle half (Agarwal et al. 2021)."""
    trimmed: Any = stats.trim_mean(np.asarray(numbers, dtype=float), TRIMMED, axis=axis)
    return np.asarray(trimmed)


def intervals(values: ArrayLike) -> list[Interval]:
    """Interquartile means with 95 % bootstrap intervals (percentiles) over runs.

    Every column is resampled through its order statistics, so that all of them share one matrix
    of weights, and nothing is sorted 2,000 times.

    Args:
        values: (runs, points).
    """
    table = np.sort(np.asarray(values, dtype=float), axis=0)
    if not table.size:
        return []
    least, above = table[0], table - table[0]  # so that equal runs have an interval without width
    ends = np.quantile(_weights(len(table)) @ above, [LEVEL / 2, 1 - LEVEL / 2], axis=0)
    three = np.stack([ends[0], interquartile_mean(above, axis=0), ends[1]], axis=1)
    return [Interval(*row) for row in (three + least[:, None]).tolist()]


@lru_cache(maxsize=64)
def _weights(runs: int) -> Floats:
    """(RESAMPLES, runs): what each order statistic adds to a resample's interquartile mean.

    A resample takes each run some times; of these places, in order of the values, the middle ones
    count. The generator is fixed, so that a comparison made anew is the same.
    """
    taken = np.random.default_rng(0).multinomial(runs, np.full(runs, 1 / runs), size=RESAMPLES)
    trimmed = int(TRIMMED * runs)
    places = np.clip(taken.cumsum(axis=1), trimmed, runs - trimmed)
    weights: Floats = np.diff(places, axis=1, prepend=trimmed) / (runs - 2 * trimmed)
    return weights


def wilcoxon(ones: Sequence[float], others: Sequence[float]) -> float:
    """Two-sided p of the signed-rank test on pairs (Wilcoxon 1945).

    Pairs without a difference say nothing and are left out; if all are, p is 1.
    """
    differences = np.subtract(ones, others)
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    ties = len(np.unique(abs(differences))) < len(differences)
    return _p(stats.wilcoxon, [differences], exact=ties and 2 ** len(differences) <= EXACT)


def mann_whitney(ones: Sequence[float], others: Sequence[float]) -> float:
    """Two-sided p of the rank-sum test (Mann and Whitney 1947); 1 if all values are equal."""
    together = np.concatenate([ones, others])
    if np.ptp(together) == 0:
        return 1.0
    ties = len(np.unique(together)) < len(together)
    few = math.comb(len(together), len(ones)) <= EXACT
    return _p(stats.mannwhitneyu, [ones, others], exact=ties and few)


def _p(test: Any, samples: Sequence[ArrayLike], exact: bool) -> float:
    """Scipy counts arrangements by itself if there are no ties."""
    method = stats.PermutationMethod(n_resamples=EXACT) if exact else "auto"
    return min(1.0, float(test(*samples, method=method).pvalue))


def holm(values: Sequence[float]) -> list[float]:
    """p-values of a family of tests, corrected for their number (Holm 1979)."""
    corrected, least = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, values[place] * (len(values) - rank)))
        corrected[place] = least
    return corrected


def a12(ones: ArrayLike, others: ArrayLike) -> float:
    """Probability that one is greater than another, ties by half (Vargha and Delaney 2000)."""
    signs = np.sign(np.subtract.outer(np.asarray(ones, float), np.asarray(others, float)))
    return float((signs.mean() + 1) / 2)


def least_p(paired: bool, ones: int, others: int) -> float:
    """The least two-sided p that so many runs can give, when all of one group are better."""
    return min(1.0, 2 / (2 ** min(ones, others) if paired else math.comb(ones + others, ones)))


def least_runs(paired: bool, tests: int) -> int:
    """From how many runs per group on a p can be below 5 % in a family of so many tests."""
    return next(n for n in range(1, 100) if least_p(paired, n, n) * tests < LEVEL)


def runs_needed(effect: float, tests: int) -> float:
    """Runs per group that tell an effect apart 4 times in 5 (Noether 1987); infinity at 0.5.

    Noether's formula for the test of Wilcoxon, Mann and Whitney with two groups of equal size; the
    first of Holm's steps is what the effect has to pass.

    Args:
        effect: A12.
        tests: how many there are in the family.
    """
    if effect == 0.5:
        return math.inf
    z = float(stats.norm.ppf(1 - LEVEL / 2 / tests) + stats.norm.ppf(POWER))
    return math.ceil(z**2 / (6 * (effect - 0.5) ** 2))


def friedman(table: ArrayLike) -> float:
    """How probable it is, by Friedman's test (1937), that groups of equal worth rank so.

    With two groups, it is the sign test.

    Args:
        table: (groups, tasks), of values that are comparable within a task.
    """
    values = np.asarray(table, dtype=float)
    if not np.ptp(values, axis=0).any():
        return 1.0
    if len(values) == 2:
        signs = np.sign(values[0] - values[1])
        wins, decided = int((signs > 0).sum()), int((signs != 0).sum())
        return float(stats.binomtest(wins, decided).pvalue)
    return float(stats.friedmanchisquare(*values).pvalue)


def critical_difference(groups: int, tasks: int) -> float:
    """Of mean ranks, by the test of Nemenyi at 5 % (Demsar 2006)."""
    quantile = float(stats.studentized_range.ppf(1 - LEVEL, groups, np.inf)) / math.sqrt(2)
    return quantile * math.sqrt(groups * (groups + 1) / (6 * tasks))


FINAL = "final value"
PAIRED, UNPAIRED = "Wilcoxon signed-rank", "Mann-Whitney U"


def soonest(axis: Axis) -> str:
    """The measure of how soon a target was reached."""
    return f"{axis} to target"


MANY = 10_000
"""Runs per group that nobody has; an effect that needs more is none."""

Sample = Mapping[str, float]
"""Replicate -> what was measured, signed so that more is better."""


def tests(samples: Mapping[str, Sample], measure: str) -> list[Test]:
    """The tests of every pair of groups, one family for Holm's correction.

    Args:
        samples: group -> its runs.
        measure: what they are: ``FINAL`` or that of ``soonest``.
    """
    pairs = [*combinations(samples, 2)]
    found = [_test(one, other, samples, measure, len(pairs)) for one, other in pairs]
    corrected = holm([test.p for test in found])
    return [
        replace(test, corrected=p, needed=None if p < LEVEL else test.needed)
        for test, p in zip(found, corrected, strict=True)
    ]


def _test(one: str, other: str, samples: Mapping[str, Sample], measure: str, family: int) -> Test:
    """One test, the better group first."""
    paired, ones, others = _aligned(samples[one], samples[other])
    effect = a12(ones, others)
    if effect < 0.5:
        one, other, effect = other, one, 1 - effect
    p = wilcoxon(ones, others) if paired else mann_whitney(ones, others)
    name = PAIRED if paired else UNPAIRED
    runs = min(len(ones), len(others))
    needed = max(runs_needed(effect, family), least_runs(paired, family), runs + 1)
    known = int(needed) if needed < MANY else None
    return Test(one, other, name, measure, p, p, effect, runs, known)


def _aligned(one: Sample, other: Sample) -> tuple[bool, list[float], list[float]]:
    """Whether two groups pair, and their values, in the same order if they do.

    They pair if every replicate of the smaller group is one of the other's too.
    """
    shared = [key for key in one if key in other]
    if len(shared) < min(len(one), len(other)):
        return False, [*one.values()], [*other.values()]
    return True, [one[key] for key in shared], [other[key] for key in shared]


def ranking(tasks: Sequence[TaskResult], sign: float) -> Ranking | None:
    """Mean ranks over the tasks that all groups have; None unless there are two of both.

    Args:
        tasks: each with its groups.
        sign: 1.0 if more is better, else -1.0.
    """
    names = list(dict.fromkeys(group.group for task in tasks for group in task.groups))
    finals = [
        {group.group: sign * group.final.middle for group in task.groups}
        for task in tasks
        if len(task.groups) == len(names)
    ]
    if len(finals) < 2 or len(names) < 2:
        return None
    table = np.array([[final[name] for final in finals] for name in names])
    ranks = stats.rankdata(-table, axis=0).mean(axis=1)
    rising = sorted(zip(ranks, names, strict=True))
    return Ranking(
        {name: float(rank) for rank, name in rising},
        critical_difference(len(names), len(finals)),
        friedman(table),
        len(finals),
    )
