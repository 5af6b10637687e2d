"""Stopping inside a training: thresholds for its epochs, from the curves of trials told."""

import logging
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator, only_objective
from nas_hydra.trial import Proposal, Thresholds, Trial

log = logging.getLogger(__name__)


class Stopping(Decorator):
    """Gives each proposal the thresholds that it must meet after each epoch.

    They are computed when it is asked for, from the trials told by then.

    Args:
        strategy: proposes candidates, and is told of those whose training was ended.
        objectives: one, whose curve tells.
        levels: see ``Evaluator.levels``.
        startup: trials to be complete before any training is ended.
        warmup: epochs of each in which it is not ended.

    Raises:
        ConfigError: if there are several objectives, or a number is too small.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        levels: Sequence[int],
        startup: int,
        warmup: int,
    ) -> None:
        super().__init__(strategy)
        for name, value, least in (("startup", startup, 1), ("warmup", warmup, 0)):
            if value < least:
                problem = f"is {value}; at least {least} is needed"
                raise ConfigError(f"fidelity.{name}", problem)
        self._objective = only_objective(objectives, "a training that may be ended")
        self._ends = [epoch for epoch in levels[:-1] if epoch > warmup]
        self._startup, self._complete = startup, 0
        self._warned = False

    @abstractmethod
    def least(self, epoch: int) -> float | None:
        """The fitness that a training must have after an epoch; None is any."""

    @abstractmethod
    def learn(self, curve: Sequence[float], trial: Trial) -> None:
        """Learn from a trial, whose training may have been ended.

        Args:
            curve: fitness after each epoch.
            trial: whose it is.
        """

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the strategy proposes, with its thresholds."""
        proposal = self.strategy.ask(number, rng)
        if proposal is None or proposal.known is not None or self._complete < self._startup:
            return proposal
        found = {epoch: self.least(epoch) for epoch in self._ends}
        least = {epoch: self._objective.signed(v) for epoch, v in found.items() if v is not None}
        if not least:
            return proposal
        thresholds = Thresholds(self._objective.name, self._objective.direction, least)
        return replace(proposal, fidelity=replace(proposal.fidelity, thresholds=thresholds))

    def tell(self, trial: Trial) -> None:
        """Learn from its curve, and hand every trial on."""
        curve = self.curve(trial)
        if curve:
            self._complete += trial.complete
            self.learn(curve, trial)
        elif trial.complete and trial.epochs and not self._warned:
            self._warned = True
            log.warning(
                "fidelity: trial %d has no values of %s after its epochs, so that none is ended"
                " by them",
                *(trial.number, self._objective.name),
            )
        self.strategy.tell(trial)

    def curve(self, trial: Trial) -> list[float]:
        """Fitness after each epoch, until it is no number; empty if it is not measured."""
        values = trial.curves.get(self._objective.name, ())
        return [self._objective.signed(value) for value in takewhile(math.isfinite, values)]


def reaching(curves: Sequence[Sequence[float]], epoch: int) -> list[Sequence[float]]:
    """The curves as far as an epoch, of those that have come there."""
    return [curve[:epoch] for curve in curves if len(curve) >= epoch]
