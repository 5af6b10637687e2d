"""Inception networks for series (Ismail Fawaz et al. 2020)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas_hydra.model.masked import SeriesInputs, averaged, kept, largest, opened

BRANCHES = 4
"""Of a module: three convolutions, and one after pooling."""


class InceptionTime(nn.Module):
    """Blocks of three inception modules each, the mean over all steps, and a linear layer.

    Two blocks of 32 filters, kernel size 39 and bottleneck 32, both with shortcut, are the paper's
    network but for its kernels 40, 20 and 10, which have no middle; that is an ensemble of five.

    Args:
        blocks: of each the arguments of ``Block``, without ``in_channels``.
        in_channels: C of the series.
        num_classes: number of outputs.
        dropout: chance of a feature to be dropped before the linear layer, 0 to 1.
    """

    def __init__(
        self,
        blocks: Sequence[Mapping[str, Any]],
        in_channels: int,
        num_classes: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        channels = in_channels
        for block in blocks:
            self.blocks.append(Block(channels, **block))
            channels = BRANCHES * block["filters"]
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, inputs: SeriesInputs) -> Tensor:
        """Series (N, C, L), or with a mask, to logits (N, num_classes)."""
        features, mask = opened(inputs)
        for block in self.blocks:
            features = block(features, mask)
        return self.linear(self.dropout(averaged(features, mask)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Three inception modules, and a shortcut around them.

    Args:
        in_channels: of its input.
        filters: of each branch of a module; the output has four times as many channels.
        kernel_size: of the longest convolution, in steps; the others have a half and a quarter.
        bottleneck: channels to which inputs are reduced before they are convolved.
        shortcut: whether there is one.
    """

    def __init__(
        self, in_channels: int, filters: int, kernel_size: int, bottleneck: int, shortcut: bool
    ) -> None:
        super().__init__()
        channels = BRANCHES * filters
        self.layers = nn.ModuleList(
            InceptionModule(in_channels if first else channels, filters, kernel_size, bottleneck)
            for first in (True, False, False)
        )
        self.shortcut = (
            nn.Sequential(nn.Conv1d(in_channels, channels, 1, bias=False), nn.BatchNorm1d(channels))
            if shortcut
            else None
        )

    def forward(self, series: Tensor, mask: Tensor | None) -> Tensor:
        """(N, in_channels, L) to (N, 4 * filters, L)."""
        features = series
        for layer in self.layers:
            features = layer(features, mask)
        if self.shortcut is not None:
            features = functional.relu(features + self.shortcut(series))
        return kept(features, mask)


class InceptionModule(nn.Module):
    """Three convolutions of one bottleneck and a pooled branch, side by side.

    Args:
        in_channels: of its input; a single channel needs no bottleneck.
        filters: of each branch.
        kernel_size: of the longest convolution; each is made odd, so that it has a middle.
        bottleneck: channels of the bottleneck.
    """

    def __init__(self, in_channels: int, filters: int, kernel_size: int, bottleneck: int) -> None:
        super().__init__()
        narrow = in_channels > 1
        self.bottleneck = nn.Conv1d(in_channels, bottleneck, 1, bias=False) if narrow else None
        width = bottleneck if narrow else in_channels
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, filters, size, padding=size // 2, bias=False)
            for size in (_odd(kernel_size // part) for part in (1, 2, 4))
        )
        self.pooled = nn.Conv1d(in_channels, filters, 1, bias=False)
        self.norm = nn.BatchNorm1d(BRANCHES * filters)

    def forward(self, series: Tensor, mask: Tensor | None) -> Tensor:
        """(N, in_channels, L) to (N, 4 * filters, L)."""
        narrow = series if self.bottleneck is None else self.bottleneck(series)
        highest = largest(kept(series, mask, -torch.inf), size=3, stride=1, padding=1)
        branches = [convolution(narrow) for convolution in self.convolutions]
        branches.append(self.pooled(kept(highest, mask)))
        return kept(functional.relu(self.norm(torch.cat(branches, dim=1))), mask)


def _odd(size: int) -> int:
    return max(1, size - (size + 1) % 2)
