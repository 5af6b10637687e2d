"""Designs: the founders of a search, before anything is known."""

import math
from typing import Protocol

from numpy.random import Generator, default_rng

from nas_hydra.search_space import Decision, Gene, Genotype, SearchSpace
from nas_hydra.strategy.cost import TRIES, Costs, first_cheap

SAMPLES = 50
"""Random candidates from which it is told what is cheap."""


class Design(Protocol):
    """Draws the founders, one after the other."""

    def __call__(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """The next of ``size`` founders; it need not meet the constraints."""


class CheapFirst:
    """A design that, once it knows costs, keeps to candidates that are cheap.

    Those are the cheapest ``strategy.cost_aware.founders`` of all, as far as random candidates
    tell. Whatever is drawn beside them is drawn anew; equal costs change nothing.
    """

    def __init__(self) -> None:
        self._costs: Costs | None = None
        self._limit: float | None = None

    def weigh(self, costs: Costs) -> None:
        """Get to know what candidates cost."""
        self._costs = costs

    def __call__(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """The next of ``size`` founders; where none of ``TRIES`` is cheap, the cheapest."""
        if self._costs is None or self._costs.awareness.founders == 1:
            return self.draw(space, size, rng)
        drawn = (self.draw(space, size, rng) for _ in range(TRIES))
        found = first_cheap(drawn, self._costs, self._cheap(space, self._costs))
        assert found is not None  # some are drawn
        return found

    def draw(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """The next of ``size`` founders, whatever it costs."""
        raise NotImplementedError

    def _cheap(self, space: SearchSpace, costs: Costs) -> float:
        """What founders may cost; infinity if no cost can be told."""
        if self._limit is None:
            rng = default_rng(0)
            sampled = [costs(space.sample(rng)) for _ in range(SAMPLES)]
            known = sorted(cost for cost in sampled if cost is not None)
            rank = math.ceil(costs.awareness.founders * len(known)) - 1
            self._limit = known[rank] if known else math.inf
        return self._limit


class RandomDesign(CheapFirst):
    """Every founder by chance."""

    def draw(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """A random candidate."""
        return space.sample(rng)


class LatinHypercube(CheapFirst):
    """Founders that differ in every gene as far as they can (McKay, Beckman and Conover 1979).

    The range of each gene is cut into as many equal parts as there are founders, and each part is
    taken once: of five labels and five founders, every founder has another one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._orders: dict[str, list[int]] = {}  # gene -> parts that are not taken yet

    def draw(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """The next row of the hypercube; where all are taken, of the next one."""

        def decide(gene: Gene) -> Decision:
            left = self._orders.get(gene.name) or list(rng.permutation(size))
            part = left.pop()
            self._orders[gene.name] = left
            return gene.at(float((part + rng.random()) / size))

        return space.walk(decide)
