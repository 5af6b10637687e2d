"""The median stopping rule (Golovin et al. 2017, "Google Vizier")."""

from collections.abc import Sequence
from statistics import fmean, median

from nas_hydra.fidelity.stopping import Stopping, reaching
from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.trial import Trial


class Median(Stopping):
    """Ends a training that is worse than the median of the others' means up to that epoch.

    Others are all trials told, those that were ended among them as far as they came. It is the
    value after the epoch that is compared, where the paper takes the best so far.

    Args:
        strategy: as of ``Stopping``.
        objectives: likewise.
        levels: likewise.
        startup: likewise.
        warmup: likewise.
    """

    def __init__(
        self,
        strategy: Strategy,
        objectives: Objectives,
        levels: Sequence[int],
        startup: int,
        warmup: int,
    ) -> None:
        super().__init__(strategy, objectives, levels, startup, warmup)
        self._curves: list[Sequence[float]] = []

    def least(self, epoch: int) -> float | None:
        """The median of the means of all curves up to an epoch."""
        means = [fmean(curve) for curve in reaching(self._curves, epoch)]
        return median(means) if means else None

    def learn(self, curve: Sequence[float], trial: Trial) -> None:
        """Keep every curve."""
        self._curves.append(curve)
