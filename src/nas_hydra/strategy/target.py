"""Targets: what a predictor is taught of each trial."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from nas_hydra.objective import Objectives
from nas_hydra.trial import Trial

Array = NDArray[np.float64]

SLOPE = 0.05
"""Share of the sum in the augmented Chebyshev function (Knowles 2006)."""


def targets(trials: Sequence[Trial], objectives: Objectives, rng: Generator) -> Array:
    """Normal scores of the trials' ranks: float64 (N,), more is better.

    Ranks make few assumptions about how values are spread: a failed training, or an accuracy near
    its ceiling, is as far from the next trial as any other. Feasible trials rank above infeasible
    ones, these by violation (Deb 2002), and failed ones last; equal ones share their rank.

    Several objectives are made one by a random weighting, drawn anew for each proposal, so that
    the proposals spread over the front (ParEGO, Knowles 2006).
    """
    worth = np.full(len(trials), -np.inf)
    feasible = np.array([bool(t.complete and not violation(t, objectives)) for t in trials])
    if feasible.any():
        fitness = [
            objectives.fitness(t.values) for t, fine in zip(trials, feasible, strict=True) if fine
        ]
        worth[feasible] = scalarised(np.array(fitness), rng)
    for number, trial in enumerate(trials):
        if trial.complete and not feasible[number]:
            worth[number] = -1.0 - violation(trial, objectives)
    return normal_scores(worth)


def violation(trial: Trial, objectives: Objectives) -> float:
    """How much a complete trial breaks the limits."""
    return objectives.violation(trial.metrics)


def scalarised(fitness: Array, rng: Generator) -> Array:
    """One number from 0 to 1 per row of (N, M), by ranks and random weights where M is above 1."""
    shares = rankdata(fitness, axis=0) / len(fitness)
    if shares.shape[1] == 1:
        return shares[:, 0]
    weights = rng.dirichlet(np.ones(shares.shape[1]))
    missing = weights * (1.0 - shares)
    found: Array = 1.0 - missing.max(1) - SLOPE * missing.sum(1)
    return found


def normal_scores(values: Array) -> Array:
    """The normal quantiles of the values' ranks (Blom 1958)."""
    scores: Array = ndtri((rankdata(values) - 0.375) / (len(values) + 0.25))
    return scores
