"""Numbers in units that a network learns well, and back: a regression's target scaled inside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from nas_hydra.errors import ConfigError, listing, nearest

SMALL = 1e-6
"""How far above the bound of a transform a number is taken to be that is below."""
LEAST = 1e-12
"""Share of the largest target below which a deviation is none but that of rounding."""


class Transform(NamedTuple):
    """What becomes of a target before it is standardised.

    Args:
        forth: of it.
        back: the inverse.
        above: every target must be larger.
    """

    forth: Callable[[Tensor], Tensor]
    back: Callable[[Tensor], Tensor]
    above: float


TRANSFORMS: Mapping[str, Transform] = {
    "log": Transform(torch.log, torch.exp, 0.0),
    "log1p": Transform(torch.log1p, torch.expm1, -1.0),
}


@dataclass(frozen=True)
class Scaling:
    """Subtracts a mean and divides by a deviation, after a logarithm if that is wanted.

    Args:
        mean: of the training rows' transformed targets, (T,).
        std: their standard deviation, (T,); 1 of a target that is the same in all rows.
        transform: a name in ``TRANSFORMS``, or None.
    """

    mean: Tensor
    std: Tensor
    transform: str | None

    @classmethod
    def fitted(cls, target: Tensor, transform: str | None) -> Self:
        """The scaling of training targets (N, T), by which they have mean 0 and deviation 1."""
        values = transformed(target, transform).double()
        mean, std = values.mean(dim=0), values.std(dim=0, correction=0)
        constant = std <= LEAST * values.abs().amax(dim=0)
        return cls(mean.float(), torch.where(constant, 1.0, std).float(), transform)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The inverse of ``facts``."""
        mean, std = torch.tensor(facts["mean"]), torch.tensor(facts["std"])
        return cls(mean, std, facts["transform"])

    def scaled(self, target: Tensor) -> Tensor:
        """Targets (N, T) in standard deviations; what has no logarithm, the least that has."""
        if self.transform is not None:
            known = TRANSFORMS[self.transform]
            target = known.forth(target.clamp(min=known.above + SMALL))
        return (target - self.mean) / self.std

    @property
    def facts(self) -> dict[str, Any]:
        """JSON-like."""
        return {
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "transform": self.transform,
        }


def transformed(target: Tensor, transform: str | None) -> Tensor:
    """Targets (N, T) before they are standardised."""
    return target if transform is None else TRANSFORMS[transform].forth(target)


def check_above(target: Tensor, transform: str | None) -> None:
    """Make sure that all targets can be transformed.

    Raises:
        ConfigError: if they cannot.
    """
    if transform is None:
        return
    above, least = TRANSFORMS[transform].above, float(target.amin())
    if least <= above:
        problem = f"is {transform}, which takes targets above {above:g}, and the smallest is"
        raise ConfigError("task.transform", f"{problem} {least:g}; say task.transform=null")


def check_transform(name: str | None) -> None:
    """Make sure that there is such a transform.

    Raises:
        ConfigError: if there is none.
    """
    if name is not None and name not in TRANSFORMS:
        problem = f"is '{name}'; allowed: null, {listing(TRANSFORMS)}{nearest(name, TRANSFORMS)}"
        raise ConfigError("task.transform", problem)


class Unscale(nn.Module):
    """From a network's outputs to the target's own units.

    Several quantiles of a target are put in their order, which a network need not keep
    (Chernozhukov et al. 2010).

    Args:
        scaling: of the targets.
        each: numbers that are told of each target, one after the other.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, scaling: Scaling, each: int = 1) -> None:
        super().__init__()
        self.register_buffer("mean", scaling.mean[:, None].clone())
        self.register_buffer("std", scaling.std[:, None].clone())
        self.transform, self.each = scaling.transform, each

    def forward(self, output: Tensor) -> Tensor:
        """Scaled (N, T x each) to the same in the target's units."""
        values: Tensor = torch.unflatten(output, 1, (-1, self.each)) * self.std + self.mean
        if self.each > 1:
            values = values.sort(dim=2).values
        if self.transform is not None:
            values = TRANSFORMS[self.transform].back(values)
        return values.flatten(1)
