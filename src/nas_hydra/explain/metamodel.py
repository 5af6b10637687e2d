"""What is known of any candidate: measured in the record, or predicted by a model of it."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.random import default_rng
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from nas_hydra.app.finished import ExplainedSearch
from nas_hydra.errors import CandidateError
from nas_hydra.explain.result import Estimate, Source
from nas_hydra.predictor import Array, Describe, Inputs
from nas_hydra.predictor.gaussian_process import GaussianProcess
from nas_hydra.search_space import Genotype
from nas_hydra.strategy.surrogate import normal_scores

MOST_POINTS, MOST_TUNED, STEPS = 300, 200, 40
"""Of the Gaussian process: trials that it learns from, and is tuned by, and how long."""
FOLDS = 10
"""Of the cross-validation."""
QUARTILE = 0.6745
"""Half of all draws of a normal variable are within so many standard deviations."""
DRAWS = 200
"""Functions from which an interval is told."""


class MetaModel:
    """The Gaussian process of the surrogate strategies, on the trials of a finished search.

    It is taught normal scores of the trials' ranks, so that a few failures do not count for all
    variation, and averages are taken of these scores. What people see is in the objective's units:
    the value in the record that has the score, never one beyond the best and the worst measured.

    Args:
        searched: the search.
    """

    def __init__(self, searched: ExplainedSearch) -> None:
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


class Trains(Protocol):
    """Measures a candidate that the record lacks."""

    def __call__(self, genotype: Genotype) -> float:
        """The objective's value.

        Raises:
            CandidateError: if it cannot be trained.
        """


class Knowledge:
    """Estimates of candidates, and how two of them differ.

    Args:
        searched: whose record it is.
        surrogate: that has learned from it.
    """

    def __init__(self, searched: ExplainedSearch, surrogate: MetaModel) -> None:
        self._searched, self._surrogate = searched, surrogate
        self._numbers = {trial.key: trial.number for trial in reversed(searched.trials)}

    def scores(self, genotypes: Sequence[Genotype]) -> list[float]:
        """What is expected of candidates, more is better."""
        if not genotypes:
            return []
        found: list[float] = self._surrogate.scores(self._surrogate.describe(genotypes))[0].tolist()
        return found

    def estimates(self, genotypes: Sequence[Genotype]) -> list[Estimate]:
        """What is known of candidates."""
        values = [float(self._surrogate.values(score)) for score in self.scores(genotypes)]
        return [self._estimate(*both) for both in zip(genotypes, values, strict=True)]

    def _estimate(self, genotype: Genotype, predicted: float) -> Estimate:
        number = self._numbers.get(genotype.key)
        if number is None:
            return Estimate(dict(genotype), predicted, predicted, "predicted")
        value = self._searched.mean(genotype.key)
        return Estimate(dict(genotype), predicted, value, "measured", number)

    def trained(self, genotypes: Sequence[Genotype], train: Trains) -> list[Estimate]:
        """The same; what the record lacks is trained now."""
        found = self.estimates(genotypes)
        return [
            _trained(known, genotype, train) if known.source == "predicted" else known
            for known, genotype in zip(found, genotypes, strict=True)
        ]


def _trained(known: Estimate, genotype: Genotype, train: Trains) -> Estimate:
    try:
        value = train(genotype)
    except CandidateError as error:
        return Estimate(known.genotype, known.predicted, known.value, "predicted", None, str(error))
    return Estimate(known.genotype, known.predicted, value, "trained")


def difference(before: Estimate, after: Estimate) -> tuple[float, Source]:
    """By how much the value changes, and where that is from.

    It is predicted unless both values are known: the difference of a measured and a predicted one
    would be mostly that of the two ways.
    """
    sources = {before.source, after.source}
    if "predicted" in sources:
        return after.predicted - before.predicted, "predicted"
    return after.value - before.value, "trained" if "trained" in sources else "measured"
