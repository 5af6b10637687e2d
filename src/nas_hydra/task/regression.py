"""Regression: one or several numbers are told of each row, in the target's own units."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import huber_loss, l1_loss, mse_loss
from torchmetrics import Metric

from nas_hydra.dataset import Data
from nas_hydra.dataset.tree import form_of
from nas_hydra.document.text import number
from nas_hydra.errors import CandidateError, ConfigError, listing, nearest
from nas_hydra.objective import Direction
from nas_hydra.task.base import Keep, Reduction, Task
from nas_hydra.task.constant import Constant
from nas_hydra.task.metrics import OwnMetrics
from nas_hydra.task.number_report import NAMES, NumberReport, errors
from nas_hydra.task.scaling import Scaling, Unscale, check_above, check_transform, transformed
from nas_hydra.task.targets import columns, held, names_of, numbers_of

QUANTILE = "quantile"
LOSSES = ("mse", "mae", "huber", QUANTILE)

MIDDLE = 0.5
"""The quantile that scores are computed of, or the one next to it."""


class Regression(Task):
    """How far outputs (N, outputs) are from the target's numbers, (N,) or (N, T).

    The target is standardised by its training rows, and the loss is in their standard deviations:
    a target in other units is learned just as well. Measured are, in the target's own units, the
    root of the mean squared error, ``rmse``, the mean absolute error, ``mae``, and ``r2``, the
    share of the variance that is told; of several targets, their means.

    Args:
        loss: ``mse``, ``mae``, ``huber`` (Huber 1964) or ``quantile``, the pinball loss (Koenker
            and Bassett 1978).
        delta: of ``huber``: the error, in standard deviations, from which on it grows linearly.
        quantiles: of ``quantile``: which are told of each target, above 0 and below 1.
        transform: ``log`` or ``log1p`` is taken of the target before it is standardised.
        outputs: how many numbers a network gives for a row: one for each target, or one for each
            of its quantiles; None: what the data needs.
        metrics: one's own, by name; they take predictions and targets, both of the target's shape.
        keep, patience, average: see ``Task``.
    """

    takes = "number"
    output = "prediction"
    names: Sequence[str] = ()
    scores: Mapping[str, Direction] = {"rmse": "minimize", "mae": "minimize", "r2": "maximize"}

    def __init__(
        self,
        loss: str,
        delta: float,
        quantiles: Sequence[float],
        transform: str | None,
        outputs: int | None,
        metrics: Mapping[str, Metric],
        keep: Keep = "last",
        patience: int | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__(keep=keep, patience=patience, average=average)
        _check_loss(loss, delta, quantiles)
        check_transform(transform)
        self.kind, self.delta, self.transform, self.outputs = loss, delta, transform, outputs
        self.quantiles = sorted(quantiles) if loss == QUANTILE else []
        self.metrics = OwnMetrics(metrics, self.scores)
        self.scores = {**self.scores, **self.metrics.directions}
        self._levels = Constant(torch.tensor(self.quantiles))

    @classmethod
    def found(cls, given: Mapping[str, Any], dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """``outputs``: the data's ``num_targets``, for each quantile; of data that says none, 1."""
        if given.get("outputs") is not None:
            return {}
        targets = dataset.get("num_targets") or 1
        each = len(given["quantiles"]) if given.get("loss") == QUANTILE else 1
        return {"outputs": targets * each}

    def bound(self, data: Data) -> Self:
        """The task that knows mean and deviation of the training targets, and their names.

        Raises:
            ConfigError: if the targets are no finite numbers, all the same, or others than there
                are outputs for.
        """
        known = numbers_of(data)
        train = known["training"]
        for target in known.values():
            check_above(target, self.transform)
        if bool((train == train[0]).all()):
            problem = f"has nothing to learn from: its target is {train[0].tolist()} in every"
            raise ConfigError("dataset", f"{problem} training row")
        task = copy(self)
        task._know(Scaling.fitted(train, self.transform), train.shape[1])
        task.names = names_of(data, train.shape[1], "target")
        return task

    def _know(self, scaling: Scaling, targets: int) -> None:
        """Take over what is known of so many targets.

        Raises:
            ConfigError: if there is another number of outputs.
        """
        needed = targets * self.each
        if self.outputs not in (None, needed):
            each = f", each in {self.each} quantiles" if self.each > 1 else ""
            problem = f"is {self.outputs}; the data has {targets} numbers to tell of a row{each}"
            raise ConfigError("task.outputs", f"{problem}, so that {needed} is needed")
        self.outputs, self._scaling = needed, scaling
        self._mean, self._std = Constant(scaling.mean), Constant(scaling.std)

    @property
    def each(self) -> int:
        """Outputs for each target."""
        return max(1, len(self.quantiles))

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """The mean over targets and quantiles, in standard deviations of the training target."""
        device = output.device
        wanted = transformed(columns(target), self.transform)
        wanted = (wanted - self._mean.on(device)) / self._std.on(device)
        rows = self._errors(output.float(), wanted).flatten(1).mean(dim=1)
        return rows.mean() if reduction == "mean" else rows.sum()

    def _errors(self, output: Tensor, wanted: Tensor) -> Tensor:
        """Of each number that is told, (N, T) or (N, T, quantiles)."""
        if self.kind == QUANTILE:
            return pinball(torch.unflatten(output, 1, (-1, self.each)), wanted, self._levels)
        plain: Mapping[str, Callable[..., Tensor]] = {
            "mse": mse_loss,
            "mae": l1_loss,
            "huber": partial(huber_loss, delta=self.delta),
        }
        return plain[self.kind](output, wanted, reduction="none")

    def check(self, output: object, target: Tensor) -> None:
        """Make sure that there are as many numbers for a row as are to be told."""
        rows = len(target)
        if not isinstance(output, Tensor):
            kind = type(output).__name__
            raise CandidateError(f"the model returns a {kind}, not a tensor of numbers")
        if output.shape != (rows, self.outputs) or not output.is_floating_point():
            told = f"{len(self.names)} target{'s' if len(self.names) > 1 else ''}"
            each = f", in {self.each} quantiles each" if self.each > 1 else ""
            raise CandidateError(
                f"the model gives outputs {form_of(output)} for {rows} rows; floats of shape"
                f" ({rows}, {self.outputs}) are needed, since there is {told} to tell{each}: a"
                " space's last layer has ${task.outputs} outputs"
            )
        if self.metrics:
            self.metrics.check(self._point(output).view(target.shape), target)

    def _point(self, output: Tensor) -> Tensor:
        """One prediction of each target, (N, T): of several quantiles the middle one."""
        return self._told(output)[:, :, self._middle]

    def _told(self, output: Tensor) -> Tensor:
        """All that is told of each target, in its units: (N, T, 1) or (N, T, quantiles)."""
        layer = self.last_layer().to(output.device)
        return torch.unflatten(layer(output.float()), 1, (-1, self.each))

    @property
    def _middle(self) -> int:
        """Which of the outputs of a target is its prediction."""
        far = [abs(level - MIDDLE) for level in self.quantiles]
        return far.index(min(far)) if far else 0

    def score(self, kept: Tensor, target: Tensor) -> Mapping[str, Tensor]:
        """Of the outputs of all rows."""
        point = self._point(kept)
        found = dict(zip(NAMES, errors(point, columns(target)).mean(dim=1), strict=True))
        return {**found, **self.metrics(point.view(target.shape), target)}

    def report(self, kept: Tensor, target: Tensor) -> NumberReport:
        """Errors with intervals, residuals, and how often the outer quantiles hold a target."""
        point, wanted = self._point(kept), columns(target)
        own = self.metrics(point.view(target.shape), target)
        more = {f"test_{name}": float(value) for name, value in own.items()}
        if self.each > 1:
            told = self._told(kept)
            within = (told[:, :, 0] <= wanted) & (wanted <= told[:, :, -1])
            more["test_coverage"] = float(within.float().mean())
        return NumberReport.of(point, wanted, self.names, more)

    def last_layer(self) -> nn.Module:
        """From standard deviations to the target's units, its quantiles in order."""
        return Unscale(self._scaling, self.each)

    def output_of(self, numbers: Tensor) -> Tensor:
        """All quantiles of a target are the number that is told of it."""
        return self._scaling.scaled(numbers.float()).repeat_interleave(self.each, dim=1)

    def title(self, params: str) -> str:
        """``A regression network for 'price' with 1,210 parameters``."""
        return f"A regression network for {listing(self.names, 3)} with {params} parameters"

    def facts(self, data: Data) -> Mapping[str, Any]:
        """How outputs become numbers in the target's units, and what these are called."""
        known = {"targets": list(self.names), "outputs": self.columns, **self._scaling.facts}
        return {"task": known}

    @property
    def columns(self) -> list[str]:
        """A name for each output: that of its target, and its quantile if there are several."""
        if self.each == 1:
            return list(self.names)
        return [f"{name} q{level:g}" for name in self.names for level in self.quantiles]

    def restored(self, facts: Mapping[str, Any]) -> Self:
        """See ``Task``."""
        task, known = copy(self), facts["task"]
        task._know(Scaling.of(known), len(known["targets"]))
        task.names = known["targets"]
        return task

    def outlook(self, data: Data) -> Iterator[str]:
        """What it would give to tell the mean of the training targets always."""
        known = held(data)
        if "validation" not in known:
            return
        train, valid = columns(known["training"]), columns(known["validation"])
        rmse, mae, _ = errors(train.mean(dim=0).expand_as(valid), valid).mean(dim=1)
        yield (
            f"validation: to tell the mean of the training targets always, of {len(valid):,} rows,"
            f" would give a val_rmse of {number(float(rmse))} and a val_mae of {number(float(mae))}"
        )


def pinball(told: Tensor, wanted: Tensor, levels: Constant) -> Tensor:
    """The pinball loss of each quantile (Koenker and Bassett 1978), (N, T, Q).

    Args:
        told: quantiles, (N, T, Q).
        wanted: what they are of, (N, T).
        levels: (Q,), above 0 and below 1.
    """
    error, level = wanted[:, :, None] - told, levels.on(told.device)
    return torch.maximum(level * error, (level - 1) * error)


def _check_loss(kind: str, delta: float, quantiles: Sequence[float]) -> None:
    """Make sure that there is such a loss, and its settings have a meaning.

    Raises:
        ConfigError: if not.
    """
    if kind not in LOSSES:
        problem = f"is '{kind}'; allowed: {listing(LOSSES)}{nearest(kind, LOSSES)}"
        raise ConfigError("task.loss", problem)
    if kind == "huber" and not delta > 0:
        problem = f"is {delta}; it must be above 0, in standard deviations of the target"
        raise ConfigError("task.delta", problem)
    if kind == QUANTILE:
        wrong = [level for level in quantiles if not 0 < level < 1]
        if wrong or not quantiles or len({*quantiles}) < len(quantiles):
            problem = f"is {list(quantiles)}; allowed: different numbers above 0 and below 1"
            raise ConfigError("task.quantiles", problem)
