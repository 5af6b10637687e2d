"""The candidates among which a surrogate picks."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nas_hydra.predictor import Describe, Inputs
from nas_hydra.search_space import SearchSpace, every
from nas_hydra.strategy.prescreen import Child


class Pool:
    """Candidates with their inputs; those that promise most stay for the next proposal.

    Args:
        space: what is searched.
        enumerable: a space with at most so many members is looked through as a whole.
        most: how many candidates stay.
    """

    def __init__(self, space: SearchSpace, enumerable: int, most: int) -> None:
        self._space, self._most = space, most
        self.whole = space.size <= enumerable
        self.describe = described(space)
        self.children: list[Child] = []
        self.inputs: Inputs | None = None

    def fill(self) -> None:
        """Take in every member of a small space anew."""
        children, self.inputs = members(self._space)
        self.children = list(children)

    def add(self, children: Iterable[Child]) -> None:
        """Take in some more, each once."""
        known = {child.genotype.key for child in self.children}
        fresh = {c.genotype.key: c for c in children if c.genotype.key not in known}
        if not fresh:
            return
        inputs = self.describe([child.genotype for child in fresh.values()])
        self.children += fresh.values()
        self.inputs = inputs if self.inputs is None else self.inputs.joined(inputs)

    def keep(self, order: NDArray[np.intp]) -> None:
        """Keep the first ones of this order, in it."""
        kept = order[: self._most]
        self.children = [self.children[int(index)] for index in kept]
        self.inputs = self.inputs.rows(kept) if self.inputs is not None else None


@lru_cache(maxsize=8)
def described(space: SearchSpace) -> Describe:
    """The one description of a space; strategies of a sweep share it."""
    return Describe(space)


@lru_cache(maxsize=2)
def members(space: SearchSpace) -> tuple[Sequence[Child], Inputs]:
    """Every member of a small space."""
    genotypes = list(every(space))
    children = tuple(Child(genotype, "surrogate", ()) for genotype in genotypes)
    return children, described(space)(genotypes)
