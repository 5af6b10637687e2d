"""A program of the user's: its command filled in, run to its end, and what it has printed."""

import json
import math
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from nas_hydra.errors import CandidateError, ConfigError, cut, listing, nearest
from nas_hydra.process.family import PROGRAM, end_family, ending
from nas_hydra.shell import override

PRINTED, COMPLAINED = "stdout.txt", "stderr.txt"
"""Files in a trial's folder."""
TAIL = 1 << 20
"""So many bytes at the end of such a file are looked through."""
LAST, LONGEST = 2, 200
"""How many lines a message has of a program, and how many characters of each."""

WATCHED = 0.5
"""Seconds between two looks at what a program has reported."""

KEY = "evaluator.command"
BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
OVERRIDES = "overrides"
OWN = (OVERRIDES, "config", "folder", "weights", "seed")
"""What may stand in braces beside the candidate's values; one of these that has such a name is
meant instead."""


def run_program(
    words: Sequence[str],
    cwd: Path,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float | None,
    watch: Callable[[], None] | None = None,
) -> None:
    """Run a program to its end; nothing that it has started outlives it.

    Args:
        words: its name and its arguments; no shell sees them.
        cwd: where it runs.
        folder: of the trial, where files keep what it prints.
        environment: variables beside those of this process.
        timeout: seconds that it may take; None: as many as it likes.
        watch: called every ``WATCHED`` seconds while it runs.

    Raises:
        CandidateError: if it cannot be started, takes too long, or ends with another exit code
            than 0; with the last lines that it has printed.
    """
    mark = (PROGRAM, str(folder))
    with (folder / PRINTED).open("wb") as printed, (folder / COMPLAINED).open("wb") as complained:
        try:
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env={**os.environ, **environment, mark[0]: mark[1]},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=complained,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: of a null character
            raise CandidateError(f"the command cannot be started: {error}") from error
    try:
        code = _waited(process, timeout, watch)
    except subprocess.TimeoutExpired:
        raise CandidateError(
            f"evaluator.timeout: ended after {timeout:g} s{last_words(folder)}"
        ) from None
    finally:
        process.kill()
        process.wait()
        end_family(process.pid, mark)
    if code:
        raise CandidateError(f"the command {ending(code)}{last_words(folder)}")


def _waited(
    process: subprocess.Popen[bytes], timeout: float | None, watch: Callable[[], None] | None
) -> int:
    """The exit code of a process that has ended in time.

    Raises:
        TimeoutExpired: if it has not.
    """
    if watch is None:
        return process.wait(timeout)
    end = monotonic() + (math.inf if timeout is None else timeout)
    while (left := end - monotonic()) > WATCHED:
        try:
            return process.wait(WATCHED)
        except subprocess.TimeoutExpired:
            watch()
    return process.wait(max(left, 0))


def last_lines(file: Path) -> list[str]:
    """The last lines of a file that have a word in them."""
    with file.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL))
        text = stream.read().decode(errors="replace")
    return [line.strip() for line in text.splitlines() if re.search(r"\w", line)]


def last_words(folder: Path) -> str:
    """What a program has printed last, errors rather than output, to follow upon a message."""
    for name in (COMPLAINED, PRINTED):
        if found := last_lines(folder / name):
            told = " | ".join(cut(line, LONGEST) for line in found[-LAST:])
            return f": {told} ({Path(*folder.parts[-2:]) / name} has all)"
    return "; it has printed nothing"


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
        texts = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
        }
        known = {**own, **texts}
        words: list[str] = []
        says_all = any("{overrides}" in word for word in self.words)
        overrides = [override(name, value) for name, value in values.items() if says_all]
        for word in self.words:
            if word == "{overrides}" and OVERRIDES not in known:
                words += overrides
            else:
                words.append(_replaced(word, {OVERRIDES: shlex.join(overrides), **known}))
        return words


def _replaced(word: str, known: Mapping[str, str]) -> str:
    return BRACES.sub(lambda one: one[0][0] if one[1] is None else known[one[1]], word)


def _check_sayable(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        try:
            override(name, value)
        except ValueError as error:
            problem = f"has {{overrides}}, and {error} in Hydra's grammar; say {{config}} instead"
            raise ConfigError(KEY, problem) from error


def dotted_values(config: Any, path: Sequence[str] = ()) -> Iterator[tuple[str, Any]]:
    """The dotted path of every value in a plain config, and the value; lists are one."""
    if isinstance(config, Mapping) and (config or not path):
        for name, part in config.items():
            yield from dotted_values(part, (*path, str(name)))
    else:
        yield ".".join(path), config
