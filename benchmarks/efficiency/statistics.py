"""Statistics of runs: how soon they arrive, and how good they are by when.

Intervals and tests are those of ``nas_hydra.comparison.statistics``.
"""

import math
from collections.abc import Sequence

from efficiency.matrix import Run


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
