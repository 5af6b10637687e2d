"""What a network gives on all test rows where numbers are told: errors, and residuals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.document.text import number
from nas_hydra.task.bootstrap import intervals
from nas_hydra.task.report import Figure, Report

NAMES = ("rmse", "mae", "r2")
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Which quantiles of the residuals are told."""


@dataclass(frozen=True)
class NumberReport(Report):
    """Errors in the target's units, with 95 % bootstrap intervals over the rows.

    Args:
        targets: name -> its own errors, and the quantiles of its residuals (prediction less
            target), by their level.
    """

    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, point: Tensor, target: Tensor, names: Sequence[str], more: Mapping[str, float]
    ) -> "NumberReport":
        """The report of predictions.

        Args:
            point: (N, T).
            target: (N, T).
            names: of the targets.
            more: further figures.
        """
        point, target = point.double().cpu(), target.double().cpu()
        values = errors(point, target).mean(dim=1).tolist()

        def measured(places: NDArray[np.int64]) -> NDArray[np.float64]:
            rows = torch.from_numpy(places)
            found: NDArray[np.float64] = errors(point[rows], target[rows]).mean(dim=1).numpy()
            return found

        ends = intervals(measured, len(target))
        figures: dict[str, Figure] = {}
        for name, value, interval in zip(NAMES, values, ends, strict=True):
            figures |= {f"test_{name}": float(value), f"test_{name}_interval": interval}
        each = {
            name: _of_one(point[:, place], target[:, place]) for place, name in enumerate(names)
        }
        return cls({**figures, **more}, len(target), each)

    @property
    def parts(self) -> dict[str, Any]:
        """The errors, and those of each target with its residuals."""
        return {**super().parts, "targets": {name: dict(one) for name, one in self.targets.items()}}

    def found(self, unit: str) -> str:
        """The errors."""
        return f"has {self._errors(False)} on {self.total:,} test {unit}"

    def sentence(self, unit: str) -> str:
        """The errors, and where they would lie with other rows."""
        return (
            f"The weights in this folder have {self._errors(True)} on the test {unit}; in brackets"
            f" where it would lie with other test {unit} of the same kind (95 %, bootstrap)."
        )

    def _errors(self, brackets: bool) -> str:
        """``an rmse of 54.3 (49.1 to 59.6), an mae of ...``."""
        told = []
        for name in NAMES:
            text = f"an {name} of {number(_rounded(self.figures[f'test_{name}']))}"
            ends: Any = self.figures[f"test_{name}_interval"]
            low, high = map(_rounded, ends)
            told.append(f"{text} ({number(low)} to {number(high)})" if brackets else text)
        return f"{', '.join(told[:-1])} and {told[-1]}"


def errors(point: Tensor, target: Tensor) -> Tensor:
    """Root mean squared error, mean absolute error and R squared of each target, (3, T).

    As scikit-learn has them, also where a target is the same in all rows; torchmetrics' R squared
    loses its digits where a target is far from 0.

    Args:
        point: predictions, (N, T).
        target: (N, T).
    """
    error = point - target
    squared = error.square().mean(dim=0)
    variance = (target - target.mean(dim=0)).square().mean(dim=0)
    same = torch.where(squared > 0, 0.0, 1.0)
    told = torch.where(variance > 0, 1 - squared / variance, same)
    return torch.stack([squared.sqrt(), error.abs().mean(dim=0), told])


def _of_one(point: Tensor, target: Tensor) -> dict[str, Any]:
    """Of one target, (N,)."""
    values = errors(point[:, None], target[:, None])[:, 0].tolist()
    residuals = np.quantile((point - target).numpy(), LEVELS).tolist()
    return {
        **dict(zip(NAMES, values, strict=True)),
        "residuals": {f"{level:g}": one for level, one in zip(LEVELS, residuals, strict=True)},
    }


def _rounded(value: Any) -> float:
    """To three digits: no more is known."""
    return float(f"{float(value):.3g}")
