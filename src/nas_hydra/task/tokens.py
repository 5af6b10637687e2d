"""Language modelling: at each token of a text, which one comes next."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nas_hydra.dataset import Data
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import CandidateError
from nas_hydra.objective import Direction
from nas_hydra.task.base import Reduction, Task

IGNORED = -100
"""The target where no token follows."""


class Tokens(Task):
    """Cross-entropy of the next token; logits (N, L, outputs) for ids (N, L), int64.

    A row's loss, in nats, is the mean over its tokens. Over all tokens of all rows alike go
    ``perplexity``, the exponential of their mean loss, and ``acc``, the share that is told right.

    Args:
        outputs: how many tokens there are, see ``dataset.vocabulary``.
        settings: as of every task.
    """

    scores: Mapping[str, Direction] = {"perplexity": "minimize", "acc": "maximize"}
    percent = ("acc",)
    output = "logits"
    takes = "next"

    def __init__(self, outputs: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.outputs = outputs

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """The rows' mean losses, on average or in all."""
        losses = _losses(output, target).sum(dim=1) / _counts(target).clamp(min=1)
        return losses.mean() if reduction == "mean" else losses.sum()

    def check(self, output: object, target: Tensor) -> None:
        """Make sure that there is one logit per row, token and token of the vocabulary."""
        given = form_of(output)
        wanted = (*target.shape, self.outputs)
        if not isinstance(output, Tensor) or output.shape != wanted:
            raise CandidateError(
                f"the model gives {given} for {len(target)} texts; {wanted} is needed: of each text"
                " and token the logits of what comes next (search_space=causal_transformer)"
            )

    def gathered(self, output: Tensor, target: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Of each row the sum of its losses, how many tokens are told right, and how many are."""
        right = (output.argmax(dim=2) == target).sum(dim=1)
        kept = {"loss": _losses(output, target).sum(dim=1), "right": right}
        return {**kept, "tokens": _counts(target)}, target[:, :0]

    def score(self, kept: Mapping[str, Tensor], target: Tensor) -> Mapping[str, Tensor]:
        """Perplexity and accuracy."""
        tokens = kept["tokens"].sum().clamp(min=1)
        perplexity = (kept["loss"].double().sum() / tokens).exp()
        return {"perplexity": perplexity.float(), "acc": kept["right"].sum() / tokens}

    def answer(self, output: Tensor) -> Tensor:
        """The most probable next token at each token, (n, L)."""
        return output.argmax(dim=2)

    def title(self, params: str) -> str:
        """``A language model with 1,210 parameters and 2,000 tokens``."""
        return f"A language model with {params} parameters and {self.outputs:,} tokens"

    def outlook(self, data: Data) -> Iterator[str]:
        """How many tokens are told of, and what one gets that knows only how frequent each is."""
        splits: list[Any] = [getattr(data, name, None) for name in ("train", "valid")]
        if not all(hasattr(split, "target") for split in splits):
            return  # somebody's own loaders
        train, valid = (split.target[split.target != IGNORED] for split in splits)
        seen = train.bincount(minlength=self.outputs) + 1.0  # so that none is impossible
        loss = -(seen / seen.sum()).log()[valid].mean().item()
        yield (
            f"validation: {len(valid):,} tokens are told of; by their frequencies alone the"
            f" perplexity would be {math.exp(loss):.4g}"
        )


def _losses(output: Tensor, target: Tensor) -> Tensor:
    """(N, L), 0 where nothing follows."""
    return cross_entropy(output.transpose(1, 2), target, ignore_index=IGNORED, reduction="none")


def _counts(target: Tensor) -> Tensor:
    """(N,), how many tokens of each row are told of."""
    return torch.sum(target != IGNORED, dim=1)
