"""Parent selection: who may have children."""

from collections.abc import Sequence
from typing import Literal, Protocol

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.front import by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.trial import Trial

MadeFor = Literal["one", "several", "any"]
"""How many objectives a part of an evolution can rank by."""


class Parents(Protocol):
    """Draws one parent from a population."""

    least: int
    """The smallest population that it can draw from."""
    made_for: MadeFor
    """``one`` is refused where there are several objectives."""

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """A parent."""


class Tournament:
    """The fittest of ``size`` members drawn without replacement (Goldberg and Deb 1991)."""

    made_for: MadeFor = "one"

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ConfigError("strategy.parents.size", f"is {size}; at least 1 is needed")
        self.least = size

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """The winner of one tournament; of equals, the older."""
        drawn = rng.choice(len(population), size=min(self.least, len(population)), replace=False)
        return by_fitness([population[int(index)] for index in drawn], objectives)[0]


class Truncation:
    """Uniformly one of the fittest ``share`` of the population (Muehlenbein 1993)."""

    least = 1
    made_for: MadeFor = "one"

    def __init__(self, share: float) -> None:
        if not 0 < share <= 1:
            raise ConfigError("strategy.parents.share", f"is {share}; allowed: above 0, at most 1")
        self._share = share

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """A member of the fittest share."""
        kept = max(1, round(self._share * len(population)))
        return by_fitness(population, objectives)[int(rng.integers(kept))]


class Uniform:
    """Any member with equal chance: selection is left to the survivors."""

    least = 1
    made_for: MadeFor = "any"

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """A random member."""
        return population[int(rng.integers(len(population)))]
