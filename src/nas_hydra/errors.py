"""Errors that speak to the person who typed the command."""

import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any
from unicodedata import category

from nas_hydra.masking import masked_text

LONGEST = 1000
"""So many characters of a message are shown, in at most ``LINES`` lines."""

LINES = 10


class NasHydraError(Exception):
    """Base of every error that this package raises on purpose.

    Its message is of bounded length, and has no password of a URL.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(shortened(masked_text(message)))


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
            f"{tries} random candidates in a row are refused; of {tried} different ones tried so "
            f"far, {accepted} meet the constraints ({accepted / tried:.2%}). Loosen these, or "
            "narrow the choices to those that can meet them",
        )


class CandidateError(NasHydraError):
    """One candidate cannot be built or trained; its trial fails, the search goes on."""


class SearchFailedError(NasHydraError):
    """The search cannot go on (exit code 1); what it found so far is on disk."""


class UnforeseenError(NasHydraError):
    """A fault of this package (exit code 1); its traceback is in the log."""


def exit_code(error: BaseException) -> int:
    """What the process ends with: 2 for a wrong config, 130 for Ctrl-C, 1 for anything else."""
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 2 if isinstance(error, ConfigError) else 1


def tell(error: BaseException) -> int:
    """Print an error as every command does, and return the exit code."""
    print(f"error: {shortened(masked_text(str(error)))}", file=sys.stderr)
    return exit_code(error)


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
    """A text of at most so many characters: its beginning, its end, and how much is left out.

    In a message the key stands at the beginning and the advice at the end.
    """
    lines = text.splitlines()
    if len(lines) > LINES:
        left = f"[{len(lines) - LINES + 1} more lines]"
        text = "\n".join([*lines[: LINES - 3], left, *lines[-2:]])
    return cut(text, most)


def cut(text: str, most: int = LONGEST) -> str:
    """A text of any number of lines, of at most so many characters, with both of its ends."""
    if len(text) <= most and len(told := harmless(text)) <= most:
        return told
    half = most // 2 - 20  # with room for what stands between the halves
    begin, end = harmless(text[:half])[:half], harmless(text[-half:])[-half:]
    return f"{begin} [{max(0, len(text) - 2 * half):,} characters] {end}"


def harmless(text: str) -> str:
    r"""A text that a terminal shows and a file takes as it is: without control characters.

    Those, invisible ones and halves of surrogates are written as Python would: ``\x1b``.
    """
    if text.isprintable():
        return text
    return "".join(
        sign
        if sign.isprintable() or sign in "\n\t" or category(sign) == "Zs"
        else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def printable(text: str) -> str:
    """``harmless`` in one line, for a name of somebody's within a line of ours."""
    return harmless(text).replace("\n", r"\n").replace("\t", r"\t")


def said(error: BaseException) -> str:
    """The first line of what an exception says, also if its ``__str__`` raises; bounded."""
    return _name_and_text(error)[1]


def in_one_line(error: BaseException) -> str:
    """``RuntimeError: the first line of its message``."""
    return ": ".join(filter(None, _name_and_text(error)))


def in_words(error: BaseException) -> str:
    """What somebody else's error says: its first line with words in it, else that of its cause."""
    text = re.sub(r"^\w+ raised while resolving interpolation: ", "", str(error).strip())
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return in_words(error.__cause__) if error.__cause__ else type(error).__name__
    told = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    bare = type(error).__module__ == "builtins" and not isinstance(error, ValueError)
    return f"{type(error).__name__}: {told}" if bare else told  # as in KeyError: 'x'


def mistake_of_helper(error: BaseException) -> ConfigError | None:
    """The ``ConfigError`` that one of torch's helper processes has met, if this reports it."""
    name, text = _name_and_text(error)
    if isinstance(error, ConfigError) or name != ConfigError.__name__:
        return None
    key, _, problem = text.partition(": ")
    return ConfigError(key, problem)


def _name_and_text(error: BaseException) -> tuple[str, str]:
    """An exception's type and the first line of its text, or those of one that it reports."""
    try:
        text = str(error).strip()
    except Exception as worse:  # noqa: BLE001  the outside world's exceptions may do anything
        return type(error).__name__, f"no message (its __str__ raises {type(worse).__name__})"
    name, text = _reported(text) or (type(error).__name__, text)
    return name, shortened(text.splitlines()[0]) if text else ""


def _reported(text: str) -> tuple[str, str] | None:
    """What was raised in a helper process, from the report that torch makes of it.

    ``Caught ValueError in DataLoader worker process 0.``, it begins, and the helper's traceback
    follows, at whose end stands what matters.
    """
    if not re.match(r"Caught \w+ in .*\nOriginal Traceback", text):
        return None
    _, _, last = text.rpartition("Traceback (most recent call last):\n")
    raised = next((line for line in last.splitlines() if line and not line[0].isspace()), "")
    name, _, problem = raised.partition(": ")
    return name.rpartition(".")[2], problem
