"""What is optimised, and what limits the optimum."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from nas_hydra.errors import ConfigError, listing, nearest

Direction = Literal["maximize", "minimize"]
TIE_BREAKERS = ("val_loss", "val/loss", "params")
"""Metrics that decide between candidates with equal objectives, where they are measured: less wins.
"""


@dataclass(frozen=True)
class Objective:
    """A metric's name and the direction in which it gets better.

    Args:
        name: of the metric.
        direction: of improvement.
        reference: the value from which on the hypervolume counts; None is the worst one of the
            run. With a value of their own, runs can be compared.
    """

    name: str
    direction: Direction
    reference: float | None = None

    def fitness(self, values: Mapping[str, float]) -> float:
        """The value, signed so that more is better."""
        return self.signed(values[self.name])

    def signed(self, value: float) -> float:
        """From a value to its fitness, and back."""
        return value if self.direction == "maximize" else -value


@dataclass(frozen=True)
class Limit:
    """Between which values a metric must be; one bound may be infinite."""

    name: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def excess(self, metrics: Mapping[str, float]) -> float:
        """By how much the metric breaks the limit, as a share of the bound; 0.0 if it does not.

        Of a bound of zero, the excess is the metric itself; what is not a number has no end.
        """
        value = metrics[self.name]
        if self.at_least <= value <= self.at_most:
            return 0.0
        bound = self.at_least if value < self.at_least else self.at_most
        return math.inf if math.isnan(value) else abs(value - bound) / (abs(bound) or 1.0)


@dataclass(frozen=True)
class Objectives(Sequence[Objective]):
    """What a search optimises, under limits.

    Args:
        optimised: at least one.
        limits: what a feasible candidate must meet, at most one for each metric.
        choose: the objective whose best value is the winner of a front; None is
            its knee, or else the first objective.
    """

    optimised: tuple[Objective, ...]
    limits: tuple[Limit, ...] = ()
    choose: str | None = None

    @property
    def names(self) -> list[str]:
        """Every metric that is optimised or limited."""
        optimised = [objective.name for objective in self.optimised]
        return list(dict.fromkeys([*optimised, *(limit.name for limit in self.limits)]))

    def fitness(self, values: Mapping[str, float]) -> list[float]:
        """The objectives' values, each signed so that more is better."""
        return [objective.fitness(values) for objective in self.optimised]

    def violation(self, metrics: Mapping[str, float]) -> float:
        """0.0 if all limits are met, else the sum of the relative excesses (Deb 2002)."""
        return sum((limit.excess(metrics) for limit in self.limits), 0.0)

    def tie_key(self, metrics: Mapping[str, float]) -> tuple[float, ...]:
        """Of candidates with equal objectives, the one with the smallest is preferred."""
        known = (metrics.get(name, math.nan) for name in TIE_BREAKERS)
        return tuple(math.inf if math.isnan(value) else value for value in known)

    def __len__(self) -> int:
        return len(self.optimised)

    def __iter__(self) -> Iterator[Objective]:
        return iter(self.optimised)

    @overload
    def __getitem__(self, index: int) -> Objective: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Objective, ...]: ...
    def __getitem__(self, index: int | slice) -> Objective | tuple[Objective, ...]:
        return self.optimised[index]


def values_of(
    objectives: Sequence[Objective], metrics: Mapping[str, float]
) -> dict[str, float] | None:
    """The objectives' values among the metrics; None if one of them is not a finite number.

    Raises:
        ConfigError: if one of them is not measured.
    """
    for objective in objectives:
        if objective.name not in metrics:
            problem = f"is not measured; allowed: {listing(metrics)}"
            hint = nearest(objective.name, metrics)
            raise ConfigError(f"objective.{objective.name}", problem + hint)
    values = {objective.name: float(metrics[objective.name]) for objective in objectives}
    return values if all(math.isfinite(value) for value in values.values()) else None
