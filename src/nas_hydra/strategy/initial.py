"""Warm start: given candidates come first, then those of any strategy."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from nas_hydra.search_space import Genotype
from nas_hydra.strategy.base import Strategy
from nas_hydra.trial import Evaluation, Proposal, Trial


@dataclass(frozen=True)
class InitialCandidate:
    """One to begin with.

    Args:
        genotype: its decisions.
        known: what an earlier run measured of it; None if it is to be evaluated.
    """

    genotype: Genotype
    known: Evaluation | None = None


class Initial:
    """Proposes the candidates in their order, and leaves the rest to a strategy.

    The strategy is asked when it was told of all of them, so that it learns from them and does
    not propose one again.

    Args:
        candidates: different ones.
        strategy: goes on after them.
    """

    def __init__(self, candidates: Sequence[InitialCandidate], strategy: Strategy) -> None:
        self._candidates, self._strategy = candidates, strategy
        self._untold = len(candidates)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """The candidate with this number, or what the strategy proposes."""
        if number < len(self._candidates):
            candidate = self._candidates[number]
            return Proposal(number, candidate.genotype, "initial", known=candidate.known)
        return None if self._untold else self._strategy.ask(number, rng)

    def tell(self, trial: Trial) -> None:
        """Hand every trial on."""
        self._untold -= trial.number < len(self._candidates)
        self._strategy.tell(trial)
