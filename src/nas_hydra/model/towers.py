"""Networks of several inputs: a tower for each, and what joins them."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.model.heads import Outputs, Perceptron, parted, total


class TwoTowers(nn.Module):
    """Each input goes through a tower of its own; their features are joined, and read by layers.

    Args:
        towers: for the inputs of these names, each to features (N, width).
        width: how many features each tower gives.
        fusion: how they are joined, a name of ``FUSIONS``.
        layers: hidden ones behind, see ``nas_hydra.model.heads.Perceptron``.
        outputs: of the network.

    Raises:
        ValueError: if there is no such fusion.
    """

    def __init__(
        self,
        towers: Mapping[str, nn.Module],
        width: int,
        fusion: str,
        layers: Sequence[Mapping[str, Any]],
        outputs: Outputs,
    ) -> None:
        super().__init__()
        if fusion not in FUSIONS:
            raise ValueError(f"there is no fusion '{fusion}'; allowed: {', '.join(FUSIONS)}")
        self.names, self.outputs = tuple(towers), outputs
        self.towers = nn.ModuleList(towers.values())
        self.fusion = FUSIONS[fusion](len(towers), width)
        self.head = Perceptron(self.fusion.width, layers, total(outputs))

    def forward(self, inputs: Mapping[str, Any]) -> Tensor | dict[str, Tensor]:
        """Inputs by name to (N, outputs), or to that of each head.

        Raises:
            ValueError: if there is none for a tower, or a tower answers a row several times.
        """
        if lacking := [name for name in self.names if name not in inputs]:
            known = ", ".join(inputs)
            raise ValueError(f"the tower {lacking[0]} has no input; the inputs are {known}")
        pairs = zip(self.names, self.towers, strict=True)
        features = {name: tower(inputs[name]) for name, tower in pairs}
        if self.training:
            _check_rows(features)
        joined = self.fusion(torch.stack([*features.values()], dim=1))
        return parted(self.head(joined), self.outputs)


def _check_rows(features: Mapping[str, Tensor]) -> None:
    """Make sure that each tower answers each row once.

    Raises:
        ValueError: naming a tower that does not.
    """
    least = min(map(len, features.values()))
    for name, one in features.items():
        if len(one) > least:
            raise ValueError(
                f"the tower {name} gives {len(one)} answers to {least} rows: an ensemble, as"
                " search_space=tabm is, can be no tower; name another space for it"
            )


class Concat(nn.Module):
    """Features side by side: nothing is lost, and the layers behind are wider.

    Args:
        towers: how many there are.
        width: of each one's features.
    """

    def __init__(self, towers: int, width: int) -> None:
        super().__init__()
        self.width = towers * width

    def forward(self, features: Tensor) -> Tensor:
        """(N, towers, width) to (N, towers x width)."""
        return features.flatten(1)


class Sum(nn.Module):
    """Features added.

    Args:
        towers: how many there are.
        width: of each one's features.
    """

    def __init__(self, towers: int, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, features: Tensor) -> Tensor:
        """(N, towers, width) to (N, width)."""
        return features.sum(dim=1)


class Product(Sum):
    """Features multiplied: each tower says how much of the others' counts."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, towers, width) to (N, width)."""
        return features.prod(dim=1)


class Gated(Sum):
    """A mean of the features, weighted anew for each row and feature (Arevalo et al. 2017).

    The weights are a softmax over the towers, of a linear layer of all their features.
    """

    def __init__(self, towers: int, width: int) -> None:
        super().__init__(towers, width)
        self.gates = nn.Linear(towers * width, towers * width)

    def forward(self, features: Tensor) -> Tensor:
        """(N, towers, width) to (N, width)."""
        weights: Tensor = self.gates(features.flatten(1)).view_as(features).softmax(dim=1)
        return (weights * features.tanh()).sum(dim=1)


FUSIONS: Mapping[str, type[Concat | Sum]] = {
    "concat": Concat,
    "sum": Sum,
    "product": Product,
    "gated": Gated,
}
