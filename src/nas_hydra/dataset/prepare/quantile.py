"""Numbers by their ranks: each column's training values become a normal distribution."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor, nn

STEPS = 8
"""Of the search among knots, which halves them each time."""
MOST, LEAST = 1 << STEPS, 16
"""How many knots a column has."""
ROWS = 30
"""So many training rows make one knot, as in Gorishniy et al. 2021."""


class Quantile(nn.Module):
    """Numbers (N, F) without NaN to normal ones: linear between knots, constant beyond them.

    Args:
        knots: (F, ``MOST``), ascending; what a column has fewer of is infinite.
        levels: (F, ``MOST``), what becomes of them.
    """

    knots: Tensor
    levels: Tensor
    offsets: Tensor

    def __init__(self, knots: Tensor, levels: Tensor) -> None:
        super().__init__()
        self.register_buffer("knots", knots.flatten())
        self.register_buffer("levels", levels.flatten())
        self.register_buffer("offsets", torch.arange(len(knots)) * MOST)

    @classmethod
    def of(cls, numbers: NDArray[np.float32]) -> "Quantile":
        """Fitted to (N, F), NaN where one is missing; a column of one value, or none, gives 0."""
        columns = [_fitted(column[np.isfinite(column)]) for column in numbers.T]
        knots, levels = (torch.from_numpy(np.stack(part)) for part in zip(*columns, strict=True))
        return cls(knots, levels)

    def forward(self, numbers: Tensor) -> Tensor:
        """By the pair of knots around each number, which few comparisons find in any format."""
        place = self.offsets.expand_as(numbers)
        for step in range(STEPS - 1, -1, -1):
            further = place + (1 << step)
            place = torch.where(numbers >= self.knots[further], further, place)
        after = torch.minimum(place + 1, self.offsets + (MOST - 1))
        low, high = self.knots[place], self.knots[after]
        share = ((numbers - low) / (high - low).clamp_min(1e-30)).clamp(0, 1)
        level = self.levels[place]
        return level + share * (self.levels[after] - level)


def _fitted(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Knots and levels of a column, (``MOST``,) each."""
    knots = np.full(MOST, np.inf, np.float32)
    levels = np.zeros(MOST, np.float32)
    if not len(values):
        knots[0] = 0
        return knots, levels
    number = min(max(len(values) // ROWS, LEAST), MOST, len(values))
    shares = np.linspace(0, 1, number)
    found = np.quantile(values, shares).astype(np.float32)
    # Of the n-th of N values in their order, n - 1/2 of N lie below it (Hazen 1914).
    normal = ndtri((shares * (len(values) - 1) + 0.5) / len(values))
    distinct, places, counts = np.unique(found, return_inverse=True, return_counts=True)
    means: Any = np.bincount(places, normal) / counts
    knots[: len(distinct)] = distinct
    levels[: len(distinct)], levels[len(distinct) :] = means, means[-1]
    return knots, levels
