"""Standardised series: of mean 0 and deviation 1 in each channel of the training split."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from nas_hydra.dataset.prepare import Prepare
from nas_hydra.errors import ConfigError, listing

log = logging.getLogger(__name__)

SeriesInputs: TypeAlias = Tensor | dict[str, Tensor]
"""Series (N, C, L); of unequal length ``{"series": (N, C, L), "mask": bool (N, L)}``."""

CONSTANT = 1e-6
"""A deviation of a channel that says nothing, as a share of its mean, or of 1 if that is less."""


@dataclass(frozen=True)
class StandardizeSeries(Prepare):
    """Subtracts each channel's mean, and divides by its standard deviation.

    Both are of all steps of all series together, and of those alone that have values.
    """

    def fit(self, parts: Iterable[SeriesInputs]) -> "StandardizedSeries":
        """A channel without deviation is divided by 1.

        Raises:
            ConfigError: if no channel has any.
        """
        mean, std = _statistics(parts)
        constant = std <= CONSTANT * mean.abs().clamp_min(1)
        _tell(constant)
        return StandardizedSeries(
            mean.float()[:, None], torch.where(constant, 1.0, std).float()[:, None]
        )


class StandardizedSeries(nn.Module):
    """Series to ``(series - mean) / std``; what is no value stays 0.

    Args:
        mean: of each channel, (C, 1).
        std: likewise, above 0.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, inputs: SeriesInputs) -> SeriesInputs:
        """Standardise them."""
        if isinstance(inputs, Tensor):
            return (inputs - self.mean) / self.std
        series, mask = inputs["series"], inputs["mask"]
        return {"series": (series - self.mean) / self.std * mask[:, None], "mask": mask}


def _statistics(parts: Iterable[SeriesInputs]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, (C,), float64."""
    number = torch.zeros((), dtype=torch.float64)
    total = squares = shift = torch.zeros(1, dtype=torch.float64)
    for part in parts:
        series = part if isinstance(part, Tensor) else part["series"]
        known = torch.ones_like(series[:, 0], dtype=torch.bool)
        if not isinstance(part, Tensor):
            known = part["mask"]
        if not number:  # near the mean, or squares of large numbers would leave nothing of it
            shift = series[0, :, 0].double()
        doubles = (series.double() - shift[:, None]) * known[:, None]
        number = number + known.sum()
        total = total + doubles.sum(dim=(0, 2))
        squares = squares + doubles.square().sum(dim=(0, 2))
    mean = total / number
    variance = (squares - number * mean.square()) / (number - 1).clamp_min(1)
    return mean + shift, variance.clamp_min(0).sqrt()


def _tell(constant: Tensor) -> None:
    """Say which channels are the same everywhere.

    Raises:
        ConfigError: if all are.
    """
    if constant.all():
        raise ConfigError(
            "dataset", "has nothing to learn from: the training series are the same at every step"
        )
    if constant.any():
        places = [place + 1 for place, same in enumerate(constant.tolist()) if same]
        log.warning(
            "data: of %d channels of the training series, %d are constant: %s",
            *(len(constant), len(places), listing(places)),
        )
