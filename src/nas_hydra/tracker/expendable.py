"""A tracker whose failure costs what it tracks, and never a search."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nas_hydra.errors import in_one_line
from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.tracker.base import Tracker
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)


class Expendable:
    """Hands everything on to a tracker, until that fails.

    One that could not begin is left alone from then on; one that fails later still ends, since it
    may hold threads and connections.

    Args:
        tracker: anybody's.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._begun = self._failed = False

    def start(self, run: Run) -> None:
        """Begin, if it can."""
        with self._spared():
            self._tracker.start(run)
            self._begun = True

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Hand on a trial, unless an earlier one was too much."""
        if self._begun and not self._failed:
            with self._spared():
                self._tracker.tell(trial, front, recorded)

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """End what was begun."""
        if self._begun:
            with self._spared():
                self._tracker.finish(summary, exit_code)

    @contextmanager
    def _spared(self) -> Iterator[None]:
        with spared(self._tracker, quiet=self._failed) as failed:
            yield
        self._failed |= bool(failed)


@contextmanager
def spared(tracker: object, quiet: bool = False) -> Iterator[list[BaseException]]:
    """Go on without a tracker, whatever it raises, and say so in one line.

    Args:
        tracker: whose code is called.
        quiet: whether that was said before.

    Yields:
        What it has raised, afterwards.
    """
    failed: list[BaseException] = []
    try:
        yield failed
    except (Exception, SystemExit) as error:
        failed.append(error)
        name = type(tracker).__name__
        if not quiet:
            log.warning("%s fails, and what it tracks is lost: %s", name, in_one_line(error))
        log.debug("%s has failed", name, exc_info=True)
