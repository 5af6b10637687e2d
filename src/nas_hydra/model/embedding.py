"""Embeddings of a table's columns: a vector for each number (Gorishniy et al. 2022) and category.

Numbers are taken as a preparation leaves them: about standard normal, none missing.
"""

import math
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn


class NumberEmbedding(nn.Module):
    """A vector for each number: what ``encoded`` makes of it, through a layer of its column's own.

    Args:
        features: columns of numbers, at least 1.
        width: of a vector.
        size: of what ``encoded`` makes of a number.
        relu: whether the layer ends in one.
    """

    def __init__(self, features: int, width: int, size: int, relu: bool) -> None:
        super().__init__()
        bound = 1 / math.sqrt(size)
        self.features, self.width = features, width
        self.weight = nn.Parameter(torch.empty(features, size, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(features, width).uniform_(-bound, bound))
        self.activation = nn.ReLU() if relu else nn.Identity()

    def encoded(self, numbers: Tensor) -> Tensor:
        """(N, features) to (N, features, size)."""
        raise NotImplementedError

    def forward(self, numbers: Tensor) -> Tensor:
        """(N, features) to (N, features, width)."""
        vectors = torch.einsum("nfs,fsw->nfw", self.encoded(numbers), self.weight) + self.bias
        return self.activation(vectors)  # type: ignore[no-any-return]


class LinearEmbedding(NumberEmbedding):
    """The number itself ("LR"; without the ReLU, that of FT-Transformer, Gorishniy et al. 2021)."""

    def __init__(self, features: int, width: int, relu: bool = True) -> None:
        super().__init__(features, width, 1, relu)

    def encoded(self, numbers: Tensor) -> Tensor:
        """(N, features) to (N, features, 1)."""
        return numbers.unsqueeze(2)


class PeriodicEmbedding(NumberEmbedding):
    """Sines and cosines of learnt frequencies ("PLR").

    Args:
        features: columns of numbers, at least 1.
        width: of a vector.
        sigma: standard deviation of the frequencies at first, per unit of the numbers; what suits
            differs between tables by orders of magnitude.
        frequencies: of each column.
        relu: whether a ReLU comes last.
    """

    def __init__(
        self,
        features: int,
        width: int,
        sigma: float = 0.1,
        frequencies: int = 24,
        relu: bool = True,
    ) -> None:
        super().__init__(features, width, 2 * frequencies, relu)
        self.frequencies = nn.Parameter(torch.empty(features, frequencies).normal_(0, sigma))

    def encoded(self, numbers: Tensor) -> Tensor:
        """(N, features) to (N, features, 2 x frequencies), from -1 to 1."""
        angles = 2 * math.pi * numbers.unsqueeze(2) * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=2)


class PiecewiseLinearEmbedding(NumberEmbedding):
    """How far the number is through each of its column's bins ("Q-LR").

    The paper takes the bins' edges from quantiles of the data. These are the quantiles of a
    standard normal, and so those of the data where ``dataset.prepare`` makes it one (quantile).

    Args:
        features: columns of numbers, at least 1.
        width: of a vector.
        bins: how many, at least 2.
        relu: whether a ReLU comes last.
    """

    edges: Tensor

    def __init__(self, features: int, width: int, bins: int = 16, relu: bool = True) -> None:
        super().__init__(features, width, bins, relu)
        shares = torch.arange(bins + 1) / bins
        # The outermost bins have no end; where 0 and 1 are reached in them is the middle of theirs.
        edges = torch.special.ndtri(shares.clamp(0.5 / bins, 1 - 0.5 / bins))
        self.register_buffer("edges", edges)

    def encoded(self, numbers: Tensor) -> Tensor:
        """(N, features) to (N, features, bins): 1 in those below it, 0 in those above."""
        low, high = self.edges[:-1], self.edges[1:]
        through = (numbers.unsqueeze(2) - low) / (high - low)
        first, within, last = through[..., :1], through[..., 1:-1], through[..., -1:]
        return torch.cat([first.clamp(max=1), within.clamp(0, 1), last.clamp(min=0)], dim=2)


def offsets(cardinalities: Sequence[int]) -> Tensor:
    """Where each column's codes begin if those of all are numbered on, (G,), int64."""
    return torch.tensor([0, *accumulate(cardinalities[:-1])])


class CategoryEmbedding(nn.Module):
    """A learnt vector for each category.

    Args:
        cardinalities: how many codes each column has, 0 for missing or unknown among them.
        width: of a vector.

    Attributes:
        size: of all columns' vectors together.
    """

    offsets: Tensor

    def __init__(self, cardinalities: Sequence[int], width: int) -> None:
        super().__init__()
        self.size = width * len(cardinalities)
        self.register_buffer("offsets", offsets(cardinalities))
        self.vectors = nn.Embedding(sum(cardinalities), width)
        bound = 1 / math.sqrt(width)
        nn.init.uniform_(self.vectors.weight, -bound, bound)

    def forward(self, codes: Tensor) -> Tensor:
        """(N, G), int64, to (N, G, width)."""
        return self.vectors(codes + self.offsets)  # type: ignore[no-any-return]


class OneHot(nn.Module):
    """A 1 at each category's place, 0 elsewhere.

    Args:
        cardinalities: as of ``CategoryEmbedding``.

    Attributes:
        size: of all columns together.
    """

    def __init__(self, cardinalities: Sequence[int]) -> None:
        super().__init__()
        self.cardinalities, self.size = tuple(cardinalities), sum(cardinalities)

    def forward(self, codes: Tensor) -> Tensor:
        """(N, G), int64, to (N, sum of the cardinalities)."""
        return torch.cat([*map(self._column, codes.unbind(1), self.cardinalities)], dim=1)

    def _column(self, codes: Tensor, cardinality: int) -> Tensor:
        places = torch.arange(cardinality, device=codes.device)
        return torch.eq(codes.unsqueeze(1), places).float()
