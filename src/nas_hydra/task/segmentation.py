"""Segmentation: each pixel is of one class."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from nas_hydra.dataset import Data
from nas_hydra.dataset.images.masks import IGNORE
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.objective import Direction
from nas_hydra.task.base import Keep, Reduction, Task
from nas_hydra.task.bootstrap import intervals
from nas_hydra.task.report import Figure, Report

COUNTED = 64
"""Images whose pixels are counted at a time."""
MOST_NAMED = 12
"""How many classes a sentence names."""


class Segmentation(Task):
    """Cross-entropy of each pixel; logits (N, classes, H, W) for masks (N, H, W), int64.

    Pixels that hold ``IGNORE`` are neither learned nor counted. The loss of an image is the mean
    over its pixels with a class, in nats. Measured are ``iou``, the intersection over union of each
    class by all pixels of all images together, averaged over the classes that the masks hold, and
    ``pixel_acc``, the share of pixels that are right.

    Args:
        outputs: number of classes.
        dice: weight, at least 0, of the soft Dice loss (Milletari et al. 2016) that is added: 1
            minus the overlap of each class that an image has, averaged over them. It helps where
            classes cover few pixels.
        keep: see ``Task``, as of the next two.
        patience: likewise.
        average: likewise.
    """

    scores: Mapping[str, Direction] = {"iou": "maximize", "pixel_acc": "maximize"}
    percent = ("iou", "pixel_acc")
    output = "logits"
    takes = "masks"

    def __init__(
        self,
        outputs: int,
        dice: float = 0.0,
        *,
        keep: Keep = "last",
        patience: int | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__(keep=keep, patience=patience, average=average)
        if dice < 0:
            raise ConfigError("task.dice", f"is {dice}; allowed: 0 and more")
        self.classes, self.dice = outputs, dice
        self.names: Sequence[str] = [str(label) for label in range(outputs)]
        self.unit = "images"

    def bound(self, data: Data) -> Self:
        """The task that knows what the classes are called.

        Raises:
            ConfigError: if the targets of the data are no masks.
        """
        target = data.example.target
        if not (isinstance(target, Tensor) and target.ndim == 3 and target.dtype == torch.int64):
            problem = "is segmentation, whose targets are masks, and the dataset's are"
            raise ConfigError("task", f"{problem} {form_of(target)}; say dataset=masks")
        task = copy(self)
        task.names = list(getattr(data, "class_names", None) or self.names)
        task.unit = getattr(data, "unit", self.unit)
        return task

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """Cross-entropy, and Dice if that has a weight: of each image, then over these."""
        losses = cross_entropy(output, target, ignore_index=IGNORE, reduction="none")
        labelled = (target != IGNORE).flatten(1).sum(1).clamp_min(1)
        each = losses.flatten(1).sum(1) / labelled
        if self.dice:
            each = each + self.dice * _dice(output, target)
        return each.mean() if reduction == "mean" else each.sum()

    def check(self, output: object, target: Tensor) -> None:
        """Make sure that there is one logit per image, class and pixel."""
        needed = (len(target), self.classes, *target.shape[1:])
        if isinstance(output, Tensor) and output.shape == needed:
            return
        raise CandidateError(
            f"the model gives {form_of(output)} for {len(target)} masks of {target.shape[1]} x"
            f" {target.shape[2]}; {needed} is needed, a logit for each of the {self.classes}"
            " classes of each pixel, as search_space=unet gives"
        )

    def unfit(self, target: Tensor, rows: int) -> str:
        """Masks stay masks."""
        known = target.dtype == torch.int64 and target.ndim == 3 and len(target) == rows
        if known and bool(((target == IGNORE) | (target >= 0) & (target < self.classes)).all()):
            return ""
        return (
            f"gives masks {form_of(target)} for {rows} {self.unit}; allowed: int64 ({rows}, H, W)"
            f" from 0 to {self.classes - 1}, and {IGNORE} where nothing is known"
        )

    def kept(self, output: Tensor) -> Tensor:
        """The predicted classes, (N, H, W), uint8: an eighth of what the masks beside them take."""
        return output.argmax(dim=1).to(torch.uint8)

    def score(self, kept: Tensor, target: Tensor) -> Mapping[str, Tensor]:
        """The mean intersection over union, and the share of pixels that are right."""
        counts = overlaps(kept, target, self.classes).sum(1)
        hits, _, true = counts
        return {"iou": mean_iou(counts), "pixel_acc": hits.sum() / true.sum().clamp_min(1)}

    def report(self, kept: Tensor, target: Tensor) -> "SegmentationReport":
        """The scores, and the intersection over union of each class, with intervals."""
        counts = overlaps(kept, target, self.classes).cpu().double()
        whole = counts.sum(1)
        mean, *each = _intervals(counts)
        figures: dict[str, Figure] = {
            f"test_{name}": float(value) for name, value in self.score(kept, target).items()
        }
        figures["test_iou_interval"] = mean
        known = {}
        for label, name in enumerate(self.names):
            if whole[2, label]:  # or no test mask holds it
                known[name] = float(class_ious(whole)[label])
                figures[f"test_iou_{name}"] = known[name]
                figures[f"test_iou_{name}_interval"] = each[label]
        return SegmentationReport(figures, len(target), known)

    def answer(self, output: Tensor) -> Tensor:
        """The class of each pixel, (n, H, W)."""
        return output.argmax(dim=1)

    def title(self, params: str) -> str:
        """``A network with 1,210 parameters that tells which of 4 classes each pixel is of``."""
        return (
            f"A network with {params} parameters that tells which of {self.classes} classes each"
            " pixel of an image is of"
        )

    def facts(self, data: Data) -> Mapping[str, Any]:
        """The names of the classes."""
        return {"classes": list(self.names)}

    def restored(self, facts: Mapping[str, Any]) -> Self:
        """See ``Task``."""
        task = copy(self)
        task.names = list(facts.get("classes") or self.names)
        return task

    def outlook(self, data: Data) -> Iterator[str]:
        """What the most frequent class would give everywhere."""
        valid = getattr(data, "valid", None)
        if valid is None or not hasattr(valid, "target"):
            return
        target = valid.target
        counts = target[target != IGNORE].bincount(minlength=self.classes)
        share = float(counts.max() / counts.sum().clamp_min(1))
        yield (
            f"validation: {len(target):,} {self.unit}; to name the most frequent class"
            f" ({self.names[int(counts.argmax())]}) everywhere would give"
            f" {100 * share:.3g} % of the pixels and a mean intersection over union of"
            f" {100 * share / max(1, int((counts > 0).sum())):.3g} %"
        )


def overlaps(kept: Tensor, target: Tensor, classes: int) -> Tensor:
    """Pixels by image and class, (3, N, classes): right ones, predicted ones, true ones.

    Args:
        kept: predicted classes, (N, H, W).
        target: true ones, (N, H, W); pixels that hold ``IGNORE`` do not count.
        classes: how many there are.
    """
    pairs = zip(torch.split(kept, COUNTED), torch.split(target, COUNTED), strict=True)
    return torch.cat([_overlaps(*pair, classes) for pair in pairs], dim=1)


def _overlaps(kept: Tensor, target: Tensor, classes: int) -> Tensor:
    number = len(target)
    offset = torch.arange(number, device=target.device).view(-1, 1, 1) * classes

    def counted(labels: Tensor, where: Tensor) -> Tensor:
        found = (labels + offset)[where].bincount(minlength=number * classes)
        return found.view(number, classes)

    labelled = target != IGNORE
    right = counted(target, labelled & (kept == target))
    return torch.stack([right, counted(kept, labelled), counted(target, labelled)])


def class_ious(counts: Tensor) -> Tensor:
    """Intersection over union of each class, (..., classes), of counts (3, ..., classes)."""
    hits, predicted, true = counts
    found: Tensor = hits / (predicted + true - hits).clamp_min(1)
    return found


def mean_iou(counts: Tensor) -> Tensor:
    """Its mean over the classes that the true masks hold, (...), of counts (3, ..., classes).

    Which these are depends on no prediction, so that networks are compared by the same classes.
    """
    there = counts[2] > 0
    return (class_ious(counts) * there).sum(-1) / there.sum(-1).clamp_min(1)


def _intervals(counts: Tensor) -> list[tuple[float, float]]:
    """The 95 % intervals over images of the mean, and of each class, of counts (3, N, classes)."""

    def measure(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        whole = counts[:, torch.from_numpy(rows)].sum(1)
        return torch.cat([mean_iou(whole)[None], class_ious(whole)]).numpy()

    return intervals(measure, counts.shape[1])


def _dice(output: Tensor, target: Tensor) -> Tensor:
    """1 minus the soft overlap of the classes that each image has, (N,)."""
    labelled = (target != IGNORE).unsqueeze(1)
    shares = output.softmax(1) * labelled
    true = one_hot(target.where(target != IGNORE, 0), output.shape[1]).movedim(-1, 1) * labelled
    sizes = true.flatten(2).sum(2)
    both = (shares * true).flatten(2).sum(2)
    overlap = 2 * both / (shares.flatten(2).sum(2) + sizes).clamp_min(1e-6)
    there = sizes > 0
    # An image without a class anywhere has nothing to be learned from.
    return ((1 - overlap) * there).sum(1) / there.sum(1).clamp_min(1)


@dataclass(frozen=True)
class SegmentationReport(Report):
    """How well a network finds each class.

    Args:
        classes: name -> intersection over union, of those that the test masks hold.
    """

    classes: Mapping[str, float] = field(default_factory=dict)

    def found(self, unit: str) -> str:
        """The mean intersection over union, and the share of right pixels."""
        return (
            f"has a mean intersection over union of {self.figures['test_iou']:.2%} on"
            f" {self.total:,} test {unit}, {self.figures['test_pixel_acc']:.2%} of whose pixels"
            " are right"
        )

    def sentence(self, unit: str) -> str:
        """The mean and its interval, and each class, the worst first."""
        interval: Any = self.figures["test_iou_interval"]
        worst = sorted(self.classes.items(), key=lambda pair: pair[1])
        named = ", ".join(f"{name} {value:.1%}" for name, value in worst[:MOST_NAMED])
        more = f", and {len(worst) - MOST_NAMED} more" * (len(worst) > MOST_NAMED)
        return (
            "The weights in this folder have a mean intersection over union of"
            f" {self.figures['test_iou']:.2%}; with other test {unit} of the same kind it would lie"
            f" between {interval[0]:.2%} and {interval[1]:.2%} (95 %, bootstrap over {unit})."
            f" Of the classes: {named}{more}."
        )
