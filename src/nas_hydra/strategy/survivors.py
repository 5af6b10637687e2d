"""Survivor selection: who is in the next population."""

from collections.abc import Sequence
from typing import Protocol

from nas_hydra.strategy.parents import Fitness
from nas_hydra.trial import Trial


class Survivors(Protocol):
    """Makes the next population."""

    def __call__(
        self, population: Sequence[Trial], children: Sequence[Trial], size: int, fitness: Fitness
    ) -> list[Trial]:
        """At most ``size`` trials; fewer only if there are not more."""


def fittest(trials: Sequence[Trial], size: int, fitness: Fitness) -> list[Trial]:
    """The ``size`` fittest, best first; of equals, the older."""
    return sorted(trials, key=lambda trial: (-fitness(trial), trial.number))[:size]


class Best:
    """The fittest of parents and children: (mu + lambda), which never loses the incumbent."""

    def __call__(
        self, population: Sequence[Trial], children: Sequence[Trial], size: int, fitness: Fitness
    ) -> list[Trial]:
        """The fittest of all."""
        return fittest([*population, *children], size, fitness)


class Offspring:
    """The fittest children: (mu, lambda); parents stay only where children are too few."""

    def __call__(
        self, population: Sequence[Trial], children: Sequence[Trial], size: int, fitness: Fitness
    ) -> list[Trial]:
        """The fittest children, then the fittest parents."""
        kept = fittest(children, size, fitness)
        return kept + fittest(population, size - len(kept), fitness)


class Youngest:
    """The youngest of all: aging, or regularised, evolution (Real et al. 2019)."""

    def __call__(
        self, population: Sequence[Trial], children: Sequence[Trial], size: int, fitness: Fitness
    ) -> list[Trial]:
        """The trials with the highest numbers."""
        return sorted([*population, *children], key=lambda trial: trial.number)[-size:]
