"""What comes next in a text, by counts of tokens: models without a network."""

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from nas_hydra.task.tokens import IGNORED


class NGram:
    """Logarithms of the next token's probabilities: a unigram, or a bigram model.

    Every token counts once more than it was seen, so that none is impossible. The bigram model
    trusts the pairs with a token as far as that has few different followers, and the unigram model
    for the rest (Witten and Bell 1991, "The zero-frequency problem").

    Args:
        ids: (N, L), int64, of the rows that are trained on.
        target: (N, L), the token that follows each; ``IGNORED`` where none does.
        vocabulary: how many tokens there are.
        bigram: whether the token before is looked at.
    """

    def __init__(self, ids: Tensor, target: Tensor, vocabulary: int, bigram: bool) -> None:
        there = target != IGNORED
        follows, before = target[there], ids[there]
        counts = follows.bincount(minlength=vocabulary) + 1.0
        self.unigram = counts / counts.sum()
        pairs = (np.ones(len(before), np.float32), (before.numpy(), follows.numpy()))
        self.pairs = csr_array(pairs, shape=(vocabulary, vocabulary)) if bigram else None

    def __call__(self, ids: Tensor) -> Tensor:
        """(N, L, vocabulary), float32, for ids (N, L)."""
        if self.pairs is None:
            return self.unigram.log().expand(*ids.shape, -1)
        # Few of a batch are different.
        before, places = ids.unique(return_inverse=True)  # type: ignore[no-untyped-call]
        counts = torch.from_numpy(self.pairs[before.numpy()].toarray())
        kinds = (counts > 0).sum(dim=1, keepdim=True).clamp(min=1)
        shares = (counts + kinds * self.unigram) / (counts.sum(dim=1, keepdim=True) + kinds)
        return shares.log()[places]
