"""TabM, an ensemble in one network (Gorishniy et al. 2025), of BatchEnsemble (Wen et al. 2020)."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.model.heads import Outputs, parted, total
from nas_hydra.model.tabular import FlatTable, Table


class TabM(nn.Module):
    """Perceptrons that share their weights, and scale them each in its own way.

    In training each member answers each row, and has a loss of its own: the answers of all come
    out one member after the other, (members x N, outputs), see ``nas_hydra.task.members``.
    In evaluation the answer is the mean over the members, (N, outputs): of logits, not of
    probabilities, so that it is the same for every task.

    Args:
        table: the first layer.
        members: of the ensemble.
        layers: for each hidden one, its ``width``, and ``dropout``, the chance of a feature to be
            dropped in training.
        outputs: of the network.
    """

    def __init__(
        self,
        table: FlatTable,
        members: int,
        layers: Sequence[Mapping[str, Any]],
        outputs: Outputs,
    ) -> None:
        super().__init__()
        self.table, self.members, self.outputs = table, members, outputs
        # Random signs make the members differ; all other scales begin at 1.
        self.signs = nn.Parameter(torch.empty(members, table.width).bernoulli_(0.5) * 2 - 1)
        widths = [table.width, *(layer["width"] for layer in layers)]
        self.layers = nn.Sequential()
        for before, layer in zip(widths, layers, strict=False):
            hidden = BatchEnsembleLinear(members, before, layer["width"])
            self.layers.extend([hidden, nn.ReLU(), nn.Dropout(layer["dropout"])])
        self.head = MemberLinear(members, widths[-1], total(outputs))

    def forward(self, table: Table) -> Tensor | dict[str, Tensor]:
        """Rows to the outputs, or to those of each head; see above for how many rows."""
        features = self.table(table).unsqueeze(1) * self.signs
        answers = self.head(self.layers(features))
        numbers = answers.transpose(0, 1).flatten(0, 1) if self.training else answers.mean(dim=1)
        return parted(numbers, self.outputs)


class BatchEnsembleLinear(nn.Module):
    """A linear layer that members share, with scales of inputs and outputs and a bias of their own.

    Args:
        members: of the ensemble.
        width: of what comes in.
        outputs: width of what goes out.
    """

    def __init__(self, members: int, width: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width)
        self.shared = nn.Linear(width, outputs, bias=False)
        self.scale_in = nn.Parameter(torch.ones(members, width))
        self.scale_out = nn.Parameter(torch.ones(members, outputs))
        self.bias = nn.Parameter(torch.empty(members, outputs).uniform_(-bound, bound))

    def forward(self, features: Tensor) -> Tensor:
        """(N, members, width) to (N, members, outputs)."""
        shared = self.shared(features * self.scale_in)
        return shared * self.scale_out + self.bias  # type: ignore[no-any-return]


class MemberLinear(nn.Module):
    """A linear layer for each member.

    Args:
        members: of the ensemble.
        width: of what comes in.
        outputs: width of what goes out.
    """

    def __init__(self, members: int, width: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(width)
        self.weight = nn.Parameter(torch.empty(members, width, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, outputs).uniform_(-bound, bound))

    def forward(self, features: Tensor) -> Tensor:
        """(N, members, width) to (N, members, outputs)."""
        return torch.einsum("nmi,mio->nmo", features, self.weight) + self.bias
