"""The line of a terminal that shows how far a search is."""

from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from nas_hydra.tracker.estimate import Estimate, roughly

BAR = 10
"""Characters."""


class LiveLine:
    """How far a search is, how long it has taken, and about how long it still takes.

    Args:
        console: where it is.
        estimate: of the time that is left.
        trials: of the budget.
        shown: whether a line can be redrawn there.
    """

    def __init__(self, console: Console, estimate: Estimate, trials: int, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=column(ratio=1)),
            BarColumn(BAR),
            TextColumn("{task.completed:.0f}/{task.total:.0f}", table_column=column()),
            TextColumn("{task.fields[failed]}", table_column=column()),
            TimeElapsedColumn(table_column=column()),
            Left(estimate),
            console=console,
            transient=True,
            expand=True,
            disable=not shown,
        )
        self._trials = trials

    def start(self, text: str) -> None:
        """Begin to show it."""
        self._task = self._progress.add_task(text, total=self._trials, failed="")
        self._progress.start()

    def advance(self, text: str, failed: int) -> None:
        """One trial more."""
        told = f"{failed} failed" if failed else ""
        self._progress.update(self._task, advance=1, description=text, failed=told)

    def stop(self) -> None:
        """Take it away."""
        self._progress.stop()


class Left(ProgressColumn):
    """About how long it still takes, once that is known.

    Args:
        estimate: knows it.
        clock: of the same time.
    """

    def __init__(self, estimate: Estimate, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__(column())
        self._estimate, self._clock = estimate, clock

    def render(self, task: Task) -> Text:
        """``about 12 min left``."""
        left = self._estimate.seconds(self._clock())
        return Text("" if left is None else f"about {roughly(left)} left")


def column(ratio: int | None = None) -> Column:
    """One that is cut where there is no room, and never broken."""
    return Column(no_wrap=True, overflow="ellipsis", ratio=ratio)
