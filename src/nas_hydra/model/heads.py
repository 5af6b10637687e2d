"""Last layers: an output, or one for each of several heads; and heads with layers of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Outputs = int | Mapping[str, int]
"""How many numbers a network gives for a row; of several heads, by their names."""


def total(outputs: Outputs) -> int:
    """How many numbers there are in all heads together."""
    return sum(outputs.values()) if isinstance(outputs, Mapping) else outputs


def parted(numbers: Tensor, outputs: Outputs) -> Tensor | dict[str, Tensor]:
    """The numbers of all heads, (N, total), by the heads' names; as they are if there is one."""
    if not isinstance(outputs, Mapping):
        return numbers
    parts = torch.split(numbers, [*outputs.values()], dim=1)
    return dict(zip(outputs, parts, strict=True))


class Head(nn.Module):
    """A linear layer; with several heads one for each, computed as one.

    Args:
        outputs: of the network.
        width: of what comes in; None: as the first batch has it.
    """

    def __init__(self, outputs: Outputs, width: int | None = None) -> None:
        super().__init__()
        numbers = total(outputs)
        self.outputs = outputs
        self.linear = nn.LazyLinear(numbers) if width is None else nn.Linear(width, numbers)

    def forward(self, features: Tensor) -> Tensor | dict[str, Tensor]:
        """(N, width) to (N, outputs), or to that of each head."""
        return parted(self.linear(features), self.outputs)


class Perceptron(nn.Sequential):
    """Hidden layers, each after a ReLU, and a linear one.

    Args:
        width: of what comes in.
        layers: for each hidden one, its ``width``, and ``dropout``, the chance of a feature to be
            dropped in training.
        outputs: how many numbers come out.
    """

    def __init__(self, width: int, layers: Sequence[Mapping[str, Any]], outputs: int) -> None:
        super().__init__(nn.ReLU())
        for layer in layers:
            dropout = nn.Dropout(layer["dropout"])
            self.extend([nn.Linear(width, layer["width"]), nn.ReLU(), dropout])
            width = layer["width"]
        self.append(nn.Linear(width, outputs))


class MultiHead(nn.Module):
    """A network whose features several heads share (Caruana 1997), each with layers of its own.

    Args:
        trunk: inputs to features, (N, width).
        width: how many features there are.
        layers: hidden ones of every head, see ``Perceptron``.
        outputs: of the heads, by their names; a number, if there is but one.
    """

    def __init__(
        self,
        trunk: nn.Module,
        width: int,
        layers: Sequence[Mapping[str, Any]],
        outputs: Outputs,
    ) -> None:
        super().__init__()
        self.trunk, self.outputs = trunk, outputs
        numbers = outputs.values() if isinstance(outputs, Mapping) else [outputs]
        # No ModuleDict: a head may be called price.eur, or as one of its own methods.
        self.heads = nn.ModuleList(Perceptron(width, layers, number) for number in numbers)

    def forward(self, inputs: Any) -> Tensor | dict[str, Tensor]:
        """Inputs to (N, outputs), or to that of each head."""
        features = self.trunk(inputs)
        found: list[Tensor] = [head(features) for head in self.heads]
        if not isinstance(self.outputs, Mapping):
            return found[0]
        return dict(zip(self.outputs, found, strict=True))
