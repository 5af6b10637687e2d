"""Last layers: an output, or one for each of several heads."""

from collections.abc import Mapping

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
