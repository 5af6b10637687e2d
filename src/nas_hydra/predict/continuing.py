"""What a language model goes on with, token by token."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas_hydra.dataset.texts.tokenizing import PADDING, UNKNOWN, Tokenizer
from nas_hydra.network import outputs

TOKENS = 20
"""So many follow a text."""


@dataclass(frozen=True)
class Continuation:
    """Always the most probable token; one that no text has is never one of them.

    Where a text is as long as the network takes, it forgets the first token for each that follows.

    Args:
        network: ids (N, L) to logits (N, L, tokens).
        tokenizer: that the ids are of.
    """

    network: nn.Module
    tokenizer: Tokenizer

    def __call__(self, ids: Tensor) -> list[str]:
        """What follows each row of ids (N, L), int64, padded behind the end."""
        found = []
        with torch.inference_mode():
            for _ in range(TOKENS):
                following = self._following(ids)
                ids = _extended(ids, following)
                found.append(following)
        return [self.tokenizer.text(row) for row in torch.stack(found, dim=1).tolist()]

    def _following(self, ids: Tensor) -> Tensor:
        """(N,), the token after the last of each row."""
        logits = outputs(self.network, ids)
        last = ((ids != PADDING).sum(dim=1) - 1).clamp(min=0)
        told = logits[torch.arange(len(ids)), last].clone()
        told[:, [PADDING, UNKNOWN]] = -torch.inf
        following: Tensor = told.argmax(dim=1)
        return following


def _extended(ids: Tensor, following: Tensor) -> Tensor:
    """The rows with a token more, in as many places."""
    length = ids.shape[1]
    wide = torch.cat([ids, torch.full_like(ids[:, :1], PADDING)], dim=1)
    lengths = (ids != PADDING).sum(dim=1)
    wide[torch.arange(len(ids)), lengths] = following
    return torch.where((lengths == length)[:, None], wide[:, 1:], wide[:, :-1])
