"""Unseen candidates: what keeps a strategy from proposing one twice."""

import math
from collections.abc import Callable
from itertools import islice

from numpy.random import Generator

from nas_hydra.search_space import Genotype, SearchSpace, every

TRIES = 50
"""How often a candidate is made anew when the last one was proposed before, or may not be."""
MOST_LISTED = 100_000
"""How many candidates are looked through, over a run, for one that chance did not find."""


class Unseen:
    """The candidates of a space that were not proposed before, and that meet its constraints.

    Candidates that build the same config have one key and count as one.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._seen: set[str] = set()
        self._listed = islice(every(space), MOST_LISTED)
        self._next = next(self._listed, None)

    def add(self, genotype: Genotype) -> None:
        """From now on it is not fresh."""
        self._seen.add(genotype.key)

    def fresh(self, genotype: Genotype) -> bool:
        """Whether it was not proposed before, and is feasible."""
        return genotype.key not in self._seen and self._space.feasible(genotype)

    def first(self, make: Callable[[], Genotype]) -> Genotype | None:
        """The first fresh one of those that are made; None if there is none in ``TRIES``."""
        return next(filter(self.fresh, (make() for _ in range(TRIES))), None)

    def random(self, rng: Generator) -> Genotype | None:
        """A random fresh one; where chance finds none, the next one that is left.

        Returns:
            None if the space is exhausted, or nothing is left among ``MOST_LISTED`` candidates.

        Raises:
            InfeasibleError: if the constraints refuse nearly all candidates.
        """
        drawn = self.first(lambda: self._space.sample(rng))
        return self._left(rng) if drawn is None else drawn

    def _left(self, rng: Generator) -> Genotype | None:
        """The first fresh one in the order of the config; of endlessly many, a random one."""
        if self._space.size == math.inf:
            samples = (self._space.sample(rng) for _ in range(MOST_LISTED))
            return next(filter(self.fresh, samples), None)
        while self._next is not None and not self.fresh(self._next):
            self._next = next(self._listed, None)
        return self._next
