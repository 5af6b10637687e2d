"""What every tracker can do."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.trial import Trial


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
