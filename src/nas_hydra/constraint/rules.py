"""The constraints that come with the house, and the checker that asks a candidate's constraints."""

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas_hydra.config.component import ask, build_function
from nas_hydra.constraint.candidate import Candidate
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.objective.base import Limit
from nas_hydra.objective.config import BOUNDS

log = logging.getLogger(__name__)

Constraint = Callable[[Candidate], bool]

LONG = 200
"""After so many refusals in a row, the person who waits is told."""


@dataclass(frozen=True)
class Divisible:
    """A number is a multiple of another: a width of its attention heads.

    Args:
        number: for example ``${search_space.width}``.
        by: another, not zero.
    """

    number: int
    by: int

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it is."""
        return self.number % self.by == 0


@dataclass(frozen=True)
class AtMost:
    """A number, or the sum of all numbers in a list or mapping, is no larger than a limit.

    A list of 0 and 1 (or false and true) is counted by that: ``value: ${search_space.edges}`` with
    ``limit: 9`` is the edge budget of NAS-Bench-101 (Ying et al. 2019).

    Args:
        value: a number, or numbers in lists and mappings, also nested; texts are not counted.
        limit: the largest value allowed; may refer to the config too.
    """

    value: Any
    limit: float

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it is."""
        return sum(_numbers(self.value)) <= self.limit


def _numbers(value: Any) -> Iterator[float]:
    """All numbers in a plain value, true being 1 and false 0."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _numbers(part)
    elif isinstance(value, int | float):
        yield value


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


class ConstraintChecker:
    """The ``feasible`` hook of a search space.

    Attributes:
        refusals: how many candidates each constraint has refused, by its reason.
    """

    def __init__(self) -> None:
        self.refusals: Counter[str] = Counter()
        self._in_a_row = 0

    def __call__(self, config: Mapping[str, Any], constraints: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a candidate meets all of its constraints; the first that it does not decides.

        Args:
            config: the candidate's closed config.
            constraints: closed, in the order in which they are asked.

        Raises:
            ConfigError: if a constraint itself is wrong.
        """
        candidate = Candidate(config)
        for constraint in constraints:
            reason = _refusal(constraint, candidate)
            if reason is not None:
                self._count(reason)
                return False
        self._in_a_row = 0
        return True

    @property
    def key(self) -> str | None:
        """The config key of the limit that has refused the most; None if a constraint has."""
        ((reason, _),) = self.refusals.most_common(1)
        return reason.partition("=")[0] if reason.startswith("objective.") else None

    @property
    def verdict(self) -> str:
        """What refused how many, the most frequent first."""
        return "; ".join(f"{reason} ({times})" for reason, times in self.refusals.most_common(3))

    def _count(self, reason: str) -> None:
        self.refusals[reason] += 1
        self._in_a_row += 1
        if self._in_a_row == LONG:
            log.warning("%s candidates in a row are refused: %s", LONG, self.verdict)


def _refusal(config: Mapping[str, Any], candidate: Candidate) -> str | None:
    """Why a constraint refuses a candidate; None if the candidate meets it.

    A network that cannot be built or does not take the images meets no constraint that asks for
    it.

    Raises:
        ConfigError: if the constraint cannot be built, fails, or answers neither yes nor no.
    """
    target = str(config.get("_target_"))
    key = f"search_space.constraints[{target}]"
    reason = _limit_of(config) if target == WITHIN else target
    constraint: Constraint = build_function(config, key)
    try:
        answer = ask(constraint, candidate, key)
    except CandidateError as error:
        return f"{reason}: {error}"
    if not isinstance(answer, bool | np.bool_):
        raise ConfigError(key, f"gives {answer!r} for a candidate; it must give true or false")
    return None if answer else reason


def _limit_of(config: Mapping[str, Any]) -> str:
    """A limit of the objective as it is typed: ``objective.params={at_most: 1000}``."""
    bounds = (f"{name}: {config[name]}" for name in BOUNDS if name in config)
    return f"objective.{config['metric']}={{{', '.join(bounds)}}}"
