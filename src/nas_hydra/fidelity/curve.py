"""Ends a training when it is unlikely to become the best."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from scipy.stats import linregress
from scipy.stats import t as student

from nas_hydra.errors import ConfigError
from nas_hydra.fidelity.stopping import Stopping
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.trial import Proposal, Thresholds, Trial

log = logging.getLogger(__name__)

LEAST = 4
"""Trials from which a line with its residuals is told."""


@dataclass(frozen=True)
class Check:
    """A training that goes on whatever is predicted.

    Args:
        thresholds: that would have ended it.
        incumbent: fitness of the best trial when it was asked for.
    """

    thresholds: Thresholds
    incumbent: float


class Curve(Stopping):
    """Ends a training when the chance that it beats the incumbent falls below a level.

    The final value is predicted from the value after each epoch by a line through the complete
    trials, its residuals normal (prediction intervals of Student's t), as extrapolation by
    regression in Baker et al. 2018 ("Accelerating neural architecture search using performance
    prediction"). The value after an epoch at which the chance is that level is its threshold.

    To know how far that can be trusted, a share of the trainings goes on whatever is predicted;
    proposals tell as ``fidelity/right`` the share of those predicted to fail that did, and as
    ``fidelity/checked`` how many these are.

    Args:
        strategy: as of ``Stopping``.
        objectives: likewise.
        levels: likewise.
        startup: likewise; at least ``LEAST`` are waited for.
        warmup: likewise.
        chance: below which a training is ended, above 0 and below 1.
        check: share of the trainings that are not ended, 0 to 1.

    Raises:
        ConfigError: as ``Stopping``, and if one of the shares is none.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        levels: Sequence[int],
        startup: int,
        warmup: int,
        chance: float,
        check: float,
    ) -> None:
        super().__init__(strategy, objectives, levels, startup, warmup)
        if not 0 < chance < 1:
            raise ConfigError("fidelity.chance", f"is {chance}; allowed: above 0 and below 1")
        if not 0 <= check <= 1:
            raise ConfigError("fidelity.check", f"is {check}; allowed: 0 to 1")
        self._chance, self._check = chance, check
        self._curves: list[Sequence[float]] = []
        self._final: list[float] = []
        self._checks: dict[int, Check] = {}
        self._right: list[bool] = []  # of those predicted to fail

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the strategy proposes, with its thresholds unless it is a check."""
        proposal = super().ask(number, rng)
        if proposal is None or not self._final:
            return proposal
        fidelity = proposal.fidelity
        if fidelity.thresholds and rng.random() < self._check:
            self._checks[number] = Check(fidelity.thresholds, max(self._final))
            fidelity = replace(fidelity, thresholds=None)
        return replace(proposal, fidelity=fidelity, facts={**proposal.facts, **self._calibration})

    def tell(self, trial: Trial) -> None:
        """Learn from its curve, compare it with what was predicted, and hand every trial on."""
        check = self._checks.pop(trial.number, None)
        if check and trial.complete:
            self._compare(check, trial)
        super().tell(trial)

    def least(self, epoch: int) -> float | None:
        """Where the line has the incumbent at the given chance; None where there is none."""
        known = [(c[epoch - 1], f) for c, f in self._pairs if len(c) >= epoch]
        values, final = np.array(known).reshape(-1, 2).T
        if len(values) < LEAST or np.ptp(values) == 0:
            return None
        line = linregress(values, final)
        if line.slope <= 0:
            return None
        residuals = final - line.slope * values - line.intercept
        freedom = len(values) - 2
        deviation = np.sqrt(residuals @ residuals / freedom * (1 + 1 / len(values)))
        reach = deviation * student.isf(self._chance, freedom)
        return float((max(self._final) - reach - line.intercept) / line.slope)

    def learn(self, curve: Sequence[float], trial: Trial) -> None:
        """Keep the curve and the final value of a complete trial."""
        if trial.complete:
            self._curves.append(curve)
            self._final.append(self._objective.fitness(trial.values))

    @property
    def _pairs(self) -> list[tuple[Sequence[float], float]]:
        return list(zip(self._curves, self._final, strict=True))

    @property
    def _calibration(self) -> Mapping[str, float]:
        """Of the trainings that were predicted to fail and went on, how many did; empty if none."""
        if not self._right:
            return {}
        share = sum(self._right) / len(self._right)
        return {"fidelity/right": share, "fidelity/checked": float(len(self._right))}

    def _compare(self, check: Check, trial: Trial) -> None:
        """Whether a training that would have been ended has failed to beat the incumbent."""
        values = trial.curves.get(self._objective.name, ())
        if not any(check.thresholds.end(epoch, value) for epoch, value in enumerate(values, 1)):
            return
        self._right.append(self._objective.fitness(trial.values) <= check.incumbent)
        log.info(
            "trial %d was predicted not to beat the best, and went on as a check: it %s;"
            " %d of %d such predictions were right",
            *(trial.number, "did not" if self._right[-1] else "did"),
            *(sum(self._right), len(self._right)),
        )
