"""Series of unequal length in a network: what stands after their ends counts nowhere."""

from typing import TypeAlias

from torch import Tensor
from torch.nn import functional

SeriesInputs: TypeAlias = Tensor | dict[str, Tensor]
"""Series (N, C, L); of unequal length ``{"series": (N, C, L), "mask": bool (N, L)}``."""


def opened(inputs: SeriesInputs) -> tuple[Tensor, Tensor | None]:
    """The series (N, C, L), and where they have values, bool (N, 1, L); None if all have."""
    if isinstance(inputs, Tensor):
        return inputs, None
    return inputs["series"], inputs["mask"][:, None]


def kept(features: Tensor, mask: Tensor | None, beyond: float = 0.0) -> Tensor:
    """Features (N, C, L) that are the same number after the ends of their series."""
    return features if mask is None else features.masked_fill(~mask, beyond)


def averaged(features: Tensor, mask: Tensor | None) -> Tensor:
    """The mean of the steps that have values, (N, C), of features that are 0 at all others."""
    if mask is None:
        return features.mean(dim=2)
    return features.sum(dim=2) / mask.sum(dim=2).clamp_min(1)


def largest(features: Tensor, size: int, stride: int, padding: int = 0) -> Tensor:
    """The largest of so many steps, (N, C, L) to as many as a convolution would give.

    That of torch for one dimension cannot be exported for any length.
    """
    pooled = functional.max_pool2d(features[:, :, None], (1, size), (1, stride), (0, padding))
    return pooled[:, :, 0]
