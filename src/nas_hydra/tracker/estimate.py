"""How long the rest of a search will take."""

import math

from nas_hydra.trial import Trial


class Estimate:
    """From the trials told so far: what one took on average, times those that are to come.

    Where several are evaluated beside each other, the first ones say little: they are told late
    and all at once. So nothing is said before as many again were told.

    Args:
        trials: of the budget.
    """

    def __init__(self, trials: int) -> None:
        self.left = trials
        self._told = 0
        self._at_once = 0
        self._began = self._first = self._last = math.inf

    def tell(self, trial: Trial, recorded: bool, now: float) -> None:
        """Count a trial.

        Args:
            trial: that was told.
            recorded: whether an earlier process has evaluated it.
            now: in seconds, since whenever.
        """
        self.left -= 1
        if recorded:
            return
        self._told += 1
        self._last = now
        if is_known(trial):
            return
        began = now - trial.seconds
        if not self._at_once and began > self._first:
            self._at_once = self._told - 1
        self._began, self._first = min(self._began, began), min(self._first, now)

    def seconds(self, now: float) -> float | None:
        """Until the budget is spent; None while that is not known, and then."""
        if not self.left or not self._at_once or self._told < 2 * self._at_once:
            return None
        each = (self._last - self._began) / self._told
        return max(0.0, each * self.left - (now - self._last))


def is_known(trial: Trial) -> bool:
    """Whether a trial took no time here."""
    return trial.duplicate_of is not None or trial.source is not None


def roughly(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
