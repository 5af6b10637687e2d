"""The objectives' values among all that was measured."""

import math
from collections.abc import Mapping, Sequence

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.objective.base import Objective


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
