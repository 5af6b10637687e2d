"""Statistics of runs: how soon they arrive, how good they are by when, and which are better."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from efficiency.matrix import Run

Floats = NDArray[np.float64]

RESAMPLES = 2000
BATCH = 50
"""Resamples at a time, which bounds the memory."""
CONFIDENCE = 0.95


class Interval(NamedTuple):
    """An estimate and the ends of its interval."""

    low: float
    middle: float
    high: float


def reached(run: Run, value: float) -> float:
    """The number of the evaluation that first gave this value; infinity if none did."""
    numbers = (one.evaluation for one in run.improvements if one.value >= value)
    return next(numbers, math.inf)


def median(numbers: Sequence[float]) -> float:
    """The median; infinity if more than half are, or if one of the middle two is."""
    ordered, middle = sorted(numbers), (len(numbers) - 1) / 2
    return (ordered[math.floor(middle)] + ordered[math.ceil(middle)]) / 2


def quantile(numbers: Sequence[float], share: float) -> float:
    """The least of the numbers that this share of them do not exceed."""
    return sorted(numbers)[max(1, math.ceil(share * len(numbers) - 1e-9)) - 1]


def within(numbers: Sequence[float], limit: float) -> float:
    """The share of numbers that do not exceed the limit."""
    return sum(number <= limit for number in numbers) / len(numbers)


def reported(run: Run, evaluation: int) -> float:
    """What the incumbent after so many evaluations is judged by; nan if there is none yet."""
    found = [one.reported for one in run.improvements if one.evaluation <= evaluation]
    return found[-1] if found else math.nan


def regrets(run: Run, optimum: float, points: Sequence[int]) -> list[float]:
    """How far below the optimum the best value is after so many evaluations each."""
    best = [math.nan] * len(points)
    for one in run.improvements:
        best = [
            optimum - one.value if point >= one.evaluation else known
            for point, known in zip(points, best, strict=True)
        ]
    return best


def interquartile_mean(numbers: ArrayLike, axis: int = -1) -> Floats:
    """The mean of the middle half (Agarwal et al. 2021)."""
    trimmed: Any = stats.trim_mean(np.asarray(numbers, dtype=float), 0.25, axis=axis)
    return np.asarray(trimmed)


def intervals(values: ArrayLike) -> list[Interval]:
    """Interquartile means with bootstrap intervals (percentiles) over seeds.

    Args:
        values: (seeds, points).
    """
    table = np.asarray(values, dtype=float)
    if not table.size:
        return []
    middle = interquartile_mean(table, axis=0)
    if len(table) == 1:
        return [Interval(*[float(value)] * 3) for value in middle]
    found: Any = stats.bootstrap(
        (table,),
        interquartile_mean,
        n_resamples=RESAMPLES,
        batch=BATCH,
        vectorized=True,
        axis=0,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    ends = zip(found.low, middle, found.high, strict=True)
    return [Interval(float(low), float(mid), float(high)) for low, mid, high in ends]


def wilcoxon(ones: Sequence[float], others: Sequence[float]) -> float:
    """Two-sided p of the signed-rank test on pairs (Wilcoxon 1945); 1 if all pairs are equal."""
    differences = np.subtract(ones, others)
    return float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0


def holm(values: Sequence[float]) -> list[float]:
    """p-values of a family of tests, corrected for their number (Holm 1979)."""
    corrected, least = [0.0] * len(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        least = max(least, min(1.0, values[place] * (len(values) - rank)))
        corrected[place] = least
    return corrected
