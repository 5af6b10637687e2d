"""Standardised images: of mean 0 and deviation 1 in each channel of the training split."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas_hydra.dataset.check import CONSTANT, check_spread
from nas_hydra.dataset.prepare import Prepare


@dataclass(frozen=True)
class Standardize(Prepare):
    """Subtracts each channel's mean, and divides by its standard deviation."""

    def fit(self, parts: Iterable[Tensor]) -> "Standardized":
        """Of images (n, C, H, W); a channel without deviation is divided by 1.

        Raises:
            ConfigError: if no channel has any.
        """
        mean, std = _statistics(parts)
        check_spread(mean, std)
        return Standardized(mean, torch.where(std > CONSTANT, std, 1.0))


class Standardized(nn.Module):
    """Images (n, C, H, W) to ``(images - mean) / std``.

    Args:
        mean: of each channel, (C, 1, 1).
        std: likewise, above 0.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, images: Tensor) -> Tensor:
        """Standardise them."""
        return (images - self.mean) / self.std


def _statistics(parts: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, (C, 1, 1), of pixels (n, C, H, W) in parts.

    Sums are in float64, and depend on how the pixels are cut into parts in their last bits.
    """
    number, total, squares = 0, torch.zeros(1), torch.zeros(1)
    for part in parts:
        doubles = part.contiguous().double()
        number += doubles.shape[0] * doubles.shape[2] * doubles.shape[3]
        total = total + doubles.sum(dim=(0, 2, 3))
        squares = squares + doubles.square().sum(dim=(0, 2, 3))
    mean = total / number
    variance = (squares - number * mean.square()) / (number - 1)
    std = variance.clamp_min(0).sqrt()
    return mean.float().view(-1, 1, 1), std.float().view(-1, 1, 1)
