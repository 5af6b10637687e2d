"""Everything for an epoch, then the best in full."""

from collections.abc import Sequence

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.fidelity.promotion import at_level, check_level, promoted, ranked
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator
from nas_hydra.trial import Proposal, Trial


class FirstEpoch(Decorator):
    """Trains every candidate for the first epochs, and at the end goes on with the best of all.

    It matches most methods of several fidelities at a tenth of their cost (arXiv 2307.15422, 2023).

    The last trials of the budget are those that go on; they begin when all others are told, or when
    the strategy has no more candidates. What another run measured counts as a whole training.

    Args:
        strategy: proposes candidates, and is told of those that go on too.
        objectives: rank the trials.
        levels: see ``Evaluator.levels``.
        epochs: of the first trials.
        top: how many go on until the training is whole.
        trials: of the search, those that go on among them.

    Raises:
        ConfigError: if a training cannot end there, or nothing is left to choose from.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        levels: Sequence[int],
        epochs: int,
        top: int,
        trials: int,
    ) -> None:
        super().__init__(strategy)
        check_level("fidelity.epochs", epochs, levels)
        if epochs == levels[-1]:
            problem = f"is {epochs}, which is the whole training; take fewer, or fidelity=full"
            raise ConfigError("fidelity.epochs", problem)
        if not 1 <= top < trials:
            problem = f"is {top}; allowed: 1 to {trials - 1}, since budget.trials is {trials}"
            raise ConfigError("fidelity.top", f"{problem} and counts them too")
        self._objectives, self._epochs, self._whole = objectives, epochs, levels[-1]
        self._top, self._first = top, trials - top
        self._best: list[Trial] = []
        self._pending: set[int] = set()

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the strategy proposes, for the first epochs; at the end one that goes on."""
        if number < self._first and (proposal := self.strategy.ask(number, rng)):
            self._pending.add(number)
            if proposal.known is None:
                return at_level(proposal, self._epochs)
            self._first += 1  # beside the budget
            return at_level(proposal, self._whole)
        if self._pending or not self._best:
            return None
        self._first = 0  # whatever is learned from those that go on
        return promoted(self._best.pop(0), number, self._whole)

    def tell(self, trial: Trial) -> None:
        """Rank a complete trial of the first epochs, and hand every one on."""
        self._pending.discard(trial.number)
        if trial.level == self._epochs and trial.complete and trial.duplicate_of is None:
            self._best = ranked([*self._best, trial], self._objectives)[: self._top]
        self.strategy.tell(trial)

    @property
    def needed(self) -> set[int]:
        """The trials that may go on."""
        return super().needed | {trial.number for trial in self._best}
