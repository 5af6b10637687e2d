"""Errors that speak to the person who typed the command."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class NasHydraError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(NasHydraError):
    """The user's config is wrong; nothing has been trained (exit code 2).

    Args:
        key: the dotted key that is wrong, as one would type it.
        problem: what was given, what is allowed and how to mend it.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key = key
        self.problem = problem

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[str, str]]:
        """Errors of worker processes are pickled."""
        return ConfigError, (self.key, self.problem)


class InfeasibleError(ConfigError):
    """A space's constraints refuse (nearly) every candidate.

    Args:
        tries: how many random candidates were refused in a row.
        tried: how many different candidates were checked so far.
        accepted: how many of these meet the constraints.
    """

    def __init__(self, tries: int, tried: int, accepted: int) -> None:
        super().__init__(
            "search_space.constraints",
            f"refuse {tries} random candidates in a row; of {tried} different ones tried so far, "
            f"{accepted} meet them ({accepted / tried:.2%}). Loosen the constraints, or narrow the "
            "choices to those that can meet them",
        )


class CandidateError(NasHydraError):
    """One candidate cannot be built or trained; its trial fails, the search goes on."""


class SearchFailedError(NasHydraError):
    """The search cannot go on (exit code 1); what it found so far is on disk."""


def exit_code(error: BaseException) -> int:
    """What the process ends with: 2 for a wrong config, 130 for Ctrl-C, 1 for anything else."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 2 if isinstance(error, ConfigError) else 1


def nearest(given: Any, allowed: Iterable[Any]) -> str:
    """``"; did you mean 'x'?"`` with the nearest allowed name, or an empty string.

    A name that begins with what was given is near, however long it is.
    """
    names, start = [str(name) for name in allowed], str(given).lower()
    longer = [name for name in names if start and name.lower().startswith(start)]
    matches = get_close_matches(str(given), names, n=1, cutoff=0.5) or longer
    return f"; did you mean '{matches[0]}'?" if matches else ""


def listing(names: Iterable[Any], most: int = 12) -> str:
    """The names, quoted and separated by commas, cut after ``most``."""
    quoted = [f"'{name}'" for name in names]
    return ", ".join(quoted[:most]) + (
        f" and {len(quoted) - most} more" if len(quoted) > most else ""
    )
