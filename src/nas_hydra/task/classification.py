"""Classification: each row is of one class."""

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics import Metric
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from nas_hydra.dataset import Data, Example
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import CandidateError, ConfigError, listing, nearest
from nas_hydra.objective import Direction
from nas_hydra.task.base import Keep, Reduction, Task
from nas_hydra.task.constant import Constant
from nas_hydra.task.image_network import KNOWN, image_network
from nas_hydra.task.metrics import NONE, OwnMetrics
from nas_hydra.task.report import ClassReport
from nas_hydra.task.targets import check_classes, held, targets

BALANCED = "balanced"

Weights = str | Sequence[float] | Mapping[Any, float]
"""``balanced``, a number for each class, or one for each that is named."""


class Classification(Task):
    """Cross-entropy; logits (N, classes) for labels (N,), int64.

    Measured are the accuracy, ``acc``, and ``f1``: the unweighted mean of the F1 of all classes of
    the data, where one without a row counts 0. Both are shares. The loss is in nats; that of a
    validation has neither weights nor smoothing, by which candidates may differ.

    Args:
        class_weights: by which the losses of a class's rows are multiplied. Only their ratios
            count: a training row has a weight of 1 in the mean. ``balanced`` is one over the
            number of a class's training rows. A class that a mapping does not name has 1.
        label_smoothing: share of a label that is spread over all classes, from 0 to below 1
            (Szegedy et al. 2016).
        top_k: for each k, ``top3`` is how often the class is among the k of the largest logits.
        metrics: one's own, by name; they take probabilities (N, classes) and labels.
        keep, patience, average: see ``Task``.
    """

    percent: Sequence[str] = ("acc", "f1")
    output = "logits"
    takes = "class"
    num_classes: int = 0
    unit: str = "rows"
    scores: Mapping[str, Direction] = {"acc": "maximize", "f1": "maximize"}

    # The defaults are those of before there were these settings: old records name none of them.
    def __init__(
        self,
        class_weights: Weights | None = None,
        label_smoothing: float = 0.0,
        top_k: int | Sequence[int] = (),
        metrics: Mapping[str, Metric] = NONE,
        keep: Keep = "last",
        patience: int | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__(keep=keep, patience=patience, average=average)
        _check_settings(class_weights, label_smoothing)
        self.class_weights, self.label_smoothing = class_weights, label_smoothing
        self.top_k = {f"top{k}": k for k in ([top_k] if isinstance(top_k, int) else top_k)}
        self.percent = (*self.percent, *self.top_k)
        known: dict[str, Direction] = {**self.scores, **dict.fromkeys(self.top_k, "maximize")}
        self.metrics = OwnMetrics(metrics, known)
        self.scores = {**known, **self.metrics.directions}
        self._weights: Constant | None = None

    def bound(self, data: Data) -> Self:
        """The task that knows the number of classes, and what each weighs.

        Raises:
            ConfigError: if the data does not say it, its targets are no labels, or weights or
                ``top_k`` do not fit the classes.
        """
        number = getattr(data, "num_classes", None)
        if not isinstance(number, int):
            problem = "is classification, and the dataset does not say how many classes it has"
            raise ConfigError("task", f"{problem} (num_classes); choose another task, or dataset")
        check_classes(data, number)
        for k in self.top_k.values():
            if not 1 <= k < number:
                problem = f"has {k}; allowed with {number} classes: 1 to {number - 1}"
                raise ConfigError("task.top_k", problem)
        task = copy(self)
        task.num_classes, task.unit = number, getattr(data, "unit", self.unit)
        if self.class_weights is not None:
            task._weights = Constant(_weights_of(self.class_weights, data, number))
        return task

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """Cross-entropy; targets may be shares of classes, (N, classes)."""
        smoothing = self.label_smoothing
        if self._weights is None:
            return cross_entropy(output, target, reduction=reduction, label_smoothing=smoothing)
        weights = self._weights.on(output.device)
        total = cross_entropy(output, target, weights, reduction="sum", label_smoothing=smoothing)
        # Over the rows, not their weights as torch has it: a batch of rare classes counts more.
        return total / len(target) if reduction == "mean" else total

    def validation_loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Cross-entropy, without weights or smoothing."""
        return cross_entropy(output, target, reduction="sum")

    def check(self, output: object, target: Tensor) -> None:
        """Make sure that there is one logit per row and class."""
        if not isinstance(output, Tensor):
            kind = type(output).__name__
            raise CandidateError(f"the model returns a {kind}, not a tensor of logits")
        rows, classes = len(target), self.num_classes
        if output.shape != (rows, classes):
            raise CandidateError(
                f"the model gives outputs of shape {tuple(output.shape)} for {rows} {self.unit}; "
                f"({rows}, {classes}) is needed, since dataset.num_classes is {classes}"
            )
        if self.metrics:
            self.metrics.check(self.answer(output), target)

    def unfit(self, target: Tensor, rows: int) -> str:
        """Labels stay labels, or come out as shares of classes."""
        classes = self.num_classes
        shares = target.is_floating_point() and target.shape == (rows, classes)
        hard = target.dtype == torch.int64 and target.shape == (rows,)
        if shares or (hard and 0 <= target.min() <= target.max() < classes):
            return ""
        return (
            f"gives labels {form_of(target)} for {rows} {self.unit}; allowed: int64 ({rows},)"
            f" from 0 to {classes - 1}, or shares of classes, float32 ({rows}, {classes})"
        )

    def kept(self, output: Tensor) -> Tensor:
        """The predicted classes, (N,); the logits, if more than these is measured."""
        return output if self.metrics or self.top_k else output.argmax(dim=1)

    def score(self, kept: Tensor, target: Tensor) -> Mapping[str, Tensor]:
        """Accuracy, macro F1, and what else is wanted."""
        classes, told = self.num_classes, _classes_in(kept)
        accuracy = multiclass_accuracy(told, target, classes, "micro", validate_args=False)
        each = multiclass_f1_score(told, target, classes, "none", validate_args=False)
        # A class that has no row counts 0, and is not left out.
        return {"acc": accuracy, "f1": (each / classes).sum(), **self._more(kept, target)}

    def _more(self, kept: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Beside accuracy and F1."""
        top = {name: _share_among(kept, target, k) for name, k in self.top_k.items()}
        own = self.metrics(self.answer(kept), target) if self.metrics else {}
        return {**top, **own}

    def report(self, kept: Tensor, target: Tensor) -> ClassReport:
        """The confusion, the accuracy with its interval, and what else is measured."""
        classes = self.num_classes
        counts = (target * classes + _classes_in(kept)).bincount(minlength=classes * classes)
        more = {f"test_{name}": float(one) for name, one in self._more(kept, target).items()}
        return ClassReport.of(counts.view(classes, classes).tolist(), more)

    def answer(self, output: Tensor) -> Tensor:
        """The probability of each class, (n, classes)."""
        return output.softmax(dim=1)

    def title(self, params: str) -> str:
        """``An image classifier with 1,210 parameters and 10 classes``."""
        kind = "An image classifier" if self._of_images else "A classifier"
        return f"{kind} with {params} parameters and {self.num_classes} classes"

    def facts(self, data: Data) -> Mapping[str, Any]:
        """The names of the classes; their numbers, if the data does not say."""
        named = getattr(data, "class_names", None) or range(self.num_classes)
        return {"classes": [str(name) for name in named]}

    def baselines(self, example: Example) -> Sequence[str]:
        """Of images, networks of torchvision's."""
        return KNOWN if self._of_images else ()

    def baseline(self, name: str, example: Example) -> dict[str, Any]:
        """Of images, a network of torchvision's."""
        if not self._of_images:
            return super().baseline(name, example)
        return image_network(name, example.inputs, self.num_classes)

    @property
    def _of_images(self) -> bool:
        return self.unit == "images"

    def outlook(self, data: Data) -> Iterator[str]:
        """What one validation row is of the accuracy, and what the most frequent class gives."""
        target = held(data).get("validation")
        if target is None:
            return  # somebody's own loaders: nobody has counted their rows
        counts = target.bincount()
        number = int(counts.sum())
        yield (
            f"validation: each of {number:,} {self.unit} is {100 / number:.2g} % of the accuracy;"
            " to name the most frequent class always would give"
            f" {100 * float(counts.max()) / number:.3g} %"
        )


def _check_settings(weights: Weights | None, smoothing: float) -> None:
    """Make sure that what is said of the loss makes sense with some data.

    Raises:
        ConfigError: if it does not.
    """
    if isinstance(weights, str) and weights != BALANCED:
        allowed = f"{BALANCED}, null, a number for each class, or a mapping of classes to numbers"
        hint = nearest(weights, [BALANCED])
        raise ConfigError("task.class_weights", f"is '{weights}'; allowed: {allowed}{hint}")
    if not 0 <= smoothing < 1:
        problem = f"is {smoothing}; allowed: from 0 to below 1"
        raise ConfigError("task.label_smoothing", problem)


def _weights_of(given: Weights, data: Data, number: int) -> Tensor:
    """What each class weighs, (classes,), so that the mean over the training rows is 1.

    Raises:
        ConfigError: if classes are named that there are not, or numbers are none for weights.
    """
    counts: Tensor = targets(data)["training"].bincount(minlength=number).float()
    if given == BALANCED:
        weights = 1 / counts.clamp(min=1)
    else:
        names = [str(name) for name in getattr(data, "class_names", None) or range(number)]
        weights = torch.tensor(_listed(given, names))
    return weights * counts.sum() / (weights * counts).sum().clamp(min=1e-12)


def _listed(given: Any, names: Sequence[str]) -> list[float]:
    """A number for each class, in the order of their names."""
    key = "task.class_weights"
    if isinstance(given, Mapping):
        known = {str(name): weight for name, weight in given.items()}
        for name in known:
            if name not in names:
                problem = f"names '{name}', which is no class; allowed: {listing(names)}"
                raise ConfigError(key, f"{problem}{nearest(name, names)}")
        given = [known.get(name, 1.0) for name in names]
    if len(given) != len(names):
        problem = f"has {len(given)} numbers, and there are {len(names)} classes"
        raise ConfigError(key, f"{problem}: {listing(names)}")
    found = [float(weight) for weight in given]
    if not all(0 <= weight < math.inf for weight in found) or not any(found):
        problem = f"has {found}; weights are finite, at least 0, and not all 0"
        raise ConfigError(key, problem)
    return found


def _classes_in(kept: Tensor) -> Tensor:
    """The predicted classes, (N,), of what was kept."""
    return kept if kept.ndim == 1 else kept.argmax(dim=1)


def _share_among(logits: Tensor, target: Tensor, k: int) -> Tensor:
    """How often the class is among the k of the largest logits."""
    hits: Tensor = logits.topk(k, dim=1).indices.eq(target[:, None])
    return hits.any(dim=1).float().mean()
