"""Convolutional networks for texts (Kim 2014): branches of kernels, and the strongest of each."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

PADDING = 0
"""The id behind a text's end."""


class TextCnn(nn.Module):
    """Embedded tokens through branches of one convolution each; the maxima over time go on.

    What stands behind a text's end is no part of it: more of it changes nothing.

    Args:
        vocabulary: how many ids there are.
        width: of a token's embedding.
        kernels: for each branch, how many tokens its kernel covers; odd.
        filters: of each branch.
        outputs: how many numbers are told of a text.
        dropout: chance of a feature to be dropped in training, 0 to 1.

    Raises:
        ValueError: if a kernel is not odd, or there is none.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        kernels: Sequence[int],
        filters: int,
        outputs: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if not kernels or not all(kernel % 2 for kernel in kernels):
            raise ValueError(f"kernels {list(kernels)} must be odd, and one at least")
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.branches = nn.ModuleList(
            nn.Conv1d(width, filters, kernel, padding=kernel // 2) for kernel in kernels
        )
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(filters * len(kernels), outputs)

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (N, L), int64, to (N, outputs)."""
        embedded = self.embedding(ids).transpose(1, 2)
        within = (ids != PADDING).unsqueeze(1)  # what is 0 here is never the largest
        found = [(branch(embedded).relu() * within).amax(dim=2) for branch in self.branches]
        return self.linear(self.dropout(torch.cat(found, dim=1)))  # type: ignore[no-any-return]
