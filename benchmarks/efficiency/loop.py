"""One search without a record and an engine: the same proposals as in ``nas_hydra.loop``."""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from time import process_time
from typing import NamedTuple

from numpy.random import default_rng

from efficiency.task import Task
from nas_hydra.strategy import Strategy
from nas_hydra.trial import Proposal, Trial, duplicate

PROPOSALS = 20
"""Per evaluation, after which a strategy that goes on proposing what is known is ended."""
LATE = 20
"""The last proposals, by whose time a strategy's cost is judged."""


class Improvement(NamedTuple):
    """A new incumbent.

    Args:
        evaluation: its number, from 1 on.
        value: of the objective.
        reported: what the incumbent is judged by.
    """

    evaluation: int
    value: float
    reported: float


class Waiting(NamedTuple):
    """A trial that is not told yet; ``evaluation`` is 0 for one that was known."""

    trial: Trial
    evaluation: int
    reported: float


@dataclass
class Loop:
    """A search: proposal k is asked when trials 0 ... k - ``pending`` are told, in ask order.

    Proposal k's generator is ``default_rng((seed, k))``. As in a search, a candidate that was told
    before is answered from what is known; here that costs no evaluation of the budget. (One that
    is proposed again while it is pending is evaluated again, also as in a search.) The search
    ends when the optimum is told: whatever is asked of its curve is known by then.

    Args:
        strategy: proposes.
        task: is searched.
        seed: of the search.
        pending: how many trials may be pending when the next is proposed.
        budget: how many evaluations there are.

    Attributes:
        improvements: the incumbents, in the order in which they were told.
        evaluations: how many there were.
        moments: seconds of this process's work after which each proposal came.
    """

    strategy: Strategy
    task: Task
    seed: int
    pending: int
    budget: int
    improvements: list[Improvement] = field(default_factory=list, init=False)
    evaluations: int = field(default=0, init=False)
    moments: list[float] = field(default_factory=list, init=False)
    _waiting: deque[Waiting] = field(default_factory=deque, init=False)
    _known: dict[str, Trial] = field(default_factory=dict, init=False)

    def __call__(self) -> None:
        """Search until the budget is spent, the optimum found or the strategy at its end."""
        for number in range(PROPOSALS * self.budget):
            proposal = None if self.evaluations == self.budget else self._ask(number)
            if proposal is None:
                break
            self.moments.append(process_time())
            self._waiting.append(self._begin(proposal))
        while self._waiting and not self.solved:
            self._tell()

    @property
    def solved(self) -> bool:
        """Whether the optimum was told."""
        return bool(self.improvements) and self.improvements[-1].value >= self.task.optimum

    @property
    def late(self) -> float:
        """Milliseconds from one proposal to the next, median of the last ``LATE``."""
        last = self.moments[-LATE - 1 :]
        return 1000 * median(b - a for a, b in pairwise(last)) if last[1:] else 0.0

    def _ask(self, number: int) -> Proposal | None:
        while len(self._waiting) >= self.pending:
            self._tell()
        while not self.solved:
            proposal = self.strategy.ask(number, default_rng((self.seed, number)))
            if proposal is not None or not self._waiting:
                return proposal
            self._tell()
        return None

    def _begin(self, proposal: Proposal) -> Waiting:
        earlier = self._known.get(proposal.genotype.key)
        if earlier is not None:
            return Waiting(duplicate(proposal, earlier), 0, 0.0)
        self.evaluations += 1
        value, reported = self.task.measure(proposal.genotype)
        trial = Trial(proposal, "complete", {"value": value}, {"value": value})
        return Waiting(trial, self.evaluations, reported)

    def _tell(self) -> None:
        trial, evaluation, reported = self._waiting.popleft()
        if evaluation:
            self._known.setdefault(trial.key, trial)
            value = trial.values["value"]
            if not self.improvements or value > self.improvements[-1].value:
                self.improvements.append(Improvement(evaluation, value, reported))
        self.strategy.tell(trial)
