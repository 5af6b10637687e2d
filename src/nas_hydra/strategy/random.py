"""Random search (Bergstra and Bengio 2012): every decision uniform, nothing learnt."""

from collections.abc import Sequence

from numpy.random import Generator

from nas_hydra.objective import Objective
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Proposal, Trial


class RandomSearch:
    """Samples the space; the yardstick for every other strategy."""

    def __init__(self, space: SearchSpace, objectives: Sequence[Objective]) -> None:
        self._space = space

    def ask(self, number: int, rng: Generator) -> Proposal:
        """A random feasible genotype."""
        return Proposal(number, self._space.sample(rng), "random")

    def tell(self, trial: Trial) -> None:
        """Nothing to learn."""
