"""Survivor selection: who is in the next population."""

from collections.abc import Sequence
from typing import Protocol

from nas_hydra.front import by_fitness
from nas_hydra.objective import Objectives
from nas_hydra.strategy.parents import MadeFor
from nas_hydra.trial import Trial


class Survivors(Protocol):
    """Makes the next population."""

    made_for: MadeFor
    """``one`` is refused where there are several objectives."""

    def __call__(
        self,
        population: Sequence[Trial],
        children: Sequence[Trial],
        size: int,
        objectives: Objectives,
    ) -> list[Trial]:
        """At most ``size`` trials; fewer only if there are not more."""


class Best:
    """The fittest of parents and children: (mu + lambda), which never loses the incumbent."""

    made_for: MadeFor = "one"

    def __call__(
        self,
        population: Sequence[Trial],
        children: Sequence[Trial],
        size: int,
        objectives: Objectives,
    ) -> list[Trial]:
        """The fittest of all."""
        return by_fitness([*population, *children], objectives)[:size]


class Offspring:
    """The fittest children: (mu, lambda); parents stay only where children are too few."""

    made_for: MadeFor = "one"

    def __call__(
        self,
        population: Sequence[Trial],
        children: Sequence[Trial],
        size: int,
        objectives: Objectives,
    ) -> list[Trial]:
        """The fittest children, then the fittest parents."""
        ranked = [*by_fitness(children, objectives), *by_fitness(population, objectives)]
        return ranked[:size]


class Youngest:
    """The youngest of all: aging, or regularised, evolution (Real et al. 2019)."""

    made_for: MadeFor = "any"

    def __call__(
        self,
        population: Sequence[Trial],
        children: Sequence[Trial],
        size: int,
        objectives: Objectives,
    ) -> list[Trial]:
        """The trials with the highest numbers."""
        return sorted([*population, *children], key=lambda trial: trial.number)[-size:]
