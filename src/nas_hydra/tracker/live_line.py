"""The line of a terminal that shows how far a search is, and how long it still takes."""

import math
from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from nas_hydra.document.text import duration
from nas_hydra.trial import Trial

LARGE = 1e9
"""From here on an amount is written with a power of ten."""
BAR = 10
"""Characters."""


class RemainingTime:
    """From the trials told so far: what one, or an epoch, took on average, times those to come.

    Where several are evaluated beside each other, the first ones say little: they are told late
    and all at once. So nothing is said before as many again were told.

    Args:
        total: of the budget.
        measure: what that limits: ``trials``, ``epochs``, ``cost``, or ``seconds``, which are just
            counted.

    Attributes:
        done: of that total.
    """

    def __init__(self, total: float, measure: str = "trials") -> None:
        self.total, self._measure = total, measure
        self.done: float = 0
        self._told = 0
        self._new: float = 0  # of what was done by this process
        self._at_once = 0
        self._began = self._first = self._last = math.inf

    def tell(self, trial: Trial, recorded: bool, now: float) -> None:
        """Count a trial.

        Args:
            trial: that was told.
            recorded: whether an earlier process has evaluated it.
            now: in seconds, since whenever.
        """
        amounts = {"trials": 1, "epochs": trial.epochs, "cost": trial.cost or 0.0}
        amount = amounts.get(self._measure, trial.seconds)
        self.done += amount
        if recorded:
            return
        self._told += 1
        self._new += amount
        self._last = now
        if trial.duplicate_of is not None or trial.source is not None:  # it took no time here
            return
        began = now - trial.seconds
        if not self._at_once and began > self._first:
            self._at_once = self._told - 1
        self._began, self._first = min(self._began, began), min(self._first, now)

    def seconds(self, now: float) -> float | None:
        """Until the budget is spent; None while that is not known, and then."""
        if self.left <= 0 or not self._new or not self._at_once or self._told < 2 * self._at_once:
            return None
        each = (self._last - self._began) / self._new
        return max(0.0, each * self.left - (now - self._last))

    @property
    def left(self) -> float:
        """Of the total."""
        return self.total - self.done

    @property
    def others(self) -> str:
        """``27 trials``."""
        left = f"{self.left:,.0f}" if self.left < LARGE else f"{self.left:.3g}"
        return f"{left} {self._measure}"


class LiveLine:
    """How far a search is, how long it has taken, and about how long it still takes.

    Args:
        console: where it is.
        estimate: of the time that is left.
        shown: whether a line can be redrawn there.
    """

    def __init__(self, console: Console, estimate: RemainingTime, shown: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=_column(ratio=1)),
            BarColumn(BAR),
            TextColumn("{task.completed:.0f}/{task.total:.0f}", table_column=_column()),
            TextColumn("{task.fields[failed]}", table_column=_column()),
            TimeElapsedColumn(table_column=_column()),
            Left(estimate),
            console=console,
            transient=True,
            expand=True,
            disable=not shown,
        )
        self._estimate = estimate

    def start(self, text: str) -> None:
        """Begin to show it."""
        self._task = self._progress.add_task(text, total=self._estimate.total, failed="")
        self._progress.start()

    def advance(self, text: str, failed: int) -> None:
        """One trial more."""
        told = f"{failed} failed" if failed else ""
        done = self._estimate.done
        self._progress.update(self._task, completed=done, description=text, failed=told)

    def stop(self) -> None:
        """Take it away."""
        self._progress.stop()


class Left(ProgressColumn):
    """About how long it still takes, once that is known.

    Args:
        estimate: knows it.
        clock: of the same time.
    """

    def __init__(self, estimate: RemainingTime, clock: Callable[[], float] = perf_counter) -> None:
        super().__init__(_column())
        self._estimate, self._clock = estimate, clock

    def render(self, task: Task) -> Text:
        """``about 12 min 30 s left``."""
        left = self._estimate.seconds(self._clock())
        return Text("" if left is None else f"about {duration(left)} left")


def _column(ratio: int | None = None) -> Column:
    """One that is cut where there is no room, and never broken."""
    return Column(no_wrap=True, overflow="ellipsis", ratio=ratio)
