"""The networks of DARTS (Liu et al. 2019), without its auxiliary head and drop path."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.model.operation import Operations, classify, pick, relu_conv_bn, stem

STEM_MULTIPLIER = 3
"""How many times wider the stem is than the first cell's nodes."""

CellConfig = Sequence[Mapping[str, Any]]
"""For each node, its two ``inputs`` and the ``operations`` on them."""


class FactorizedReduce(nn.Module):
    """Half the resolution: half of the channels from the even pixels, half from the odd ones."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.even = nn.Conv2d(in_channels, out_channels - half, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(in_channels, half, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, ceil(H / 2), ceil(W / 2))."""
        features = features.relu()
        shifted = nn.functional.pad(features, (-1, 1, -1, 1))  # as large as before, also if odd
        both = torch.cat([self.even(features), self.odd(shifted)], dim=1)
        return self.norm(both)  # type: ignore[no-any-return]


def depthwise(channels: int, kernel_size: int, stride: int, dilation: int = 1) -> nn.Sequential:
    """ReLU, depthwise and pointwise convolution, batch norm."""
    padding = dilation * (kernel_size // 2)
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(
            *(channels, channels, kernel_size, stride, padding, dilation),
            groups=channels,
            bias=False,
        ),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels),
    )


def separable(channels: int, kernel_size: int, stride: int) -> nn.Sequential:
    """Two depthwise separable convolutions, the first with the stride."""
    return nn.Sequential(
        depthwise(channels, kernel_size, stride), depthwise(channels, kernel_size, 1)
    )


def skip(channels: int, stride: int) -> nn.Module:
    """The input itself, or at half the resolution."""
    return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)


OPERATIONS: Operations = {
    "skip_connect": skip,
    "max_pool_3x3": lambda channels, stride: nn.MaxPool2d(3, stride, padding=1),
    "avg_pool_3x3": lambda channels, stride: nn.AvgPool2d(
        3, stride, padding=1, count_include_pad=False
    ),
    "sep_conv_3x3": lambda channels, stride: separable(channels, 3, stride),
    "sep_conv_5x5": lambda channels, stride: separable(channels, 5, stride),
    "dil_conv_3x3": lambda channels, stride: depthwise(channels, 3, stride, dilation=2),
    "dil_conv_5x5": lambda channels, stride: depthwise(channels, 5, stride, dilation=2),
}


class DartsNode(nn.Module):
    """The sum of two operations on two earlier nodes.

    Args:
        config: ``inputs`` and ``operations``, two of each.
        channels: of the cell's nodes.
        reduce: whether operations on the cell's own inputs halve the resolution.
    """

    def __init__(self, config: Mapping[str, Any], channels: int, reduce: bool) -> None:
        super().__init__()
        self.inputs = tuple(config["inputs"])
        pairs = zip(self.inputs, config["operations"], strict=True)
        self.operations = nn.ModuleList(
            pick(OPERATIONS, name)(channels, 2 if reduce and source < 2 else 1)
            for source, name in pairs
        )

    def forward(self, nodes: Sequence[Tensor]) -> Tensor:
        """All earlier nodes, (N, C, H, W) each, to this one."""
        left, right = self.operations
        first, second = self.inputs
        return left(nodes[first]) + right(nodes[second])  # type: ignore[no-any-return]


class DartsCell(nn.Module):
    """Two inputs brought to the same shape, and the nodes that are made of them.

    Args:
        config: of its nodes.
        before: channels of the cell before the last and of the last cell.
        channels: of each node.
        reduce: whether it halves the resolution.
        reduced: whether the last cell did.
    """

    def __init__(
        self, config: CellConfig, before: Sequence[int], channels: int, reduce: bool, reduced: bool
    ) -> None:
        super().__init__()
        older, last = before
        self.older = (
            FactorizedReduce(older, channels) if reduced else relu_conv_bn(older, channels, 1)
        )
        self.last = relu_conv_bn(last, channels, 1)
        self.nodes = nn.ModuleList(DartsNode(node, channels, reduce) for node in config)

    def forward(self, older: Tensor, last: Tensor) -> Tensor:
        """The outputs of the two cells before to (N, nodes * channels, H, W)."""
        states = [self.older(older), self.last(last)]
        for node in self.nodes:
            states.append(node(states))
        return torch.cat(states[2:], dim=1)


class Darts(nn.Module):
    """A row of cells; the ones at a third and at two thirds of it reduce.

    Args:
        normal: the cell that keeps the resolution.
        reduction: the cell that halves it and doubles the channels.
        channels: of the first cell's nodes; 36 in the paper's evaluation, 16 in its search.
        cells: how many; 20 in the paper's evaluation, 8 in its search.
        in_channels: of the images.
        num_classes: number of outputs.

    Raises:
        ValueError: for an unknown operation.
    """

    def __init__(
        self,
        normal: CellConfig,
        reduction: CellConfig,
        channels: int,
        cells: int,
        in_channels: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        self.stem = stem(in_channels, STEM_MULTIPLIER * channels)
        self.cells = nn.ModuleList()
        older = last = STEM_MULTIPLIER * channels
        reduced = False
        for position in range(cells):
            reduce = position in (cells // 3, 2 * cells // 3)
            config = reduction if reduce else normal
            channels *= 2 if reduce else 1
            self.cells.append(DartsCell(config, (older, last), channels, reduce, reduced))
            older, last, reduced = last, len(config) * channels, reduce
        self.linear = nn.Linear(last, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        older = last = self.stem(images)
        for cell in self.cells:
            older, last = last, cell(older, last)
        return classify(last, self.linear)
