"""FT-Transformer: each column of a table is a token (Gorishniy et al. 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas_hydra.model.embedding import CategoryEmbedding, NumberEmbedding
from nas_hydra.model.heads import Head, Outputs
from nas_hydra.model.tabular import Table, check_columns


class FtTransformer(nn.Module):
    """Columns and a class token through pre-norm blocks; the class token is what is told.

    Args:
        features: columns of numbers.
        cardinalities: how many codes each column of categories has.
        embedding: of the numbers, as wide as a token.
        width: of every token; a multiple of ``heads``.
        heads: of the attention.
        blocks: for each, ``ffn``, how many times wider its hidden layer is than a token, and
            ``dropout``, the chance of a hidden feature and of an attention to be dropped.
        outputs: of the network.

    Raises:
        ValueError: if there are no columns, or sizes do not fit.
    """

    def __init__(
        self,
        features: int,
        cardinalities: Sequence[int],
        embedding: NumberEmbedding,
        width: int,
        heads: int,
        blocks: Sequence[Mapping[str, Any]],
        outputs: Outputs,
    ) -> None:
        super().__init__()
        check_columns(features, cardinalities)
        if embedding.width != width:
            raise ValueError(f"the embedding is {embedding.width} wide, and a token {width}")
        self.layers = nn.ModuleDict()
        if features:
            self.layers["numbers"] = embedding
        if cardinalities:
            self.layers["categories"] = CategoryEmbedding(cardinalities, width)
        self.class_token = nn.Parameter(torch.empty(1, 1, width).normal_(std=0.02))
        # The first block normalises nothing before its attention: easier to train (section 3.3).
        self.blocks = nn.Sequential(
            *[FtBlock(width, heads, norm=place > 0, **block) for place, block in enumerate(blocks)]
        )
        self.norm = nn.Sequential(nn.LayerNorm(width), nn.ReLU())
        self.head = Head(outputs, width)

    def forward(self, table: Table) -> Tensor | dict[str, Tensor]:
        """Rows to (N, outputs), or to that of each head."""
        columns = [layer(table[name]) for name, layer in self.layers.items()]
        start = self.class_token.expand(columns[0].shape[0], -1, -1)
        tokens = self.blocks(torch.cat([start, *columns], dim=1))
        return self.head(self.norm(tokens[:, 0]))  # type: ignore[no-any-return]


class FtBlock(nn.Module):
    """Attention, then a hidden layer with a gate (ReGLU); each adds to what came in.

    Args:
        width: of a token; a multiple of ``heads``.
        heads: of the attention.
        norm: whether what goes into the attention is normalised.
        ffn: how many times wider the hidden layer is.
        dropout: chance of a hidden feature and of an attention to be dropped, 0 to 1.

    Raises:
        ValueError: if heads do not divide the width.
    """

    def __init__(self, width: int, heads: int, norm: bool, ffn: float, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"heads {heads} do not divide width {width}")
        hidden = int(ffn * width)
        self.heads, self.dropout = heads, dropout
        self.norm = nn.LayerNorm(width) if norm else nn.Identity()
        self.attended = nn.Linear(width, 3 * width)
        self.mixed = nn.Linear(width, width)
        self.gated = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * hidden))
        self.hidden = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, tokens, width) to the same."""
        tokens = tokens + self._attention(self.norm(tokens))
        values, gates = self.gated(tokens).chunk(2, dim=2)
        return tokens + self.hidden(values * gates.relu())  # type: ignore[no-any-return]

    def _attention(self, tokens: Tensor) -> Tensor:
        parts = self.attended(tokens).chunk(3, dim=2)
        query, key, value = (one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in parts)
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        return self.mixed(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
