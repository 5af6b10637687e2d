"""Parent selection: who may have children."""

from collections.abc import Callable, Sequence
from typing import Protocol

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.trial import Trial

Fitness = Callable[[Trial], float]
"""Signed so that more is better."""


class Parents(Protocol):
    """Draws one parent from a population."""

    least: int
    """The smallest population that it can draw from."""

    def __call__(self, population: Sequence[Trial], fitness: Fitness, rng: Generator) -> Trial:
        """A parent."""


class Tournament:
    """The fittest of ``size`` members drawn without replacement (Goldberg and Deb 1991)."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ConfigError("strategy.parents.size", f"is {size}; at least 1 is needed")
        self.least = size

    def __call__(self, population: Sequence[Trial], fitness: Fitness, rng: Generator) -> Trial:
        """The winner of one tournament; of equals, the older."""
        drawn = rng.choice(len(population), size=min(self.least, len(population)), replace=False)
        entrants = [population[int(index)] for index in drawn]
        return max(entrants, key=lambda trial: (fitness(trial), -trial.number))


class Truncation:
    """Uniformly one of the fittest ``share`` of the population (Muehlenbein 1993)."""

    def __init__(self, share: float) -> None:
        if not 0 < share <= 1:
            raise ConfigError("strategy.parents.share", f"is {share}; allowed: above 0, at most 1")
        self.least = 1
        self._share = share

    def __call__(self, population: Sequence[Trial], fitness: Fitness, rng: Generator) -> Trial:
        """A member of the fittest share."""
        ranked = sorted(population, key=lambda trial: (-fitness(trial), trial.number))
        kept = max(1, round(self._share * len(ranked)))
        return ranked[int(rng.integers(kept))]
