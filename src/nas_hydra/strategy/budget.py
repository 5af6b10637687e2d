"""When a search ends: a budget of trials, epochs or seconds, or nothing more to be gained."""

from collections.abc import Mapping, Sequence
from time import perf_counter

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.front import Front
from nas_hydra.objective import Objectives
from nas_hydra.strategy.base import Decorator, Ending, Strategy
from nas_hydra.strategy.cost import Costs, continued, planned_epochs
from nas_hydra.trial import ELAPSED, GAIN, Proposal, Trial

EXHAUSTED = Ending("exhausted", "the search space is exhausted: no candidate is left")
WHY = {
    "trials": "it has {0:g} trials",
    "epochs": "{0:,.0f} epochs are trained",
    "seconds": "it has taken {0:,.0f} seconds",
    "cost": "it has spent {0:.4g}",
    "patience": "the last {0:g} trials are no better than the best before them",
    "regret": "the next trial is expected to gain no more than {0:.3g}",
}


class Budgeted(Decorator):
    """Ends the search in order once one of its limits is reached; pending trials are still told.

    What ends it depends on nothing but the trials told, those pending, and for ``seconds`` on the
    clock. A proposal that is recorded is asked again whatever the clock says, so that a resumed
    search never ends before the one that it goes on with.

    Args:
        strategy: proposes.
        objectives: tell which trial is better.
        limits: those that are given: ``trials`` that are proposed; ``epochs`` that are trained,
            those planned for pending trials among them, so that at most one training goes beyond;
            ``cost`` likewise, in the unit of ``strategy.cost``;
            ``seconds`` of the search's own time, without breaks; ``patience``, told trials
            without a better best, or without a new member of the front; ``regret``, the
            improvement that the surrogate expects of the next trial, in units of the objective,
            at which going on is not worth it (Makarova et al. 2022 stop likewise, by a bound of
            the regret that their surrogate gives).
        whole: epochs of a training that is not shortened.
        costs: of candidates; needed only where ``cost`` is limited.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        limits: Mapping[str, float],
        whole: int = 0,
        costs: Costs | None = None,
    ) -> None:
        super().__init__(strategy)
        if "regret" in limits:
            _check_foresees(strategy, objectives)
        self._limits, self._whole, self._costs = limits, whole, costs
        self._spent = 0.0
        self._recorded: dict[int, float | None] = {}  # when it was asked, if that is known
        self._last, self._earlier = -1, 0.0
        self._began: float | None = None  # when the first one that is not recorded was asked
        self._next = 0
        self._asked: dict[int, Proposal] = {}
        self._pending: set[int] = set()
        self._epochs = self._worse = 0
        self._front = Front(objectives)
        self._over: Ending | None = None

    def resume(self, recorded: Sequence[Trial]) -> None:
        """Go on with the time that an earlier process has taken."""
        self._recorded = {trial.number: trial.proposal.facts.get(ELAPSED) for trial in recorded}
        self._last = max(self._recorded, default=-1)
        self._earlier = max((_end(trial) for trial in recorded), default=0.0)
        super().resume(recorded)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the strategy within proposes; None if a limit is reached."""
        if self._over or self._reached(number):
            self._over = self.ended
            return None
        proposal = self.strategy.ask(number, rng)
        if proposal is None:
            self._over = None if self._pending else EXHAUSTED
            return None
        gain = proposal.facts.get(GAIN)
        if gain is not None and number > self._last and gain <= self._limits.get("regret", -1):
            self._over = _ending("regret", gain)
            return None
        return self._noted(proposal)

    def tell(self, trial: Trial) -> None:
        """Count what it took, and whether it is better; finalists are no part of the budget."""
        self._next = max(self._next, trial.number + 1)
        if trial.number in self._pending:
            self._pending.remove(trial.number)
            self._epochs += trial.epochs
            self._spent += trial.cost or 0.0
            before = [member.number for member in self._front.members]
            self._front.add(trial)
            better = before != [member.number for member in self._front.members]
            self._worse = 0 if better else self._worse + 1
        self.strategy.tell(trial)

    @property
    def ended(self) -> Ending | None:
        """By what the search has ended; None while it goes on, or trials are pending."""
        if self._over or self._pending:
            return self._over
        return self._reached(self._next)

    def _reached(self, number: int) -> Ending | None:
        """The first limit that is reached before the proposal with this number."""
        used: dict[str, float] = {"trials": len(self._asked)}
        if number > self._last:
            planned = sum(self._planned(self._asked[one]) for one in self._pending)
            used |= {"epochs": self._epochs + planned, "patience": self._worse}
            used |= {"seconds": self._elapsed(number)}
            if "cost" in self._limits:
                used["cost"] = self._spent + sum(map(self._cost, self._pending))
        over = (name for name in used if used[name] >= self._limits.get(name, float("inf")))
        name = next(over, None)
        return None if name is None else _ending(name, used[name])

    def _noted(self, proposal: Proposal) -> Proposal:
        """A proposal that is asked, with the seconds that went before it if they are limited."""
        number = proposal.number
        self._asked[number] = proposal
        self._pending.add(number)
        if "seconds" not in self._limits:
            return proposal
        known = self._recorded.get(number)
        elapsed = self._elapsed(number) if known is None else known
        return proposal.with_facts({ELAPSED: elapsed})

    def _planned(self, proposal: Proposal) -> int:
        """Epochs that a trial is expected to train."""
        return planned_epochs(proposal, continued(proposal, self._asked), self._whole)

    def _cost(self, number: int) -> float:
        """What a pending trial is expected to cost; 0 where that cannot be told."""
        proposal = self._asked[number]
        before = continued(proposal, self._asked)
        cost = self._costs.planned(proposal, before) if self._costs else None
        return cost.planned if cost else 0.0

    def _elapsed(self, number: int) -> float:
        """Seconds that the search has taken, in earlier processes and in this one."""
        if number <= self._last:
            return self._earlier
        self._began = perf_counter() if self._began is None else self._began
        return self._earlier + perf_counter() - self._began


def _end(trial: Trial) -> float:
    """When a recorded trial was finished, in seconds of its search."""
    return trial.proposal.facts.get(ELAPSED, 0.0) + trial.seconds


def _ending(name: str, used: float) -> Ending:
    return Ending(f"budget.{name}", f"budget.{name}: {WHY[name].format(used)}")


def _check_foresees(strategy: Strategy, objectives: Objectives) -> None:
    """Make sure that a strategy says what it expects to gain.

    Raises:
        ConfigError: if it does not, or there are several objectives, which have no common unit.
    """
    if len(objectives) > 1:
        raise ConfigError(
            "budget.regret", "is in units of the objective, and there are several; leave it null"
        )
    if not getattr(strategy, "foresees", False):
        raise ConfigError(
            "budget.regret",
            "needs a strategy with a surrogate, which says what it expects to gain:"
            " strategy=surrogate_evolution; or leave it null",
        )
