"""A program of the user's: run to its end with all that it starts, and what it has printed."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from nas_hydra.errors import CandidateError, cut
from nas_hydra.family import PROGRAM, end_family, ending

PRINTED, COMPLAINED = "stdout.txt", "stderr.txt"
"""Files in a trial's folder."""
TAIL = 1 << 20
"""So many bytes at the end of such a file are looked through."""
LAST, LONGEST = 2, 200
"""How many lines a message has of a program, and how many characters of each."""


def run(
    words: Sequence[str],
    cwd: Path,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float | None,
) -> None:
    """Run a program to its end; nothing that it has started outlives it.

    Args:
        words: its name and its arguments; no shell sees them.
        cwd: where it runs.
        folder: of the trial, where files keep what it prints.
        environment: variables beside those of this process.
        timeout: seconds that it may take; None: as many as it likes.

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
        code = process.wait(timeout)
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


def lines(file: Path) -> list[str]:
    """The last lines of a file that have a word in them."""
    with file.open("rb") as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL))
        text = stream.read().decode(errors="replace")
    return [line.strip() for line in text.splitlines() if re.search(r"\w", line)]


def last_words(folder: Path) -> str:
    """What a program has printed last, errors rather than output, to follow upon a message."""
    for name in (COMPLAINED, PRINTED):
        if found := lines(folder / name):
            told = " | ".join(cut(line, LONGEST) for line in found[-LAST:])
            return f": {told} ({Path(*folder.parts[-2:]) / name} has all)"
    return "; it has printed nothing"
