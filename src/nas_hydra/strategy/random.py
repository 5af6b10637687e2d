"""Random search (Bergstra and Bengio 2012): every decision uniform, nothing learnt."""

from numpy.random import Generator

from nas_hydra.objective import Objectives
from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy.base import Novelty
from nas_hydra.trial import Proposal, Trial


class RandomSearch:
    """Samples the space without proposing a candidate twice; the baseline of every strategy."""

    def __init__(self, space: SearchSpace, objectives: Objectives) -> None:
        self._unseen = Novelty(space)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """A random feasible genotype; None if the space is exhausted."""
        genotype = self._unseen.random(rng)
        if genotype is None:
            return None
        self._unseen.add(genotype)
        return Proposal(number, genotype, "random")

    def tell(self, trial: Trial) -> None:
        """Nothing to learn, but what was told need not be proposed."""
        self._unseen.add(trial.proposal.genotype)
