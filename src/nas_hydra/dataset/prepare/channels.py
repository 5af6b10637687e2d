"""Standardised channels, whatever their rows look like."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.tree import Tree, leaves, tree_map

CONSTANT = 1e-6
"""A deviation of a channel that says nothing, as a share of its mean, or of 1 if that is less."""


@dataclass(frozen=True)
class StandardizeChannels(Prepare):
    """Mean 0 and deviation 1 in each channel of the training rows; whole numbers stay as they are.

    Channels are what the second dimension counts: features of (N, F), channels of (N, C, ...).
    """

    def fit(self, parts: Iterable[Tree]) -> "StandardizedChannels":
        """Of any tree; a channel without deviation is divided by 1."""
        sums: list[Tensor] = []
        for part in parts:
            found = [_sums(one) for one in leaves(part)]
            sums = found if not sums else [a + b for a, b in zip(sums, found, strict=True)]
        pairs = [_moments(*one) for one in sums]
        return StandardizedChannels([mean for mean, _ in pairs], [std for _, std in pairs])


class StandardizedChannels(nn.Module):
    """Trees of tensors to the same, each of floats ``(tensor - mean) / std``.

    Args:
        means: of each tensor's channels, (C,), in the tree's order; of others empty.
        stds: likewise, above 0.
    """

    def __init__(self, means: Sequence[Tensor], stds: Sequence[Tensor]) -> None:
        super().__init__()
        for place, (mean, std) in enumerate(zip(means, stds, strict=True)):
            self.register_buffer(f"mean{place}", mean)
            self.register_buffer(f"std{place}", std)

    def forward(self, inputs: Tree) -> Tree:
        """Standardise them."""
        place = iter(range(len(leaves(inputs))))
        return tree_map(lambda one: self._scaled(one, next(place)), inputs)

    def _scaled(self, tensor: Tensor, place: int) -> Tensor:
        if not _has_channels(tensor):
            return tensor
        shape = (-1, *[1] * (tensor.ndim - 2))
        mean, std = getattr(self, f"mean{place}"), getattr(self, f"std{place}")
        return (tensor - mean.view(shape)) / std.view(shape)  # type: ignore[no-any-return]


def _has_channels(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim >= 2


def _sums(tensor: Tensor) -> Tensor:
    """Number, sum and sum of squares of each channel, (3, C), float64."""
    if not _has_channels(tensor):
        return torch.zeros(3, 0, dtype=torch.float64)
    doubles = tensor.double().movedim(1, 0).flatten(1)
    number = torch.full(doubles.shape[:1], doubles.shape[1], dtype=torch.float64)
    return torch.stack([number, doubles.sum(1), doubles.square().sum(1)])


def _moments(number: Tensor, total: Tensor, squares: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel."""
    mean = total / number
    std = ((squares - number * mean.square()) / (number - 1).clamp_min(1)).clamp_min(0).sqrt()
    constant = std <= CONSTANT * mean.abs().clamp_min(1)
    return mean.float(), torch.where(constant, 1.0, std).float()
