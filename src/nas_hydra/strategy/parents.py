"""Parent selection: who may have children."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.random import Generator
from scipy.stats import rankdata

from nas_hydra.errors import ConfigError
from nas_hydra.front import by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.strategy.cost import Costs, filled
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


class Ranked:
    """Parents that are drawn by their rank: of fitness, and where costs are known of these too.

    Fitness counts 1 for each place, cost ``strategy.cost_aware.parents``.
    """

    def __init__(self) -> None:
        self._costs: Costs | None = None

    def weigh(self, costs: Costs) -> None:
        """Get to know what candidates cost."""
        self._costs = costs

    def ranked(self, trials: Sequence[Trial], objectives: Objectives) -> list[Trial]:
        """The best first; of equals, the older."""
        ordered = by_fitness(trials, objectives)
        if self._costs is None or not self._costs.awareness.parents:
            return ordered
        costs = filled([self._costs(trial.proposal.genotype) for trial in ordered])
        places = np.arange(len(ordered)) + self._costs.awareness.parents * rankdata(costs)
        return [ordered[int(place)] for place in np.argsort(places, kind="stable")]


class Tournament(Ranked):
    """The fittest of ``size`` members drawn without replacement (Goldberg and Deb 1991)."""

    made_for: MadeFor = "one"

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ConfigError("strategy.parents.size", f"is {size}; at least 1 is needed")
        super().__init__()
        self.least = size

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """The winner of one tournament; of equals, the older."""
        drawn = rng.choice(len(population), size=min(self.least, len(population)), replace=False)
        return self.ranked([population[int(index)] for index in drawn], objectives)[0]


class Truncation(Ranked):
    """Uniformly one of the fittest ``share`` of the population (Muehlenbein 1993)."""

    least = 1
    made_for: MadeFor = "one"

    def __init__(self, share: float) -> None:
        if not 0 < share <= 1:
            raise ConfigError("strategy.parents.share", f"is {share}; allowed: above 0, at most 1")
        super().__init__()
        self._share = share

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """A member of the fittest share."""
        kept = max(1, round(self._share * len(population)))
        return self.ranked(population, objectives)[int(rng.integers(kept))]


class Uniform:
    """Any member with equal chance: selection is left to the survivors."""

    least = 1
    made_for: MadeFor = "any"

    def __call__(
        self, population: Sequence[Trial], objectives: Objectives, rng: Generator
    ) -> Trial:
        """A random member."""
        return population[int(rng.integers(len(population)))]
