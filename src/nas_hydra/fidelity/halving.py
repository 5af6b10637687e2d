"""Asynchronous successive halving: ASHA (Li et al. 2020)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.fidelity.promotion import at_level, check_level, promoted, ranked
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator
from nas_hydra.trial import Proposal, Trial

SPARE = 10
"""So many trials of a rung keep their checkpoints beside those that are due for promotion."""


@dataclass
class Rung:
    """The trials of a bracket that were trained alike.

    A trial that falls ``SPARE`` places behind those that are due is given up: it is not promoted
    even if the rung grows so much that it would be due again. So disk is bounded, and nothing is
    trained twice.

    Args:
        epochs: that their networks have had.
        members: the complete ones, best first.
        open: numbers of those that may be promoted.
    """

    epochs: int
    members: list[Trial] = field(default_factory=list)
    open: set[int] = field(default_factory=set)

    def add(self, trial: Trial, objectives: Objectives, reduction: float) -> None:
        """Take a trial in at its rank."""
        self.members = ranked([*self.members, trial], objectives)
        near = self.members[: self._due(reduction) + SPARE]
        self.open = (self.open | {trial.number}) & {one.number for one in near}

    def promotable(self, reduction: float) -> Trial | None:
        """The best of the first 1 / ``reduction`` that was not promoted; None if all were."""
        due = self.members[: self._due(reduction)]
        return next((trial for trial in due if trial.number in self.open), None)

    def _due(self, reduction: float) -> int:
        return int(len(self.members) // reduction)


@dataclass
class Bracket:
    """Rungs that candidates climb from the first one on.

    Args:
        rungs: by their epochs.
        share: of the candidates, not normalised.
        asked: how many candidates it was given.
    """

    rungs: Sequence[Rung]
    share: float
    asked: int = 0


class Halving(Decorator):
    """Trains every candidate a little, and goes on with the best of each rung.

    Whatever can be promoted is, the highest rung first; otherwise a new candidate of the strategy
    begins at the lowest rung. Nothing waits for a rung to be full.

    What another run measured counts as a whole training. A duplicate is no member of a rung.

    Args:
        strategy: proposes candidates, and is told of promotions too.
        objectives: rank the trials of a rung.
        levels: see ``Evaluator.levels``.
        minimum: epochs of the lowest rung.
        maximum: epochs of the highest one; None is the whole training.
        reduction: one of so many is promoted. Rungs are spread so that each has about so many
            times the epochs of the one below, at the next level that the evaluator has.
        rungs: their epochs; None is by the arguments above.
        brackets: how many there are; the second one begins at the second rung, and so on. They
            get candidates as in Hyperband (Li et al. 2018), so that each costs about as much.

    Raises:
        ConfigError: if there are no such rungs.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        levels: Sequence[int],
        minimum: int,
        maximum: int | None,
        reduction: float,
        rungs: Sequence[int] | None,
        brackets: int,
    ) -> None:
        super().__init__(strategy)
        if reduction < 2:
            raise ConfigError("fidelity.reduction", f"is {reduction}; at least 2 is needed")
        epochs = _given(rungs, levels) if rungs else _spread(minimum, maximum, reduction, levels)
        if not 1 <= brackets <= len(epochs):
            problem = f"is {brackets}; with the rungs {epochs}, 1 to {len(epochs)} are possible"
            raise ConfigError("fidelity.brackets", problem)
        self._objectives, self._reduction, self._top = objectives, reduction, epochs[-1]
        self._brackets = [_bracket(epochs[first:], reduction) for first in range(brackets)]
        steps = [step for bracket in self._brackets for step in pairwise(bracket.rungs)]
        self._steps = sorted(steps, key=lambda step: -step[0].epochs)
        self._pending: dict[int, Rung] = {}

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """A promotion, or what the strategy proposes, at the lowest rung of a bracket."""
        for lower, upper in self._steps:
            if trial := lower.promotable(self._reduction):
                lower.open.remove(trial.number)
                self._pending[number] = upper
                return promoted(trial, number, upper.epochs)
        proposal = self.strategy.ask(number, rng)
        if proposal is None or proposal.known is not None:
            return proposal and at_level(proposal, self._top)
        bracket = min(self._brackets, key=lambda one: one.asked / one.share)
        bracket.asked += 1
        self._pending[number] = bracket.rungs[0]
        return at_level(proposal, bracket.rungs[0].epochs)

    def tell(self, trial: Trial) -> None:
        """Let a complete trial join its rung, and hand every one on."""
        rung = self._pending.pop(trial.number, None)
        if rung and trial.complete and trial.duplicate_of is None:
            rung.add(trial, self._objectives, self._reduction)
        self.strategy.tell(trial)

    @property
    def needed(self) -> set[int]:
        """The trials that may be promoted."""
        return super().needed.union(*(lower.open for lower, _ in self._steps))


def _bracket(epochs: Sequence[int], reduction: float) -> Bracket:
    """With these rungs, and the share of candidates that Hyperband gives it."""
    return Bracket([Rung(one) for one in epochs], reduction ** len(epochs) / len(epochs))


def _given(rungs: Sequence[int], levels: Sequence[int]) -> list[int]:
    """The rungs that a config names, in their order."""
    for epochs in rungs:
        check_level("fidelity.rungs", epochs, levels)
    return sorted({*rungs})


def _spread(
    minimum: int, maximum: int | None, reduction: float, levels: Sequence[int]
) -> list[int]:
    """Levels from ``minimum`` to ``maximum``, evenly spread by their logarithms."""
    top = levels[-1] if maximum is None else maximum
    check_level("fidelity.maximum", top, levels)
    if not 1 <= minimum <= top:
        raise ConfigError(
            "fidelity.minimum",
            f"is {minimum}; allowed: 1 to {top}, which is the highest rung (fidelity.maximum)",
        )
    steps = max(1, round(math.log(top / minimum, reduction)))
    wanted = [round(minimum * (top / minimum) ** (step / steps)) for step in range(steps + 1)]
    return sorted({next(level for level in levels if level >= epochs) for epochs in wanted})
