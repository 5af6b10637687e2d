"""Trust: whether what a predictor said came true."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr

from nas_hydra.predictor import Array
from nas_hydra.trial import Trial

ENOUGH = 8
"""Outcomes from which a correlation is told."""
FULL = 0.1
"""Correlation from which on the predictor is followed always."""
NONE = -0.1
"""Correlation up to which it is followed as rarely as ever."""
MOST_DOUBT = 0.5
"""Largest share of proposals that are made without the predictor."""


class Trust:
    """Compares predictions, made before the evaluation, with outcomes.

    Args:
        memory: how many of the last predictions count. Those of an early time are of candidates
            that differ much; late ones are all of good ones, and harder to tell apart.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._predicted: dict[str, float] = {}

    def expect(self, key: str, worth: float) -> None:
        """Note what a candidate is predicted to be worth."""
        self._predicted[key] = worth

    def correlation(self, trials: Sequence[Trial], outcomes: Array) -> float | None:
        """Spearman's rank correlation of predictions and outcomes; None if it cannot be told."""
        pairs = [
            (self._predicted[trial.key], outcome)
            for trial, outcome in zip(trials, outcomes, strict=True)
            if trial.key in self._predicted
        ][-self._memory :]
        if len(pairs) < ENOUGH or any(np.ptp(column) == 0 for column in np.array(pairs).T):
            return None
        return float(spearmanr(*np.array(pairs).T).statistic)


def doubt(correlation: float | None) -> float:
    """The share of proposals to make without the predictor, 0 to ``MOST_DOUBT``."""
    if correlation is None:
        return 0.0
    return MOST_DOUBT * min(1.0, max(0.0, (FULL - correlation) / (FULL - NONE)))
