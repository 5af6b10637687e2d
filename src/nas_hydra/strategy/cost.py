"""What candidates cost, counted before anything is trained."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.search_space import Genotype
from nas_hydra.strategy.base import Decorator, Strategy
from nas_hydra.trial import Cost, Proposal

log = logging.getLogger(__name__)

TRIES = 50
"""How many candidates are made for one that is cheap."""
Made = TypeVar("Made")

Count = Callable[[Genotype], float]
"""The cost of a candidate's whole training. Raises a ``CandidateError`` if it cannot be told."""


@dataclass(frozen=True)
class CostAwareness:
    """How much costs count.

    Args:
        founders: so cheap a share of random candidates founders are taken from; 1 is from all.
        free: a candidate's cost counts only as far as it exceeds this share of all that was spent.
        counted: how many costs are counted for a proposal; others are estimated from these.
        parents: what a rank of cost counts beside one of fitness where parents are selected.
    """

    founders: float = 0.1
    free: float = 0.1
    counted: int = 32
    parents: float = 0.0

    def __post_init__(self) -> None:
        allowed = {
            "founders": (0 < self.founders <= 1, "above 0, at most 1"),
            "free": (0 <= self.free < math.inf, "at least 0"),
            "counted": (self.counted >= 1, "at least 1"),
            "parents": (0 <= self.parents < math.inf, "at least 0"),
        }
        for name, (fine, said) in allowed.items():
            if not fine:
                key = f"strategy.cost_aware.{name}"
                raise ConfigError(key, f"is {getattr(self, name)}; allowed: {said}")


DEFAULT = CostAwareness()


class Costs:
    """What whole trainings cost, each candidate counted once.

    A cost that cannot be counted, or is no finite number of at least 0, is unknown.

    Args:
        count: counts one.
        unit: what is counted, as ``strategy.cost`` says: ``flops``, ``train_seconds``, ...
        whole: epochs of a training that is not shortened; 0 where nobody counts them.
        awareness: how much they count for who weighs them.
    """

    def __init__(
        self, count: Count, unit: str, whole: int = 0, awareness: CostAwareness = DEFAULT
    ) -> None:
        self.awareness = awareness
        self._count, self.unit, self._whole = count, unit, whole
        self._known: dict[str, float | None] = {}
        self._told = False  # that one is unknown

    def __call__(self, genotype: Genotype) -> float | None:
        """The cost of a candidate's whole training; None if it is unknown."""
        if genotype.key not in self._known:
            self._known[genotype.key] = self._counted(genotype)
        return self._known[genotype.key]

    def anew(self) -> "Costs":
        """The same that know no candidate yet: who counts there changes no choice here."""
        return Costs(self._count, self.unit, self._whole, self.awareness)

    def known(self, genotype: Genotype) -> bool:
        """Whether a candidate was counted before."""
        return genotype.key in self._known

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
            why = str(error)
        else:
            if 0 <= cost < math.inf:
                return cost
            why = f"it is {cost}"
        say = log.debug if self._told else log.warning  # there may be many
        say("the cost of %s is unknown, and counts as the highest: %s", genotype.summary, why)
        self._told = True
        return None


def filled(costs: Sequence[float | None]) -> NDArray[np.float64]:
    """Float64 (N,), where costs that cannot be told are as dear as the dearest of the others."""
    most = max((one for one in costs if one is not None), default=0.0)
    return np.array([most if one is None else one for one in costs])


def first_cheap(
    made: Iterable[Made], cost: Callable[[Made], float | None], limit: float
) -> Made | None:
    """The first that costs at most ``limit``; else the cheapest, else the first; None of none.

    Args:
        made: one after the other, as long as none was cheap.
        cost: of one; None if it is unknown.
        limit: infinity takes the first.
    """
    drawn: list[tuple[float, Made]] = []
    for one in made:
        known = cost(one)
        if limit == math.inf or (known is not None and known <= limit):
            return one
        drawn.append((math.inf if known is None else known, one))
    return min(drawn, key=lambda pair: pair[0])[1] if drawn else None


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
