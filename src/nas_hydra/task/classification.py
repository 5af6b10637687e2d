"""Classification: each row is of one class; and known networks for images of classes."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from nas_hydra.dataset import Data, Example
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import CandidateError, ConfigError, listing, nearest
from nas_hydra.objective import Direction
from nas_hydra.task.base import Reduction, Task
from nas_hydra.task.report import ClassReport

KNOWN = (
    *("shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5", "mobilenet_v3_small"),
    *("shufflenet_v2_x1_0", "mobilenet_v2", "efficientnet_b0", "resnet18", "resnet34", "resnet50"),
)
"""Of ``torchvision.models``, from 0.35 to 24 million parameters for ten classes."""
SIDE = 32
"""Pixels; smaller images are enlarged, since these networks shrink them five times by two."""


def _image_network(name: str, images: Tensor, classes: int) -> dict[str, Any]:
    """The config of a network of torchvision's.

    Args:
        name: of its constructor.
        images: that it is to take, (n, C, H, W).
        classes: how many it is to tell apart.
    """
    from torchvision.models import list_models  # 0.5 s

    allowed = [*KNOWN, *(known for known in list_models() if "/" not in known)]
    if name not in allowed:
        hint = nearest(name, allowed)
        raise ConfigError("baseline", f"is '{name}'; allowed: auto, none, {listing(KNOWN)}{hint}")
    channels, height, width = images.shape[1:]
    if channels not in (1, 3):
        raise ConfigError(
            "baseline", f"takes images of 1 or 3 channels, not {channels}; say baseline=none"
        )
    parts: list[dict[str, Any]] = []
    if channels == 1:
        parts.append({"_target_": "torchvision.transforms.v2.RGB"})
    if min(height, width) < SIDE:
        size = [max(SIDE, height), max(SIDE, width)]
        parts.append({"_target_": "torchvision.transforms.v2.Resize", "size": size})
    network = {"_target_": f"torchvision.models.{name}", "num_classes": classes}
    return {"_target_": "torch.nn.Sequential", "_args_": [*parts, network]}


class Classification(Task):
    """Cross-entropy; logits (N, classes) for labels (N,), int64.

    Measured are the accuracy, ``acc``, and ``f1``: the unweighted mean of the F1 of all classes of
    the data, where one without a row counts 0. Both are shares. The loss is in nats.
    """

    scores: ClassVar[Mapping[str, Direction]] = {"acc": "maximize", "f1": "maximize"}
    percent = ("acc", "f1")
    output = "logits"
    takes = "class"
    num_classes: int = 0
    unit: str = "rows"

    def bound(self, data: Data) -> Self:
        """The task that knows the number of classes.

        Raises:
            ConfigError: if the data does not say it.
        """
        number = getattr(data, "num_classes", None)
        if not isinstance(number, int):
            problem = "is classification, and the dataset does not say how many classes it has"
            raise ConfigError("task", f"{problem} (num_classes); choose another task, or dataset")
        task = copy(self)
        task.num_classes, task.unit = number, getattr(data, "unit", self.unit)
        return task

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """Cross-entropy; targets may be shares of classes, (N, classes)."""
        return cross_entropy(output, target, reduction=reduction)

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
        """The predicted classes, (N,)."""
        return output.argmax(dim=1)

    def score(self, kept: Tensor, target: Tensor) -> Mapping[str, Tensor]:
        """Accuracy and macro F1."""
        classes = self.num_classes
        accuracy = multiclass_accuracy(kept, target, classes, "micro", validate_args=False)
        each = multiclass_f1_score(kept, target, classes, "none", validate_args=False)
        # A class that has no row counts 0, and is not left out.
        return {"acc": accuracy, "f1": (each / classes).sum()}

    def report(self, kept: Tensor, target: Tensor) -> ClassReport:
        """The confusion, and the accuracy with its interval."""
        classes = self.num_classes
        counts = (target * classes + kept).bincount(minlength=classes * classes)
        return ClassReport.of(counts.view(classes, classes).tolist())

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
        return _image_network(name, example.inputs, self.num_classes)

    @property
    def _of_images(self) -> bool:
        return self.unit == "images"

    def outlook(self, data: Data) -> Iterator[str]:
        """What one validation row is of the accuracy, and what the most frequent class gives."""
        valid = getattr(data, "valid", None)
        if valid is None or not hasattr(valid, "target"):
            return  # somebody's own loaders: nobody has counted their rows
        counts = valid.target.bincount()
        number = int(counts.sum())
        yield (
            f"validation: each of {number:,} {self.unit} is {100 / number:.2g} % of the accuracy;"
            " to name the most frequent class always would give"
            f" {100 * float(counts.max()) / number:.3g} %"
        )
