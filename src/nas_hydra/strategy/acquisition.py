"""What a predictor is taught of each trial, and how much an evaluation promises."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from nas_hydra.objective import Objectives
from nas_hydra.predictor import Array
from nas_hydra.trial import Trial

FAR = -5.0
"""Standard deviations below the best from which the improvement is told by its asymptote."""


SLOPE = 0.05
"""Share of the sum in the augmented Chebyshev function (Knowles 2006)."""


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


def targets(trials: Sequence[Trial], objectives: Objectives, rng: Generator) -> Array:
    """Normal scores of the trials' ranks: float64 (N,), more is better.

    Ranks make few assumptions about how values are spread: a failed training, or an accuracy near
    its ceiling, is as far from the next trial as any other. Feasible trials rank above infeasible
    ones, these by violation (Deb 2002), and failed ones last; equal ones share their rank.

    Several objectives are made one by a random weighting, drawn anew for each proposal, so that
    the proposals spread over the front (ParEGO, Knowles 2006).
    """
    worth = np.full(len(trials), -np.inf)
    feasible = np.array([bool(t.complete and not objectives.violation(t.metrics)) for t in trials])
    if feasible.any():
        fitness = [
            objectives.fitness(t.values) for t, fine in zip(trials, feasible, strict=True) if fine
        ]
        worth[feasible] = _scalarised(np.array(fitness), rng)
    for number, trial in enumerate(trials):
        if trial.complete and not feasible[number]:
            worth[number] = -1.0 - objectives.violation(trial.metrics)
    return normal_scores(worth)


def normal_scores(values: Array) -> Array:
    """The normal quantiles of the values' ranks (Blom 1958)."""
    scores: Array = ndtri((rankdata(values) - 0.375) / (len(values) + 0.25))
    return scores


def _scalarised(fitness: Array, rng: Generator) -> Array:
    """One number from 0 to 1 per row of (N, M), by ranks and random weights where M is above 1."""
    shares = rankdata(fitness, axis=0) / len(fitness)
    if shares.shape[1] == 1:
        return shares[:, 0]
    weights = rng.dirichlet(np.ones(shares.shape[1]))
    missing = weights * (1.0 - shares)
    found: Array = 1.0 - missing.max(1) - SLOPE * missing.sum(1)
    return found
