"""A journal whose lines carry digests, so that one that has changed is noticed."""

import fcntl
import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend

from nas_hydra.errors import ConfigError
from nas_hydra.files.digest import intact, sealed
from nas_hydra.files.small_file import put, unused

log = logging.getLogger(__name__)

WRITTEN_ANEW = re.compile(rb'\{"op_code": ?4,|[^{]|.*"user_attr": ?\{"finished":', re.DOTALL)
"""How lines begin that a search writes anew: trials, rubbish, and that it is finished."""


class Journal(JournalFileBackend):
    """Optuna's journal, each line with its digest; lines of others, or of version 0.1, have none.

    Args:
        file: that holds it.
        lock: held while a line is written.

    Attributes:
        file: likewise.
        line: number of the line that was read last, from 1.
        damaged: numbers of the lines that were left out: a search writes them anew.
    """

    def __init__(self, file: Path, lock: Any) -> None:
        super().__init__(str(file), lock_obj=lock)
        self.file, self._position = file, 0
        self.line = 0
        self.damaged: list[int] = []

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write events, synced to disk."""
        super().append_logs([sealed(event) for event in logs])

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        """The events since the last reading; a line that is being written is left for the next.

        Raises:
            ValueError: if a line is damaged that no search would write anew.
        """
        with self.file.open("rb") as stream:
            stream.seek(self._position)
            for line in stream:
                if not line.endswith(b"\n"):
                    return
                self._position, self.line = self._position + len(line), self.line + 1
                event = _event_of(line, self.line)
                if event is not None:
                    yield event
                    continue
                self.damaged.append(self.line)
                log.warning(
                    "line %d of %s%s is damaged and counts as not written; the search's own command"
                    " writes it anew",
                    *(self.line, self.file, _trial(line)),
                )


def _event_of(line: bytes, number: int) -> dict[str, Any] | None:
    """What a line tells; None if it is damaged, and nothing but what a search writes anew.

    Args:
        line: as it stands.
        number: from 1; the first is the study's own, whatever it holds.

    Raises:
        ValueError: if it is damaged, and the study's own.
    """
    try:
        event = json.loads(line)
        if isinstance(event, dict) and intact(event):
            return event
        problem = "it is not as it was written"
    except (ValueError, RecursionError) as error:
        problem = str(error)
    if number > 1 and WRITTEN_ANEW.match(line):
        return None
    raise ValueError(problem)


def take_out(file: Path, lines: list[int]) -> None:
    """Take damaged lines out of a journal, by their numbers; what it was is kept beside it."""
    content = file.read_bytes()
    kept, fresh = unused(file), file.with_name(f".{file.name}.new")
    kept.write_bytes(content)
    whole = (line for n, line in enumerate(content.split(b"\n"), start=1) if n not in lines)
    fresh.write_bytes(b"\n".join(whole))
    put(fresh, file)
    log.warning("%s was written anew without its damaged lines; as it was, it is %s", file, kept)


def _trial(line: bytes) -> str:
    found = re.search(rb'"user_attrs": ?\{"number": ?(\d{1,9})\b', line)
    return f" (trial {found[1].decode()})" if found else ""


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold a run's folder; the operating system lets go of it with the process, however that ends.

    Raises:
        ConfigError: if another process holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _take(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            "hydra.run.dir", f"{folder} is in use by a search that is still running"
        ) from None
