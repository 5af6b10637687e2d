"""The networks of NAS-Bench-201 (Dong and Yang 2020), parameter for parameter."""

from collections.abc import Mapping
from functools import reduce
from operator import add

from torch import Tensor, nn

from nas_hydra.cell.nasbench201 import NODES
from nas_hydra.model.operation import Operations, classify, conv, pick, relu_conv_bn, stem

STAGES = 3


class Zero(nn.Module):
    """No connection: zeros of the input's shape."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        return features * 0.0


OPERATIONS: Operations = {
    "none": lambda channels: Zero(),
    "skip_connect": lambda channels: nn.Identity(),
    "nor_conv_1x1": lambda channels: relu_conv_bn(channels, channels, 1),
    "nor_conv_3x3": lambda channels: relu_conv_bn(channels, channels, 3),
    "avg_pool_3x3": lambda channels: nn.AvgPool2d(3, 1, padding=1, count_include_pad=False),
}


class NasBench201Cell(nn.Module):
    """Four nodes, each the sum of what its edges bring from the nodes before it."""

    def __init__(self, operations: Mapping[str, str], channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleDict(
            {edge: pick(OPERATIONS, name)(channels) for edge, name in operations.items()}
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        nodes = [features]
        for target in range(1, NODES):
            incoming = [self.edges[f"edge_{i}_{target}"](nodes[i]) for i in range(target)]
            nodes.append(reduce(add, incoming))
        return nodes[-1]


class Reduction(nn.Module):
    """The residual block between two stages: half the resolution, twice the channels."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            relu_conv_bn(in_channels, out_channels, 3, stride=2),
            relu_conv_bn(out_channels, out_channels, 3),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, 2, ceil_mode=True), conv(in_channels, out_channels, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, ceil(H / 2), ceil(W / 2))."""
        return self.shortcut(features) + self.body(features)  # type: ignore[no-any-return]


class NasBench201(nn.Module):
    """Three stages of equal cells. Every edge has its parameters, also one that leads nowhere.

    Args:
        cell: the operation on each edge, ``edge_0_1`` to ``edge_2_3``.
        channels: of the first stage; each later one has twice as many. 16 in the benchmark.
        cells: per stage; 5 in the benchmark.
        in_channels: of the images.
        num_classes: number of outputs.
    """

    def __init__(
        self, cell: Mapping[str, str], channels: int, cells: int, in_channels: int, num_classes: int
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [stem(in_channels, channels)]
        for stage in range(STAGES):
            if stage:
                layers.append(Reduction(channels, 2 * channels))
                channels *= 2
            layers += [NasBench201Cell(cell, channels) for _ in range(cells)]
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU())
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        return classify(self.features(images), self.linear)
