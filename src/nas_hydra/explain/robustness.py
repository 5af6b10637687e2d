"""Whether another seed would have chosen another winner."""

from collections.abc import Sequence
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.random import default_rng

from nas_hydra.app.finished import ExplainedSearch
from nas_hydra.explain.metamodel import MetaModel
from nas_hydra.explain.result import RankedTrial, Robustness
from nas_hydra.predictor import Array
from nas_hydra.trial import Trial

TOP = 5
"""Candidates whose ranking is looked at."""
TIMES = 10_000
"""Of drawing all of their values anew."""


def robustness(searched: ExplainedSearch, surrogate: MetaModel) -> Robustness:
    """How often the best candidates would be ranked otherwise if all were measured anew.

    Where the record has repeated trials, the noise is the spread of these, and each candidate is
    drawn around its own mean. Else it is what the surrogate cannot explain, and each is drawn
    around what is expected of it: the best of many measured values owes part of its lead to luck,
    and the surrogate takes some of that off.
    """
    top = searched.ranked[:TOP]
    repeated = _repeated_noise(searched)
    if repeated is None:
        inputs = surrogate.describe([trial.proposal.genotype for trial in top])
        mean = surrogate.values(surrogate.scores(inputs)[0]) * searched.objective.signed(1.0)
        drawn = _draw(mean, np.full(len(top), surrogate.noise))
        return _told(searched, top, drawn, surrogate.noise, "predictor")
    known = [searched.measured[trial.key] for trial in top]
    mean = np.array([searched.objective.signed(fmean(values)) for values in known])
    sizes = np.array([len(values) for values in known])
    drawn = _draw(mean, repeated * np.sqrt(1 + 1 / sizes))
    return _told(searched, top, drawn, repeated, "repeats")


def _repeated_noise(searched: ExplainedSearch) -> float | None:
    """Standard deviation between repeated trials, pooled over candidates; None without any."""
    groups = [np.array(values) for values in searched.measured.values() if len(values) > 1]
    if not groups:
        return None
    squares = sum(((values - values.mean()) ** 2).sum() for values in groups)
    return float(np.sqrt(squares / sum(len(values) - 1 for values in groups)))


def _draw(mean: Array, spread: Array) -> Array:
    """Values as another seed might give them, (TIMES, candidates); more is better."""
    return mean + spread * default_rng(0).standard_normal((TIMES, len(mean)))


def _told(
    searched: ExplainedSearch,
    top: Sequence[Trial],
    drawn: Array,
    noise: float,
    source: Literal["repeats", "predictor"],
) -> Robustness:
    """How often the drawn values rank the candidates otherwise."""
    order = np.argsort(-drawn, axis=1, kind="stable")
    first = np.bincount(order[:, 0], minlength=len(top)) / TIMES
    kept = (order == np.arange(len(top))).all(axis=1).mean()
    contenders = [
        RankedTrial(trial.number, searched.mean(trial.key), float(chance))
        for trial, chance in zip(top, first, strict=True)
    ]
    return Robustness(source, noise, float(1 - first[0]), float(1 - kept), contenders)
