"""Transformers for texts (Vaswani et al. 2017), normalised before each part (Xiong et al. 2020)."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

PADDING = 0
"""The id behind a text's end."""


class TextTransformer(nn.Module):
    """Embedded tokens with learned positions through blocks of attention.

    The tokens' mean or maximum is told of, or each token alone. What stands behind a text's end
    is not looked at; of an empty text, the first place is.

    Args:
        vocabulary: how many ids there are.
        length: of the longest text, in tokens.
        width: of every token; a multiple of ``heads``.
        heads: of the attention.
        blocks: of each, ``ffn``: how many times wider its hidden layer is than a token, and
            ``dropout``: the chance of a feature to be dropped in training, 0 to 1.
        outputs: how many numbers are told of a text, or of a token.
        pool: what of a text's tokens is told of.
        causal: each token is told of, and sees only those before it and itself (Radford et al.
            2018); none are pooled.

    Raises:
        ValueError: if sizes do not divide.
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        width: int,
        heads: int,
        blocks: Sequence[Mapping[str, float]],
        outputs: int,
        pool: Literal["mean", "max"] = "mean",
        causal: bool = False,
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"heads {heads} do not divide width {width}")
        self.pool, self.causal = pool, causal
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.empty(length, width))
        for weight in (self.embedding.weight, self.positions):
            nn.init.normal_(weight, std=0.02)
        self.blocks = nn.ModuleList(
            Block(width, heads, int(block["ffn"] * width), block["dropout"]) for block in blocks
        )
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, outputs)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (N, L), int64, to (N, outputs); if ``causal``, to (N, L, outputs)."""
        within = (ids != PADDING) | (torch.arange(ids.shape[1], device=ids.device) == 0)
        tokens = self.embedding(ids) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            tokens = block(tokens, None if self.causal else within)
        tokens = self.norm(tokens)
        return self.linear(tokens if self.causal else self._pooled(tokens, within))  # type: ignore[no-any-return]

    def _pooled(self, tokens: Tensor, within: Tensor) -> Tensor:
        """(N, L, width) to (N, width), without what stands behind an end."""
        if self.pool == "max":
            return tokens.masked_fill(~within.unsqueeze(2), -torch.inf).amax(dim=1)
        weights = within.unsqueeze(2).to(tokens.dtype)
        return (tokens * weights).sum(dim=1) / weights.sum(dim=1)


class Block(nn.Module):
    """Attention among tokens, and a hidden layer for each of them.

    Args:
        width: of a token.
        heads: of the attention.
        hidden: features of the hidden layer.
        dropout: chance of a feature to be dropped in training.
    """

    def __init__(self, width: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.attended, self.spread = nn.LayerNorm(width), nn.LayerNorm(width)
        self.given, self.mixed = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.hidden = nn.Sequential(
            nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, within: Tensor | None) -> Tensor:
        """Tokens (N, L, width) to as many.

        Args:
            tokens: of all texts.
            within: (N, L), bool, which may be looked at; None: those before each, and itself.
        """
        tokens = tokens + self.dropout(self._attention(self.attended(tokens), within))
        return tokens + self.dropout(self.hidden(self.spread(tokens)))  # type: ignore[no-any-return]

    def _attention(self, tokens: Tensor, within: Tensor | None) -> Tensor:
        split = self.given(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if within is None else within[:, None, None, :]
        query, key, value = split.unbind()
        found = scaled_dot_product_attention(
            query, key, value, attn_mask=mask, is_causal=within is None
        )
        return self.mixed(found.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
