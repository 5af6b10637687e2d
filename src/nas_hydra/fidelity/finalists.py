"""At the end of a search, its best candidates are trained longer, and the winner is one of them."""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from typing import Literal

from numpy.random import Generator

from nas_hydra.front import by_domination, by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator, Ending, ended_by
from nas_hydra.trial import Fidelity, Proposal, Trial

ORIGIN = "finalist"


class Finalists(Decorator):
    """When the strategy within has ended and all is told, proposes the best once more, for longer.

    They are ranked among the trials of the highest fidelity of the search. One that was trained as
    long already is not trained again. A search that goes on with a larger budget keeps the
    finalists that are recorded where they are, and has others at its end if others are best then.

    Args:
        strategy: proposes before them.
        objectives: rank.
        number: how many.
        epochs: of theirs.
        start: ``anew``, from scratch, or ``go_on``, with the training that they have had.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        number: int,
        epochs: int,
        start: Literal["anew", "go_on"],
    ) -> None:
        super().__init__(strategy)
        self._objectives = objectives
        self._number, self._epochs, self._goes_on = number, epochs, start == "go_on"
        self._recorded: list[tuple[int, bool]] = []  # numbers, and which are finalists
        self._searching: set[int] = set()
        self._final: set[int] = set()
        self._told: list[Trial] = []
        self._trained: set[str] = set()
        self._left: deque[Trial] = deque()

    def resume(self, recorded: Sequence[Trial]) -> None:
        """Look where an earlier process had its finalists."""
        self._recorded = sorted((one.number, one.proposal.origin == ORIGIN) for one in recorded)
        super().resume(recorded)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the strategy within proposes, then the best."""
        if not self._left and not self._was_final(number):
            proposal = self.strategy.ask(number, rng)
            if proposal is not None:
                self._searching.add(number)
                return proposal
        if self._searching or (self._final and not self._left):
            return None
        self._left = self._left or deque(self._chosen())
        return self._proposal(number, self._left.popleft()) if self._left else None

    def tell(self, trial: Trial) -> None:
        """Hand every trial on."""
        self._searching.discard(trial.number)
        self._final.discard(trial.number)
        if trial.proposal.origin == ORIGIN:
            self._trained.add(trial.key)
        else:
            self._told.append(trial)
        self.strategy.tell(trial)

    @property
    def needed(self) -> set[int]:
        """Those of the best too, which may go on."""
        best = {trial.number for trial in self._best()} if self._goes_on else set()
        return best | super().needed

    @property
    def ended(self) -> Ending | None:
        """As the strategy within; None while finalists are to come."""
        coming = self._left or self._final or self._chosen()
        return None if coming else ended_by(self.strategy)

    def _was_final(self, number: int) -> bool:
        """Whether an earlier process proposed finalists here, though the search can go on now."""
        place = bisect_left(self._recorded, (number, False))
        return place < len(self._recorded) and self._recorded[place][1]

    def _proposal(self, number: int, best: Trial) -> Proposal:
        self._final.add(number)
        continued = best.number if self._goes_on else None
        fidelity = Fidelity(self._epochs, of=self._epochs, continues=continued)
        genotype = best.proposal.genotype
        return Proposal(number, genotype, ORIGIN, (best.number,), fidelity=fidelity)

    def _chosen(self) -> list[Trial]:
        """The finalists that are still to be trained."""
        return [
            trial
            for trial in self._best()
            if trial.key not in self._trained and trial.level != self._epochs
        ]

    def _best(self) -> list[Trial]:
        """The best candidates, each once, the best first."""
        complete = [one for one in self._told if one.complete and one.duplicate_of is None]
        top = max((one.level for one in complete), default=0)
        rank = by_fitness if len(self._objectives) == 1 else by_domination
        ranked = rank([one for one in complete if one.level == top], self._objectives)
        return list({one.key: one for one in reversed(ranked)}.values())[::-1][: self._number]
