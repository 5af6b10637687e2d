"""What a search optimises: named metrics, each with a direction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from nas_hydra.errors import ConfigError, listing, nearest

Direction = Literal["maximize", "minimize"]
DIRECTIONS: tuple[Direction, Direction] = ("maximize", "minimize")


@dataclass(frozen=True)
class Objective:
    """A metric's name and the direction in which it gets better."""

    name: str
    direction: Direction

    def fitness(self, values: Mapping[str, float]) -> float:
        """The value, signed so that more is better."""
        value = values[self.name]
        return value if self.direction == "maximize" else -value


def objectives_from(config: Mapping[str, Any]) -> tuple[Objective, ...]:
    """The objectives of the config group ``objective``: a mapping from metric to direction.

    Raises:
        ConfigError: if there is none, or a direction is not one of ``DIRECTIONS``.
    """
    if not config:
        raise ConfigError("objective", "names no metric; for example objective=val_acc")
    for name, direction in config.items():
        if direction not in DIRECTIONS:
            hint = nearest(direction, DIRECTIONS)
            raise ConfigError(
                f"objective.{name}", f"is {direction!r}; allowed: maximize, minimize{hint}"
            )
    return tuple(Objective(name, cast(Direction, way)) for name, way in config.items())


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
