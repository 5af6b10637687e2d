"""What candidates cost, counted before anything is trained."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

from numpy.random import Generator

from nas_hydra.errors import CandidateError
from nas_hydra.search_space import Genotype
from nas_hydra.strategy.base import Decorator, Strategy
from nas_hydra.trial import Cost, Proposal

log = logging.getLogger(__name__)

Count = Callable[[Genotype], float]
"""The cost of a candidate's whole training. Raises a ``CandidateError`` if it cannot be told."""


class Costs:
    """What whole trainings cost, each candidate counted once.

    A cost that cannot be counted, or is no finite number of at least 0, is unknown.

    Args:
        count: counts one.
        unit: what is counted, as ``strategy.cost`` says: ``flops``, ``train_seconds``, ...
        whole: epochs of a training that is not shortened; 0 where nobody counts them.
    """

    def __init__(self, count: Count, unit: str, whole: int = 0) -> None:
        self._count, self.unit, self._whole = count, unit, whole
        self._known: dict[str, float | None] = {}

    def __call__(self, genotype: Genotype) -> float | None:
        """The cost of a candidate's whole training; None if it is unknown."""
        if genotype.key not in self._known:
            self._known[genotype.key] = self._counted(genotype)
        return self._known[genotype.key]

    def planned(self, proposal: Proposal, before: Proposal | None) -> Cost | None:
        """What a proposal's training will cost.

        Args:
            proposal: with its fidelity.
            before: the one that it goes on from, if it does.
        """
        whole = self(proposal.genotype)
        if whole is None:
            return None
        epochs = planned_epochs(proposal, before, self._whole)
        return Cost(whole * epochs / self._whole if self._whole else whole, epochs)

    def _counted(self, genotype: Genotype) -> float | None:
        try:
            cost = float(self._count(genotype))
        except CandidateError as error:
            log.debug("the cost of %s is unknown: %s", genotype.summary, error)
            return None
        if math.isfinite(cost) and cost >= 0:
            return cost
        log.warning("the cost of %s is %s, so it counts as unknown", genotype.summary, cost)
        return None


@runtime_checkable
class Weighing(Protocol):
    """A strategy, or a part of one, that weighs what candidates cost."""

    def weigh(self, costs: Costs) -> None:
        """Get to know what they cost; called once, before anything is asked."""


class Counted(Decorator):
    """Every proposal says what it costs.

    Args:
        strategy: proposes.
        costs: of its candidates.
    """

    def __init__(self, strategy: Strategy, costs: Costs) -> None:
        super().__init__(strategy)
        self._costs = costs
        self._asked: dict[int, Proposal] = {}

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """As the strategy within, with the cost."""
        proposal = self.strategy.ask(number, rng)
        if proposal is None:
            return None
        self._asked[number] = proposal
        before = continued(proposal, self._asked)
        return replace(proposal, cost=self._costs.planned(proposal, before))


def continued(proposal: Proposal, asked: Mapping[int, Proposal]) -> Proposal | None:
    """The proposal that one goes on from; None if it begins anew."""
    number = proposal.fidelity.continues
    return None if number is None else asked.get(number)


def planned_epochs(proposal: Proposal, before: Proposal | None, whole: int) -> int:
    """Epochs that a trial is expected to train.

    Args:
        proposal: with its fidelity.
        before: the one that it goes on from, if it does.
        whole: epochs of a training that is not shortened.
    """
    had = 0 if before is None else before.fidelity.epochs or whole
    return max(0, (proposal.fidelity.epochs or whole) - had)
