"""The networks of NAS-Bench-101 (Ying et al. 2019)."""

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.cell.nasbench101 import Graph, pruned, vertex_channels
from nas_hydra.model.operation import Operations, classify, conv_bn_relu, pick, stem

OPERATIONS: Operations = {
    "conv3x3": lambda channels: conv_bn_relu(channels, channels, 3),
    "conv1x1": lambda channels: conv_bn_relu(channels, channels, 1),
    "maxpool3x3": lambda channels: nn.MaxPool2d(3, 1, padding=1),
}


class NasBench101Cell(nn.Module):
    """Vertices add up what they are fed; the output puts it side by side.

    The input is projected by a 1x1 convolution to the width of every vertex that it feeds, and
    added to the output rather than put beside it.

    Args:
        graph: the pruned cell.
        in_channels: of the input.
        out_channels: of the output, shared among the vertices that feed it.
    """

    def __init__(self, graph: Graph, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.graph = graph
        self.widths = vertex_channels(graph, out_channels)
        self.projections = nn.ModuleDict(
            {str(v): conv_bn_relu(in_channels, self.widths[v], 1) for v in graph.targets(0)}
        )
        self.vertices = nn.ModuleList(
            pick(OPERATIONS, name)(self.widths[vertex])
            for vertex, name in enumerate(graph.operations, start=1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, H, W)."""
        values = [features]
        for vertex, operation in enumerate(self.vertices, start=1):
            # a vertex may be one channel wider than the next: shares are not always even
            fed = [value[:, : self.widths[vertex]] for value in self._inner(vertex, values)]
            values.append(operation(reduce(add, fed + self._projected(vertex, features))))
        last = self._inner(self.graph.output, values)
        joined = [torch.cat(last, dim=1)] if last else []
        return reduce(add, joined + self._projected(self.graph.output, features))

    def _inner(self, vertex: int, values: list[Tensor]) -> list[Tensor]:
        return [values[source] for source in self.graph.sources(vertex) if source]

    def _projected(self, vertex: int, features: Tensor) -> list[Tensor]:
        name = str(vertex)
        return [self.projections[name](features)] if name in self.projections else []


class NasBench101(nn.Module):
    """Stacks of equal cells; between stacks, half the resolution and twice the channels.

    Args:
        cell: which edges there are, ``edge_0_1`` to ``edge_5_6``, and the operations of
            ``vertex_1`` to ``vertex_5``.
        channels: of the first stack; 128 in the benchmark.
        stacks: how many; 3 in the benchmark.
        cells: per stack; 3 in the benchmark.
        in_channels: of the images.
        num_classes: number of outputs.

    Raises:
        ValueError: if no way leads from the cell's input to its output.
    """

    def __init__(
        self,
        cell: Mapping[str, Any],
        channels: int,
        stacks: int,
        cells: int,
        in_channels: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        graph = pruned(cell)
        if not graph.edges:
            raise ValueError("no way leads from the cell's input to its output")
        layers: list[nn.Module] = [stem(in_channels, channels, nn.ReLU())]
        before = channels
        for stack in range(stacks):
            if stack:
                layers.append(nn.MaxPool2d(2, 2, ceil_mode=True))
                channels *= 2
            for _ in range(cells):
                layers.append(NasBench101Cell(graph, before, channels))
                before = channels
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        return classify(self.features(images), self.linear)
