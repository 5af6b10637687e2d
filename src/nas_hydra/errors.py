"""Errors that speak to the person who typed the command."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

LONGEST = 1000
"""So many characters of a message are shown, in at most ``LINES`` lines."""

LINES = 10


class NasHydraError(Exception):
    """Base of every error that this package raises on purpose; its message is of bounded length."""

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(message))


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
    """The names, quoted and separated by commas, cut after ``most``; or that there is none."""
    quoted = [f"'{name}'" for name in names]
    return (", ".join(quoted[:most]) or "nothing") + (
        f" and {len(quoted) - most} more" if len(quoted) > most else ""
    )


def shortened(text: str, most: int = LONGEST) -> str:
    """A text of at most so many characters: its beginning, its end, and how much is left out."""
    lines = text.splitlines()
    if len(lines) > LINES:
        text = "\n".join([*lines[: LINES - 1], f"[and {len(lines) - LINES + 1} more lines]"])
    if len(text) <= most:
        return text
    half = most // 2 - 20  # with room for what stands between the halves
    return f"{text[:half]} [{len(text) - 2 * half:,} characters] {text[-half:]}"


def said(error: BaseException) -> str:
    """The first line of what an exception says, also if its ``__str__`` raises; bounded."""
    try:
        lines = str(error).strip().splitlines()
    except Exception as worse:  # noqa: BLE001  the outside world's exceptions may do anything
        return f"no message (its __str__ raises {type(worse).__name__})"
    return shortened(lines[0]) if lines else ""


def in_one_line(error: BaseException) -> str:
    """``RuntimeError: the first line of its message``."""
    return ": ".join(filter(None, [type(error).__name__, said(error)]))
