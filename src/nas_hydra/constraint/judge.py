"""The judge: whether a candidate meets its constraints, and which of them refuse the most."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nas_hydra.component import CONTROL, build, check, locate, plain
from nas_hydra.constraint.candidate import Candidate
from nas_hydra.errors import CandidateError, ConfigError

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
    constraint = constraint_from(config, key)
    try:
        answer = constraint(candidate)
    except CandidateError as error:
        return f"{target}: {error}"
    except ConfigError:
        raise
    except Exception as error:  # the user's own code may raise anything
        problem = f"fails on a candidate: {type(error).__name__}: {error}"
        raise ConfigError(key, problem) from error
    if not isinstance(answer, bool | np.bool_):
        raise ConfigError(key, f"gives {answer!r} for a candidate; it must give true or false")
    return None if answer else target


def constraint_from(config: Mapping[str, Any], key: str) -> Constraint:
    """A closed constraint, checked and built.

    Hydra's ``instantiate`` takes milliseconds, which is long where every candidate has a
    constraint of its own; so it is left to those that have components inside them.

    Raises:
        ConfigError: if its config is wrong, or what it builds cannot be called.
    """
    named = {name: value for name, value in config.items() if name not in CONTROL}
    listed = config.get("_args_", [])
    if not (plain(named) and plain(listed)):
        found = build(config, key)
    else:
        check(config, key)
        called = partial(locate(config.get("_target_"), f"{key}._target_"), *listed, **named)
        found = called if config.get("_partial_") else _call(called, key)
    if not callable(found):
        raise ConfigError(
            key,
            f"gives {found!r}, which cannot be called with a candidate; a function needs"
            " _partial_: true beside its _target_",
        )
    return found  # type: ignore[no-any-return]  # what is callable is a Callable


def _call(called: "partial[Any]", key: str) -> Any:
    try:
        return called()
    except Exception as error:  # whatever a target raises, it does not like its arguments
        raise ConfigError(key, f"refuses its arguments: {type(error).__name__}: {error}") from error
