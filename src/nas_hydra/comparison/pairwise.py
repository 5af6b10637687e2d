"""Groups two by two: is one better, and how sure is that?"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from nas_hydra.comparison.result import Test
from nas_hydra.comparison.statistics import (
    LEVEL,
    a12,
    holm,
    least_runs,
    mann_whitney,
    runs_needed,
    wilcoxon,
)

FINAL, SOONEST = "final value", "trials to target"
PAIRED, UNPAIRED = "Wilcoxon signed-rank", "Mann-Whitney U"
MANY = 10_000
"""Runs per group that nobody has; an effect that needs more is none."""

Sample = Mapping[str, float]
"""Replicate -> what was measured, signed so that more is better."""


def tests(samples: Mapping[str, Sample], measure: str) -> list[Test]:
    """The tests of every pair of groups, one family for Holm's correction.

    Args:
        samples: group -> its runs.
        measure: what they are: ``FINAL`` or ``SOONEST``.
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
    paired, ones, others = aligned(samples[one], samples[other])
    effect = a12(ones, others)
    if effect < 0.5:
        one, other, effect = other, one, 1 - effect
    p = wilcoxon(ones, others) if paired else mann_whitney(ones, others)
    name = PAIRED if paired else UNPAIRED
    runs = min(len(ones), len(others))
    needed = max(runs_needed(effect, family), least_runs(paired, family), runs + 1)
    known = int(needed) if needed < MANY else None
    return Test(one, other, name, measure, p, p, effect, runs, known)


def aligned(one: Sample, other: Sample) -> tuple[bool, list[float], list[float]]:
    """Whether two groups pair, and their values, in the same order if they do.

    They pair if every replicate of the smaller group is one of the other's too.
    """
    shared = [key for key in one if key in other]
    if len(shared) < min(len(one), len(other)):
        return False, [*one.values()], [*other.values()]
    return True, [one[key] for key in shared], [other[key] for key in shared]
