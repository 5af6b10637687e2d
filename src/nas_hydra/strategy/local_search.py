"""Local search with restarts (White et al. 2021, "Exploring the Loss Landscape in NAS")."""

from collections.abc import Iterator
from typing import Literal

from numpy.random import Generator

from nas_hydra.front import by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.base import Novelty, only_objective
from nas_hydra.trial import Proposal, Trial


class LocalSearch:
    """Goes from a random candidate to better neighbours until there is none, then starts again.

    A neighbour is one decision away (``SearchSpace.neighbours``); they are evaluated in random
    order. One that is known already costs nothing, and is moved to like any other. Several may be
    pending: starts as well as neighbours; only a local optimum has to wait for its last ones.
    A trial that goes on from the incumbent takes its place.

    Args:
        improvement: ``first`` moves to the first better neighbour that is told, ``best`` to the
            best one once all are told.
    """

    def __init__(
        self, space: SearchSpace, objectives: Objectives, improvement: Literal["first", "best"]
    ) -> None:
        only_objective(objectives, "local search")
        self._space, self._objectives = space, objectives
        self._eager = improvement == "first"
        self._unseen = Novelty(space)
        self._known: dict[str, Trial] = {}
        self._pending: set[int] = set()
        self._incumbent: Trial | None = None
        self._neighbours: Iterator[Genotype] | None = None
        self._met: list[Trial] = []  # since the last move

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """A neighbour of the incumbent, or a random start where there is none.

        None while the last neighbours of a possible optimum are pending, and if the space is
        exhausted.
        """
        if self._eager or self._incumbent is None:
            self._move()
        while (neighbour := self._next(rng)) is None and self._incumbent is not None:
            if (self._eager or not self._pending) and self._move():
                continue
            if self._pending:
                return None
            self._incumbent = None  # it is a local optimum
        genotype = self._unseen.random(rng) if neighbour is None else neighbour
        if genotype is None:
            return None
        self._unseen.add(genotype)
        self._pending.add(number)
        if neighbour is None or self._incumbent is None:
            return Proposal(number, genotype, "random")
        return Proposal(number, genotype, "neighbour", (self._incumbent.number,))

    def tell(self, trial: Trial) -> None:
        """Keep the trial in mind for the next move."""
        self._pending.discard(trial.number)
        self._unseen.add(trial.proposal.genotype)
        if trial.complete:
            self._known[trial.key] = trial
            self._met.append(trial)
            here = self._incumbent
            if here is not None and here.number == trial.proposal.fidelity.continues:
                self._incumbent = trial

    def _next(self, rng: Generator) -> Genotype | None:
        """The incumbent's next fresh neighbour; those that are known are met on the way."""
        if self._incumbent is None:
            return None
        if self._neighbours is None:
            self._neighbours = self._space.neighbours(self._incumbent.proposal.genotype, rng)
        for neighbour in self._neighbours:
            if self._unseen.fresh(neighbour):
                return neighbour
            self._met += [self._known[neighbour.key]] if neighbour.key in self._known else []
        return None

    def _move(self) -> bool:
        """To the best of those met since the last move; whether it is better than the incumbent."""
        here = [] if self._incumbent is None else [self._incumbent]
        best = next(iter(by_fitness([*here, *self._met], self._objectives)), None)
        moved = best is not self._incumbent
        if moved:
            self._incumbent, self._neighbours = best, None
        self._met = []
        return moved
