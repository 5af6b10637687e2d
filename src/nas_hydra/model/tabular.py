"""Networks for tables: their first layer, and residual networks (Gorishniy et al. 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.model.embedding import CategoryEmbedding, NumberEmbedding, OneHot
from nas_hydra.model.heads import Head, Outputs

Table = Mapping[str, Tensor]
"""Rows of a prepared table: ``numbers``, float32 (N, F), and ``categories``, int64 (N, G); a key is
absent where there is no such column."""


class FlatTable(nn.Module):
    """The columns of a table side by side: the first layer of networks that take vectors.

    Args:
        features: columns of numbers.
        cardinalities: how many codes each column of categories has.
        embedding: of the numbers; None takes them as they are.
        category_width: of a category's vector; None: one-hot.

    Raises:
        ValueError: if there are no columns.

    Attributes:
        width: of the vector that comes out.
    """

    def __init__(
        self,
        features: int,
        cardinalities: Sequence[int],
        embedding: NumberEmbedding | None = None,
        category_width: int | None = None,
    ) -> None:
        super().__init__()
        check_columns(features, cardinalities)
        self.layers = nn.ModuleDict()
        self.width = 0
        if features:
            self.layers["numbers"] = embedding or nn.Identity()
            self.width += features * (embedding.width if embedding else 1)
        if cardinalities:
            categories = _categories(cardinalities, category_width)
            self.layers["categories"] = categories
            self.width += categories.size

    def forward(self, table: Table) -> Tensor:
        """Rows to (N, width)."""
        columns = [layer(table[name]).flatten(1) for name, layer in self.layers.items()]
        return torch.cat(columns, dim=1)


def _categories(cardinalities: Sequence[int], width: int | None) -> OneHot | CategoryEmbedding:
    return OneHot(cardinalities) if width is None else CategoryEmbedding(cardinalities, width)


def check_columns(features: int, cardinalities: Sequence[int]) -> None:
    """Make sure that a table has columns.

    Raises:
        ValueError: if it has none.
    """
    if not features and not cardinalities:
        raise ValueError("the table has neither numbers nor categories to learn from")


def canonical(model: Any) -> Any:
    """A network's closed config without what works on columns that the table does not have.

    Candidates that differ in that alone compute the same function.
    """
    if isinstance(model, list):
        return [*map(canonical, model)]
    if not isinstance(model, Mapping):
        return model
    idle = {
        *(["embedding"] if model.get("features") == 0 else []),
        *(["category_width"] if model.get("cardinalities") == [] else []),
    }
    return {key: None if key in idle else canonical(part) for key, part in model.items()}


class TabResNet(nn.Module):
    """A residual network of linear layers ("ResNet" in Gorishniy et al. 2021).

    Args:
        table: the first layer.
        width: between the blocks.
        blocks: for each, ``factor``, how many times wider its hidden layer is, and ``dropout``,
            the chance of a hidden feature to be dropped in training.
        outputs: of the network.
    """

    def __init__(
        self, table: FlatTable, width: int, blocks: Sequence[Mapping[str, Any]], outputs: Outputs
    ) -> None:
        super().__init__()
        self.table = table
        self.linear = nn.Linear(table.width, width)
        self.blocks = nn.Sequential(*[ResidualBlock(width, **block) for block in blocks])
        self.norm = nn.Sequential(nn.BatchNorm1d(width), nn.ReLU())
        self.head = Head(outputs, width)

    def forward(self, table: Table) -> Tensor | dict[str, Tensor]:
        """Rows to (N, outputs), or to that of each head."""
        features = self.blocks(self.linear(self.table(table)))
        return self.head(self.norm(features))  # type: ignore[no-any-return]


class ResidualBlock(nn.Module):
    """Batch norm, a hidden layer, and what came in added.

    Args:
        width: of what comes in and goes out.
        factor: how many times wider the hidden layer is.
        dropout: chance of a hidden feature to be dropped in training, 0 to 1.
    """

    def __init__(self, width: int, factor: float, dropout: float) -> None:
        super().__init__()
        hidden = int(factor * width)
        self.layers = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.Linear(width, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, width),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, width) to the same."""
        return features + self.layers(features)  # type: ignore[no-any-return]
