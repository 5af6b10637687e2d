"""What a search optimises: named metrics, each with a direction, and limits on metrics."""

from nas_hydra.objective.base import (
    TIE_BREAKERS,
    Direction,
    Limit,
    Objective,
    Objectives,
    values_of,
)
from nas_hydra.objective.config import (
    meant,
    metrics_of,
    objectives_from,
    spelled,
    unmeasured,
    wanted,
)

__all__ = [
    "TIE_BREAKERS",
    "Direction",
    "Limit",
    "Objective",
    "Objectives",
    "meant",
    "metrics_of",
    "objectives_from",
    "spelled",
    "unmeasured",
    "values_of",
    "wanted",
]
