"""The surrogate: what the record lets expect of candidates that it lacks."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property

import numpy as np
from numpy.random import default_rng
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from nas_hydra.explain.searched import Searched
from nas_hydra.predictor import Array, Describe, Inputs
from nas_hydra.predictor.gaussian_process import GaussianProcess
from nas_hydra.search_space import Genotype
from nas_hydra.strategy.target import normal_scores

MOST_POINTS, MOST_TUNED, STEPS = 300, 200, 40
"""Of the Gaussian process: trials that it learns from, and is tuned by, and how long."""
FOLDS = 10
"""Of the cross-validation."""
QUARTILE = 0.6745
"""Half of all draws of a normal variable are within so many standard deviations."""
DRAWS = 200
"""Functions from which an interval is told."""


class Surrogate:
    """The Gaussian process of the surrogate strategies, on the trials of a finished search.

    It is taught normal scores of the trials' ranks, so that a few failures do not count for all
    variation, and averages are taken of these scores. What people see is in the objective's units:
    the value in the record that has the score, never one beyond the best and the worst measured.

    Args:
        searched: the search.
    """

    def __init__(self, searched: Searched) -> None:
        self._objective = searched.objective
        fitness = [self._objective.fitness(trial.values) for trial in searched.trials]
        self._describe = Describe(searched.space)
        self._inputs = self.describe([trial.proposal.genotype for trial in searched.trials])
        self._fitness = np.array(fitness)
        keys = [trial.key for trial in searched.trials]
        self._candidates = np.unique(keys, return_inverse=True)[1]
        self._targets = normal_scores(self._fitness)
        self._process = GaussianProcess(MOST_POINTS, MOST_TUNED, STEPS)
        self._process.fit(self._inputs, self._targets, tune=True)

    def describe(self, genotypes: Sequence[Genotype]) -> Inputs:
        """Candidates as the surrogate sees them."""
        return self._describe(genotypes)

    def scores(self, inputs: Inputs) -> tuple[Array, Array]:
        """Mean and standard deviation of the scores of M candidates, without noise; (M,) each."""
        return self._process.predict(inputs)

    def values(self, scores: ArrayLike) -> Array:
        """Scores in the objective's units, of any shape."""
        order = np.argsort(self._targets)
        fitness = np.interp(np.asarray(scores), self._targets[order], self._fitness[order])
        found: Array = fitness * self._objective.signed(1.0)
        return found

    def draws(self, inputs: Inputs) -> Array:
        """Scores of M candidates by ``DRAWS`` functions that could be the true one; (DRAWS, M)."""
        # A fixed generator, so that an explanation made anew is the same.
        return self._process.draws(inputs, DRAWS, default_rng(0))

    @cached_property
    def kept_out(self) -> Array:
        """Scores of the trials by surrogates that do not know their candidate, (N,)."""
        keys = self._candidates
        fold = (default_rng(0).permutation(keys.max() + 1) % FOLDS)[keys]  # repeats stay together
        predicted = np.empty(len(fold))
        for one in np.unique(fold):
            inside, outside = np.flatnonzero(fold == one), np.flatnonzero(fold != one)
            predicted[inside] = self._fitted(outside).predict(self._inputs.rows(inside))[0]
        return predicted

    @property
    def agreement(self) -> float:
        """Spearman's correlation of ``kept_out`` and what was measured; 0.0 if there is none."""
        found = float(spearmanr(self.kept_out, self._targets).statistic)
        return found if np.isfinite(found) else 0.0

    @property
    def noise(self) -> float:
        """How far measured values are from ``kept_out``, as a standard deviation in units.

        Of the better half of the trials, and by the median, which a few failures do not move.
        """
        better = self._fitness >= np.median(self._fitness)
        away = abs(self.values(self.kept_out) - self.values(self._targets))
        return float(np.median(away[better]) / QUARTILE)

    def _fitted(self, rows: NDArray[np.intp]) -> GaussianProcess:
        """The process on some of the trials, its hyper-parameters kept."""
        process = copy(self._process)
        process.fit(self._inputs.rows(rows), self._targets[rows], tune=False)
        return process
