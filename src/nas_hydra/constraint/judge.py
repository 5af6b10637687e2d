"""The judge: whether a candidate meets its constraints, and which of them refuse the most."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nas_hydra.component import ask, build_function
from nas_hydra.constraint.candidate import Candidate
from nas_hydra.constraint.network import WITHIN
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.objective.config import BOUNDS

log = logging.getLogger(__name__)

Constraint = Callable[[Candidate], bool]

LONG = 200
"""After so many refusals in a row, the person who waits is told."""


class Judge:
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
            reason = refusal(constraint, candidate)
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


def refusal(config: Mapping[str, Any], candidate: Candidate) -> str | None:
    """Why a constraint refuses a candidate; None if the candidate meets it.

    A network that cannot be built or does not take the images meets no constraint that asks for
    it.

    Raises:
        ConfigError: if the constraint cannot be built, fails, or answers neither yes nor no.
    """
    target = str(config.get("_target_"))
    key = f"search_space.constraints[{target}]"
    reason = limit_of(config) if target == WITHIN else target
    constraint: Constraint = build_function(config, key)
    try:
        answer = ask(constraint, candidate, key)
    except CandidateError as error:
        return f"{reason}: {error}"
    if not isinstance(answer, bool | np.bool_):
        raise ConfigError(key, f"gives {answer!r} for a candidate; it must give true or false")
    return None if answer else reason


def limit_of(config: Mapping[str, Any]) -> str:
    """A limit of the objective as it is typed: ``objective.params={at_most: 1000}``."""
    bounds = (f"{name}: {config[name]}" for name in BOUNDS if name in config)
    return f"objective.{config['metric']}={{{', '.join(bounds)}}}"
