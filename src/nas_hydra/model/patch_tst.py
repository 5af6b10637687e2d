"""Transformers on patches of series, PatchTST (Nie et al. 2023)."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas_hydra.model.masked import SeriesInputs, largest, opened
from nas_hydra.model.operation import pick


class PatchTst(nn.Module):
    """Every channel's patches through the same encoder; what comes out of all is classified.

    Args:
        length: L of the series, at least ``patch``.
        patch: steps of a patch.
        stride: steps from one patch to the next, at most ``patch``. The last value is repeated
            until the patches cover it.
        width: of every token; a multiple of ``heads``.
        heads: of the attention.
        norm: ``batch`` (over all tokens, as in the paper) or ``layer``.
        pool: what is made of a channel's tokens: their ``mean``, or ``flatten``: all of them.
        blocks: of each the arguments ``ffn`` and ``dropout`` of ``Block``.
        in_channels: C of the series.
        num_classes: number of outputs.

    Raises:
        ValueError: if a size does not fit another.
    """

    def __init__(
        self,
        length: int,
        patch: int,
        stride: int,
        width: int,
        heads: int,
        norm: str,
        pool: str,
        blocks: Sequence[Mapping[str, Any]],
        in_channels: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        if not stride <= patch <= length:
            raise ValueError(f"stride {stride}, patch {patch} and length {length} must ascend")
        self.patch, self.stride, self.channels = patch, stride, in_channels
        self.beyond = (patch - length) % stride
        tokens = (length + self.beyond - patch) // stride + 1
        self.patches = nn.Conv1d(1, width, patch, stride)
        self.positions = nn.Parameter(torch.empty(1, tokens, width).normal_(std=0.02))
        self.blocks = nn.ModuleList(Block(width, heads, norm, **block) for block in blocks)
        self.pool = pick(POOLS, pool)()
        features = in_channels * width * (tokens if pool == "flatten" else 1)
        self.linear = nn.Linear(features, num_classes)

    def forward(self, inputs: SeriesInputs) -> Tensor:
        """Series (N, C, L), or with a mask, to logits (N, num_classes)."""
        series, mask = opened(inputs)
        covered = functional.pad(series, (0, self.beyond), mode="replicate")
        tokens = self.patches(covered.flatten(0, 1)[:, None]).transpose(1, 2) + self.positions
        known = None if mask is None else self._known(mask)
        for block in self.blocks:
            tokens = block(tokens, known)
        features = self.pool(tokens, known).unflatten(0, (-1, self.channels))
        return self.linear(features.flatten(1))  # type: ignore[no-any-return]

    def _known(self, mask: Tensor) -> Tensor:
        """Which tokens, (N * C, tokens), have a value in their patch; the first always counts."""
        covered = functional.pad(mask.float(), (0, self.beyond))
        some = largest(covered, self.patch, self.stride)[:, 0] > 0
        known = torch.cat([torch.ones_like(some[:, :1]), some[:, 1:]], dim=1)
        return known.repeat_interleave(self.channels, dim=0)


class Mean(nn.Module):
    """The mean of the tokens that count."""

    def forward(self, tokens: Tensor, known: Tensor | None) -> Tensor:
        """(B, tokens, width) to (B, width)."""
        if known is None:
            return tokens.mean(dim=1)
        weights = known[..., None].to(tokens.dtype)
        return (tokens * weights).sum(dim=1) / weights.sum(dim=1)


class Flatten(nn.Module):
    """All tokens, 0 where they do not count."""

    def forward(self, tokens: Tensor, known: Tensor | None) -> Tensor:
        """(B, tokens, width) to (B, tokens * width)."""
        if known is not None:
            tokens = tokens * known[..., None]
        return tokens.flatten(1)


class BatchNorm(nn.BatchNorm1d):
    """Batch norm of tokens, after Zerveas et al. 2021."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, tokens, width), each feature over all tokens of all rows."""
        return super().forward(tokens.transpose(1, 2)).transpose(1, 2)


POOLS = {"mean": Mean, "flatten": Flatten}
NORMS = {"batch": BatchNorm, "layer": nn.LayerNorm}


class Block(nn.Module):
    """Attention and a feed-forward layer, each with a shortcut and a norm after it.

    Args:
        width: of a token.
        heads: of the attention.
        norm: a key of ``NORMS``.
        ffn: how many times wider the hidden layer is than a token.
        dropout: chance of a feature to be dropped in training, 0 to 1.

    Raises:
        ValueError: if heads do not divide the width.
    """

    def __init__(self, width: int, heads: int, norm: str, ffn: int, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"heads {heads} do not divide width {width}")
        make = pick(NORMS, norm)
        self.attention = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.attention_norm = make(width)
        self.hidden = nn.Sequential(
            *(nn.Linear(width, ffn * width), nn.GELU(), nn.Dropout(dropout)),
            nn.Linear(ffn * width, width),
        )
        self.hidden_norm = make(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, known: Tensor | None) -> Tensor:
        """(B, tokens, width) to the same; ``known`` says which of them are looked at."""
        unknown = None if known is None else ~known
        seen, _ = self.attention(
            tokens, tokens, tokens, key_padding_mask=unknown, need_weights=False
        )
        tokens = self.attention_norm(tokens + self.dropout(seen))
        return self.hidden_norm(tokens + self.dropout(self.hidden(tokens)))  # type: ignore[no-any-return]
