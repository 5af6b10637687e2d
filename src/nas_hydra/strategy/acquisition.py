"""What a candidate promises: the improvement that is expected of it, and less for what it costs."""

from collections.abc import Callable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from nas_hydra.predictor import Array, Inputs
from nas_hydra.search_space import Genotype
from nas_hydra.strategy.cost import Costs, filled

FAR = -5.0
"""Standard deviations below the best from which the improvement is told by its asymptote."""
DIGITS = 6
"""Of a score."""
LARGEST = 1e300
"""So many times the dearest counts of what was spent: floats come to an end."""
LEAST = 1e-9
"""Of the dearest: what is cheaper than that costs as good as nothing."""
RIDGE = 1e-2
"""Penalty of the regression that tells costs of candidates that were not counted."""
BATCH = 8
"""How many are counted before the others are estimated anew."""

Eligible = Callable[[Genotype], bool]


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Logarithm of the expected improvement over ``best`` (Jones et al. 1998); (N,).

    The logarithm still tells candidates apart whose improvement is nearly 0 (Ament et al. 2023).

    Args:
        mean: (N,), expected worth, more is better.
        deviation: (N,), its standard deviation, above 0.
        best: the worth of the incumbent.
    """
    gap = (mean - best) / deviation
    density = np.exp(-(gap**2) / 2) / np.sqrt(2 * np.pi)
    near = np.maximum(gap * ndtr(gap) + density, np.finfo(float).tiny)
    # phi(g) + g Phi(g) tends to phi(g) / g**2 as g tends to minus infinity
    far = -(gap**2) / 2 - np.log(np.sqrt(2 * np.pi)) - 2 * np.log(-np.minimum(gap, FAR))
    found: Array = np.log(deviation) + np.where(gap > FAR, np.log(near), far)
    return found


def rounded(score: Array) -> Array:
    """A score (N,) with so few digits that machines agree; equal ones keep their order."""
    found: Array = score.round(DIGITS)
    return found


def log_price(costs: Array, spent: float, free: float) -> Array:
    """How much each cost weighs against the logarithm of an expected gain; float64 (N,), >= 0.

    That is log(c + free x spent), less that of the cheapest: the gain is divided by the cost (Snoek
    et al. 2012), but what costs less than a share of all that was spent costs as good as nothing.
    So the pull of the cost fades by itself: a candidate is dear until the search has spent
    ``1 / free`` times its cost. (Cost-cooling, Lee et al. 2020, needs a budget for that.) What is
    cheaper never weighs more, and equal costs weigh nothing.

    Args:
        costs: (N,), at least 0.
        spent: by the search so far.
        free: share of it that weighs like the whole cost of a candidate.
    """
    most = float(costs.max())
    if most == 0:
        return np.zeros(len(costs))
    nothing = free * min(spent / most, LARGEST)
    shares = np.maximum(costs / most, LEAST) + nothing
    found: Array = np.log(shares / shares.min())
    return found


def promise(
    gain: Array,
    pool: Sequence[Genotype],
    inputs: Inputs,
    costs: Costs,
    spent: float,
    eligible: Eligible,
) -> Array:
    """Logarithm of the gain of each candidate less the price, float64 (N,).

    To count the cost of a network takes some milliseconds. So those that were not counted yet are
    estimated, favourably, from those that were (a ridge regression of the logarithm); whoever comes
    out first by an estimate is counted, and all are ranked again, as often as
    ``strategy.cost_aware.counted`` allows.

    Args:
        gain: (N,), the logarithm of what is expected to be gained.
        pool: N candidates.
        inputs: of them.
        costs: count.
        spent: by the search so far.
        eligible: whether one may be taken; the first of these are counted.
    """
    left, known = costs.awareness.counted, np.array([costs.known(one) for one in pool])
    while True:
        price = log_price(_estimated(pool, inputs, costs, known), spent, costs.awareness.free)
        score = rounded(gain - price)
        order = np.argsort(-score, kind="stable")
        first = list(islice((int(i) for i in order if eligible(pool[int(i)])), BATCH))
        uncounted = [place for place in first if not known[place]][:left]
        if not uncounted or known[first[0]]:
            return score
        for place in uncounted:
            costs(pool[place])
        known[uncounted] = True
        left -= len(uncounted)


def _estimated(
    pool: Sequence[Genotype], inputs: Inputs, costs: Costs, known: NDArray[np.bool_]
) -> Array:
    """The costs (N,), counted where they are ``known``, else told from these."""
    found = np.ones(len(pool))
    if not known.any():
        return found
    found[known] = filled([costs(pool[int(place)]) for place in np.flatnonzero(known)])
    if not known.all():
        found[~known] = _told(inputs.flat[known], found[known], inputs.flat[~known])
    return found


def _told(rows: Array, costs: Array, others: Array) -> Array:
    """Costs (M,) of others, by a ridge regression of the logarithms, a deviation too low.

    Args:
        rows: (N, D).
        costs: (N,), theirs.
        others: (M, D).
    """
    if costs.min() == costs.max():
        return np.full(len(others), costs[0])
    logs = np.log(np.maximum(costs, LEAST * costs.max()))
    middle, mean = np.median(logs), rows.mean(0)
    centred = rows - mean
    matrix = centred.T @ centred + RIDGE * np.eye(rows.shape[1])
    weights = np.linalg.solve(matrix, centred.T @ (logs - middle))
    missed = logs - middle - centred @ weights
    told = middle + (others - mean) @ weights - missed.std()
    found: Array = np.exp(np.minimum(told, logs.max()))
    return found
