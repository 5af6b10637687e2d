"""The parts of an evolution with several objectives: NSGA-II's selection (Deb et al. 2002)."""

from collections.abc import Sequence

from numpy.random import Generator

from nas_hydra.front import by_domination
from nas_hydra.objective import Objectives
from nas_hydra.strategy.parents import MadeFor, Tournament
from nas_hydra.trial import Trial


class NonDominatedTournament(Tournament):
    """Of ``size`` members drawn without replacement, the first one in ``by_domination``.

    Ranks and crowding distances are those in the whole population, as in the paper, whose
    tournaments are of two.
    """

    made_for: MadeFor = "several"

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """The winner of one tournament; of equals, the older."""
        drawn = rng.choice(len(population), size=min(self.least, len(population)), replace=False)
        return by_domination(population, objectives)[int(drawn.min())]


class NonDominated:
    """The first of parents and children in ``by_domination``: whole fronts, then the least crowded.

    So the population never loses its front, as long as that is not larger than the population.
    """

    made_for: MadeFor = "several"

    def __call__(
        self,
        population: Sequence[Trial],
        children: Sequence[Trial],
        size: int,
        objectives: Objectives,
    ) -> list[Trial]:
        """The best of all."""
        return by_domination([*population, *children], objectives)[:size]
