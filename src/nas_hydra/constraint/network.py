"""Constraints on the network, which is built for them without weights."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nas_hydra.constraint.candidate import Candidate
from nas_hydra.objective.base import Limit
from nas_hydra.objective.config import BOUNDS


@dataclass(frozen=True)
class MaxParams:
    """The network has no more trainable parameters than so many.

    Args:
        limit: 1e6 is a million.
    """

    limit: float

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it keeps to the limit."""
        return candidate.params <= self.limit


@dataclass(frozen=True)
class MaxFlops:
    """One image's forward pass takes no more floating-point operations than so many.

    Args:
        limit: two for each multiply-accumulate; see ``Candidate.flops`` for what counts.
    """

    limit: float

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it keeps to the limit."""
        return candidate.flops <= self.limit


@dataclass(frozen=True)
class Within:
    """A metric that the network has before it is trained keeps to a limit of the objective.

    Args:
        metric: one that ``Candidate`` counts: ``params``, ``flops`` or ``memory``.
        at_least: the lowest value allowed.
        at_most: the highest.
    """

    metric: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it keeps to the limit."""
        limit = Limit(self.metric, self.at_least, self.at_most)
        return limit.excess({self.metric: getattr(candidate, self.metric)}) == 0.0


WITHIN = f"{Within.__module__}.{Within.__name__}"


def limits_of(objective: Mapping[str, Any], counted: Iterable[str]) -> list[dict[str, Any]]:
    """The limits that are constraints, since what they limit is known without training.

    Args:
        objective: the config group.
        counted: the metrics of which that is so.
    """
    parts = {name: objective.get(name) for name in counted}
    bounds = {
        name: {bound: part[bound] for bound in BOUNDS if bound in part}
        for name, part in parts.items()
        if isinstance(part, Mapping)
    }
    return [{"_target_": WITHIN, "metric": name, **some} for name, some in bounds.items() if some]
