"""Intervals of any measure over rows, by the bootstrap (Efron 1979)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
MOST, FEWEST = 1000, 100
"""Resamples; fewer of many rows, whose intervals are narrow anyway."""
ROWS = 100_000_000
"""How many rows are drawn in all, about."""

Measure = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""Rows, some of them several times, to what is measured of them, (M,)."""


def intervals(measure: Measure, rows: int) -> list[tuple[float, float]]:
    """The 95 % percentile interval of each measure: the chance in the choice of rows.

    Args:
        measure: of rows by their places.
        rows: how many there are, at least 1.

    Returns:
        (M, 2); the same every time.
    """
    rng = np.random.default_rng(0)
    number = min(max(ROWS // rows, FEWEST), MOST)
    drawn = np.stack([measure(rng.integers(rows, size=rows)) for _ in range(number)])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [(float(one), float(other)) for one, other in zip(low, high, strict=True)]
