"""What every tracker can do, and how one that fails never costs a search."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from nas_hydra.errors import in_one_line
from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)


class Tracker(Protocol):
    """Sees trials, decides nothing."""

    def start(self, run: Run) -> None:
        """The search begins, or goes on after an interruption."""

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """A trial was told.

        Args:
            trial: the trial, in ask order.
            front: the best trials after this one; empty while nothing is complete.
            recorded: whether it was known from an earlier, interrupted process.
        """

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """The search ended, by itself (exit code 0), by an error or by an interrupt.

        Args:
            summary: what ``summary.json`` holds; None if the search did not get that far.
            exit_code: of the process, as in the README.
        """


@runtime_checkable
class Publisher(Protocol):
    """A tracker that also takes what is made of a search later."""

    def publish(
        self, run: Run, job: str, summary: Mapping[str, Any], files: Sequence[Path]
    ) -> None:
        """Show it beside the search.

        Args:
            run: what it is; its folder, group and config.
            job: in one word: ``retrain``.
            summary: its figures.
            files: to keep with it.
        """


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
