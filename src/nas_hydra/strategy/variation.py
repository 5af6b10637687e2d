"""Variation: how children differ from their parents.

Each operator decides the child's genes in one walk, told what each is called in the parents, so
that genes which become active by a change are sampled, genes which become inactive vanish, and
the decisions in a repeated block move along with its copies.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Protocol

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.search_space import Decision, Gene, Genotype, SearchSpace, descend, fixed
from nas_hydra.search_space.vary import at_random


class Variation(Protocol):
    """Makes a child."""

    origin: str
    """What the child's record says it came from."""
    parents: int
    """How many parents it takes."""

    def __call__(self, space: SearchSpace, parents: Sequence[Genotype], rng: Generator) -> Genotype:
        """A child of the parents."""


class Mutation:
    """Changes some genes; numbers step to near values, categories jump.

    A change in how often a block is repeated inserts new copies, or drops some, at random places;
    the others keep their decisions.

    Args:
        rate: chance of each gene to change, above 0 and at most 1; or None.
        count: exactly so many genes change, as in Real et al. (2019); or None.
    """

    origin = "mutation"
    parents = 1

    def __init__(self, rate: float | None, count: int | None) -> None:
        if (rate is None) == (count is None):
            raise ConfigError("strategy.variation", "mutation needs either a rate or a count")
        if rate is not None and not 0 < rate <= 1:
            raise ConfigError(
                "strategy.variation", f"rate is {rate}; above 0, at most 1 is allowed"
            )
        if count is not None and count < 1:
            raise ConfigError("strategy.variation", f"count is {count}; at least 1 is needed")
        self._rate, self._count = rate, count

    def __call__(self, space: SearchSpace, parents: Sequence[Genotype], rng: Generator) -> Genotype:
        """The parent with some genes changed."""
        parent = parents[0]
        free = [name for name in parent if not fixed(space.places[name].gene)]
        changing = self._changing(free, rng)

        def inherit(gene: Gene, origins: Sequence[str | None]) -> Decision:
            (origin,) = origins
            if origin is None:
                return gene.sample(rng)
            kept = parent[origin]
            return gene.mutate(kept, rng) if origin in changing else kept

        return descend(space, parents, inherit, at_random(rng))

    def _changing(self, names: Sequence[str], rng: Generator) -> set[str]:
        if self._rate is not None:
            return {name for name in names if rng.random() < self._rate}
        size = min(self._count or 0, len(names))
        return {names[int(index)] for index in rng.choice(len(names), size=size, replace=False)}


class Crossover(ABC):
    """Takes each gene from one of two parents.

    Copies of a repeated block are aligned first, so that most decisions agree (see
    ``search_space.vary``); the genes of a copy without a counterpart come from its parent.

    Args:
        probability: that parents are crossed at all; otherwise the child is the first parent.
    """

    origin = "crossover"
    parents = 2

    def __init__(self, probability: float) -> None:
        if not 0 <= probability <= 1:
            raise ConfigError(
                "strategy.variation", f"probability is {probability}; allowed: 0 to 1"
            )
        self._probability = probability

    def __call__(self, space: SearchSpace, parents: Sequence[Genotype], rng: Generator) -> Genotype:
        """A mix of both parents."""
        if rng.random() >= self._probability:
            return parents[0]
        from_first = self.mask(len(parents[0]), rng)

        def inherit(gene: Gene, origins: Sequence[str | None]) -> Decision:
            pairs = list(zip(parents, origins, strict=True))
            for parent, origin in pairs if next(from_first) else reversed(pairs):
                if origin is not None:
                    return parent[origin]
            return gene.sample(rng)

        return descend(space, parents, inherit, at_random(rng))

    @abstractmethod
    def mask(self, length: int, rng: Generator) -> Iterator[bool]:
        """For each gene of the child in turn, endlessly, whether the first parent's is taken.

        Args:
            length: how many genes the first parent has.
            rng: the only source of chance.
        """


class UniformCrossover(Crossover):
    """Takes each gene from either parent with equal chance (Syswerda 1989)."""

    def mask(self, length: int, rng: Generator) -> Iterator[bool]:
        """A coin for each gene."""
        return (rng.random() < 0.5 for _ in count())


class OnePointCrossover(Crossover):
    """Takes the genes before a random point from the first parent, the others from the second.

    Genes stand in the order of the config, so those next to each other stay together (Holland
    1975). The point lies between any two genes of the first parent.
    """

    def mask(self, length: int, rng: Generator) -> Iterator[bool]:
        """True up to the point, False from there on."""
        point = 1 + int(rng.integers(max(1, length - 1)))
        return (position < point for position in count())


class Chain:
    """Several operators one after the other: the next varies what the last one made."""

    def __init__(self, steps: Sequence[Variation]) -> None:
        if not steps:
            raise ConfigError("strategy.variation.steps", "is empty; at least one is needed")
        if any(step.parents > 1 for step in steps[1:]):
            raise ConfigError(
                "strategy.variation.steps",
                "an operator of several parents can only come first: later ones get one child",
            )
        self._steps = steps
        self.origin = "+".join(step.origin for step in steps)
        self.parents = steps[0].parents

    def __call__(self, space: SearchSpace, parents: Sequence[Genotype], rng: Generator) -> Genotype:
        """The child of the last step."""
        child = self._steps[0](space, parents, rng)
        for step in self._steps[1:]:
            child = step(space, [child], rng)
        return child
