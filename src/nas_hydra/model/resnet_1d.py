"""Residual networks for series (Wang, Yan and Oates 2017)."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from nas_hydra.model.masked import SeriesInputs, averaged, kept, largest, opened


class ResNet1d(nn.Module):
    """Blocks of convolutions, the mean over all steps, and a linear layer.

    Three blocks of width 64, 128 and 128 with kernels 7, 5 and 3 at stride 1 are the paper's
    network, but for its kernels of 8, which have no middle.

    Args:
        blocks: of each the arguments of ``Block``, without ``in_channels``.
        in_channels: C of the series.
        num_classes: number of outputs.
    """

    def __init__(
        self, blocks: Sequence[Mapping[str, Any]], in_channels: int, num_classes: int
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        channels = in_channels
        for block in blocks:
            self.blocks.append(Block(channels, **block))
            channels = block["width"]
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, inputs: SeriesInputs) -> Tensor:
        """Series (N, C, L), or with a mask, to logits (N, num_classes)."""
        features, mask = opened(inputs)
        for block in self.blocks:
            features, mask = block(features, mask)
        return self.linear(averaged(features, mask))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Convolutions, each with batch norm and all but the last with ReLU, and a shortcut.

    Args:
        in_channels: of its input.
        width: channels of every convolution.
        kernel_sizes: odd, in steps.
        stride: of the first convolution and of the shortcut.
    """

    def __init__(
        self, in_channels: int, width: int, kernel_sizes: Sequence[int], stride: int
    ) -> None:
        super().__init__()
        self.stride = stride
        self.layers = nn.ModuleList()
        channels, step = in_channels, stride
        for size in kernel_sizes:
            self.layers.append(_normed(channels, width, size, step))
            channels, step = width, 1
        same = in_channels == width and stride == 1
        self.shortcut = nn.BatchNorm1d(width) if same else _normed(in_channels, width, 1, stride)

    def forward(self, series: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """(N, in_channels, L) to (N, width, L / stride), with the mask of these steps."""
        features, steps = series, mask
        if mask is not None and self.stride > 1:
            steps = largest(mask.float(), size=1, stride=self.stride) > 0
        for layer in self.layers[:-1]:
            features = kept(functional.relu(layer(features)), steps)
        features = functional.relu(self.layers[-1](features) + self.shortcut(series))
        return kept(features, steps), steps


def _normed(in_channels: int, width: int, kernel_size: int, stride: int) -> nn.Sequential:
    middle = kernel_size // 2
    return nn.Sequential(
        nn.Conv1d(in_channels, width, kernel_size, stride, middle, bias=False),
        nn.BatchNorm1d(width),
    )
