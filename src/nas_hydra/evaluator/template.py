"""A command with braces in the place of what differs from candidate to candidate."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.override import override

KEY = "evaluator.command"
BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
OVERRIDES = "overrides"
OWN = (OVERRIDES, "config", "folder", "weights", "seed")
"""What may stand in braces beside the candidate's values; one of these that has such a name is
meant instead."""


class Template:
    """The words of a command.

    Args:
        command: as one would type it.

    Raises:
        ConfigError: if it cannot be split into words, or has none.
    """

    def __init__(self, command: str) -> None:
        try:
            self.words = shlex.split(command)
        except ValueError as error:
            raise ConfigError(KEY, f"is no line of words: {error}") from error
        if not self.words:
            raise ConfigError(KEY, "is empty; say which program, 'python train.py {overrides}'")

    def check(self, values: Mapping[str, Any]) -> None:
        """Make sure that everything in braces is known.

        Args:
            values: of any candidate: dotted path -> value.

        Raises:
            ConfigError: naming what may stand there.
        """
        allowed = [*values, *(name for name in OWN if name not in values)]
        for brace in (one for word in self.words for one in BRACES.finditer(word)):
            name = brace[1]
            if brace[0] not in ("{{", "}}") and name not in allowed:
                raise ConfigError(
                    KEY,
                    f"has {brace[0]}, which means nothing (a brace itself is written {{{{);"
                    f" allowed: {listing(allowed)}{nearest(name, allowed) if name else ''}",
                )
            if name == OVERRIDES and name not in values:
                _check_sayable(values)

    def filled(self, values: Mapping[str, Any], own: Mapping[str, str]) -> list[str]:
        """The words for a candidate.

        Args:
            values: dotted path -> value; ``overrides`` are all of them.
            own: what else may stand in braces.

        Raises:
            KeyError: if the candidate has no such value.
        """
        known = {**own, **{name: text(value) for name, value in values.items()}}
        words: list[str] = []
        overrides = [override(name, value) for name, value in values.items() if self._says_all]
        for word in self.words:
            if word == "{overrides}" and OVERRIDES not in known:
                words += overrides
            else:
                words.append(_replaced(word, {OVERRIDES: shlex.join(overrides), **known}))
        return words

    @property
    def _says_all(self) -> bool:
        return any("{overrides}" in word for word in self.words)


def _replaced(word: str, known: Mapping[str, str]) -> str:
    return BRACES.sub(lambda one: one[0][0] if one[1] is None else known[one[1]], word)


def _check_sayable(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        try:
            override(name, value)
        except ValueError as error:
            problem = f"has {{overrides}}, and {error} in Hydra's grammar; say {{config}} instead"
            raise ConfigError(KEY, problem) from error


def leaves(config: Any, path: Sequence[str] = ()) -> Iterator[tuple[str, Any]]:
    """The dotted path of every value in a plain config, and the value; lists are one."""
    if isinstance(config, Mapping) and (config or not path):
        for name, part in config.items():
            yield from leaves(part, (*path, str(name)))
    else:
        yield ".".join(path), config


def text(value: Any) -> str:
    """A value as a word: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
