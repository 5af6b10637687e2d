"""Two strategies side by side, paired by seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from efficiency.matrix import Run
from efficiency.statistics import median, reached, reported
from efficiency.task import column
from nas_hydra.comparison.statistics import wilcoxon

Key = tuple[int, str, str]
"""Pending, task, strategy."""


@dataclass(frozen=True)
class Comparison:
    """Two strategies on one task, paired by seed.

    Args:
        pending: how many trials were.
        task: what was searched.
        strategy: the one that is compared.
        reference: the other.
        after: evaluations after which incumbents are compared; 0: evaluations to the optimum.
        effect: median of the reference's evaluations per that of the strategy's, or the median
            difference of the incumbents; above 1, or above 0, the strategy is ahead.
        bound: ``>`` or ``<`` if a median is beyond the budget; ``?`` if both are.
        p: of Wilcoxon's signed-rank test, two-sided, Holm-corrected within its table.
        seeds: pairs.
    """

    pending: int
    task: str
    strategy: str
    reference: str
    after: int
    effect: float
    bound: str
    p: float
    seeds: int


def budget_of(runs: Sequence[Run]) -> int:
    """The evaluations that all of the runs had."""
    return min(run.case.budget for run in runs)


def pairs(
    runs: Mapping[Key, Mapping[int, Run]], key: Key, reference: str
) -> tuple[list[Run], list[Run]]:
    """The runs of two strategies that have a seed in common."""
    ours, theirs = runs.get(key, {}), runs.get((key[0], key[1], reference), {})
    if key[2] == reference:
        return [], []
    seeds = sorted(ours.keys() & theirs.keys())
    return [ours[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def soonest(runs: Mapping[Key, Mapping[int, Run]], key: Key, reference: str) -> Comparison | None:
    """Who finds the optimum of a column sooner; what is not found counts as just beyond."""
    ours, theirs = pairs(runs, key, reference)
    if not ours:
        return None
    budget, optimum = budget_of([*ours, *theirs]), column(key[1]).optimum

    def censored(some: Sequence[Run]) -> list[float]:
        numbers = [reached(run, optimum) for run in some]
        return [number if number <= budget else budget + 1 for number in numbers]

    one, other = censored(ours), censored(theirs)
    middle, reference_middle = median(one), median(other)
    bound = {(False, True): ">", (True, False): "<", (True, True): "?"}.get(
        (middle > budget, reference_middle > budget), ""
    )
    effect = reference_middle / middle
    return Comparison(*key, reference, 0, effect, bound, wilcoxon(one, other), len(ours))


def better(
    runs: Mapping[Key, Mapping[int, Run]], key: Key, reference: str, mark: int
) -> Comparison | None:
    """Whose incumbent is better after so many evaluations."""
    ours, theirs = pairs(runs, key, reference)
    if not ours or budget_of([*ours, *theirs]) < mark:
        return None
    one, other = ([reported(run, mark) for run in some] for some in (ours, theirs))
    effect = median([a - b for a, b in zip(one, other, strict=True)])
    return Comparison(*key, reference, mark, effect, "", wilcoxon(one, other), len(ours))
