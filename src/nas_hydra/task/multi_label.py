"""Several labels for each row, each of which applies or does not."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torchmetrics import Metric
from torchmetrics.functional.classification import (
    multilabel_average_precision,
    multilabel_f1_score,
)

from nas_hydra.dataset import Data
from nas_hydra.dataset.tree import form_of
from nas_hydra.document.text import number
from nas_hydra.errors import CandidateError, ConfigError, listing
from nas_hydra.objective import Direction
from nas_hydra.task.base import Keep, Reduction, Task
from nas_hydra.task.label_report import LabelReport
from nas_hydra.task.metrics import OwnMetrics
from nas_hydra.task.targets import columns, held, names_of, numbers_of


class MultiLabel(Task):
    """Binary cross-entropy of each label; logits (N, labels) for float32 (N, labels) of 0 and 1.

    Measured are ``f1`` and ``map``, the unweighted means of F1 and of average precision over all
    labels, where one without a row counts 0; and ``exact_match``, the share of rows of which
    every label is right. The loss is in nats, the mean over the labels.

    Args:
        threshold: probability from which on a label applies, above 0 and below 1.
        outputs: how many labels there are; None: what the data says.
        metrics: one's own, by name; they take probabilities and int64 of 0 and 1, (N, labels).
        keep, patience, average: see ``Task``.
    """

    takes = "labels"
    output = "logits"
    names: Sequence[str] = ()
    scores: Mapping[str, Direction] = {
        "f1": "maximize",
        "map": "maximize",
        "exact_match": "maximize",
    }
    percent: Sequence[str] = ("f1", "map", "exact_match")

    def __init__(
        self,
        threshold: float,
        outputs: int | None,
        metrics: Mapping[str, Metric],
        keep: Keep = "last",
        patience: int | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__(keep=keep, patience=patience, average=average)
        if not 0 < threshold < 1:
            raise ConfigError("task.threshold", f"is {threshold}; allowed: above 0 and below 1")
        self.threshold, self.outputs = threshold, outputs
        self.metrics = OwnMetrics(metrics, self.scores)
        self.scores = {**self.scores, **self.metrics.directions}

    @classmethod
    def found(cls, given: Mapping[str, Any], dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """``outputs``: how many labels the data has."""
        known = dataset.get("num_targets") or dataset.get("num_classes")
        if given.get("outputs") is not None or not isinstance(known, int):
            return {}
        return {"outputs": known}

    def bound(self, data: Data) -> Self:
        """The task that knows the labels' names.

        Raises:
            ConfigError: if a target is neither 0 nor 1, or there are others than outputs.
        """
        known = numbers_of(data)
        for name, target in known.items():
            if not ((target == 0) | (target == 1)).all():
                problem = f"has {name} targets other than 0 and 1"
                wanted = "of these float32 (N, labels) say which labels apply; choose another task"
                raise ConfigError("dataset", f"{problem}; {wanted}")
        labels = known["training"].shape[1]
        if self.outputs not in (None, labels):
            problem = f"is {self.outputs}; the data has {labels} labels"
            raise ConfigError("task.outputs", f"{problem}, so that {labels} is needed")
        task = copy(self)
        task.outputs, task.names = labels, names_of(data, labels, "label")
        return task

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """The mean over the labels."""
        wanted = target.view(output.shape).to(output.dtype)
        each = binary_cross_entropy_with_logits(output, wanted, reduction="none").mean(dim=1)
        return each.mean() if reduction == "mean" else each.sum()

    def check(self, output: object, target: Tensor) -> None:
        """Make sure that there is one logit per row and label."""
        if not isinstance(output, Tensor):
            kind = type(output).__name__
            raise CandidateError(f"the model returns a {kind}, not a tensor of logits")
        rows = len(target)
        if output.shape != (rows, self.outputs) or not output.is_floating_point():
            raise CandidateError(
                f"the model gives outputs {form_of(output)} for {rows} rows; logits of shape"
                f" ({rows}, {self.outputs}) are needed, one for each label:"
                f" {listing(self.names, 3)}"
            )
        if self.metrics:
            self.metrics.check(self.answer(output), target.view(rows, -1).long())

    def unfit(self, target: Tensor, rows: int) -> str:
        """Labels apply or do not, or to a share."""
        shares = isinstance(target, Tensor) and target.is_floating_point() and len(target) == rows
        if shares and 0 <= target.min() <= target.max() <= 1:
            return ""
        return f"gives labels {form_of(target)} for {rows} rows; allowed: floats from 0 to 1"

    def kept(self, output: Tensor) -> Tensor:
        """The probability of each label, (N, labels)."""
        return output.float().sigmoid()

    def score(self, kept: Tensor, target: Tensor) -> Mapping[str, Tensor]:
        """Of the probabilities of all rows."""
        told, wanted = (kept > self.threshold).long(), target.view(kept.shape).long()
        each = multilabel_f1_score(told, wanted, kept.shape[1], average="none", validate_args=False)
        return {
            "f1": each.mean(),
            "map": _precision(kept, wanted).mean(),
            "exact_match": (told == wanted).all(dim=1).float().mean(),
            **self.metrics(kept, wanted),
        }

    def report(self, kept: Tensor, target: Tensor) -> LabelReport:
        """The scores, and how well each label is told."""
        figures = {f"test_{name}": float(one) for name, one in self.score(kept, target).items()}
        wanted = target.view(kept.shape).long()
        told = (kept > self.threshold).long()
        counts = [(told & wanted).sum(0), told.sum(0), wanted.sum(0)]
        columns = [one.tolist() for one in (*counts, _precision(kept, wanted))]
        each = dict(zip(self.names, zip(*columns, strict=True), strict=True))
        right = int((told == wanted).all(dim=1).sum())
        return LabelReport.of(figures, len(kept), right, each)

    def answer(self, output: Tensor) -> Tensor:
        """The probability of each label, (n, labels)."""
        return output.sigmoid()

    def title(self, params: str) -> str:
        """``A network with 1,210 parameters that tells which of 5 labels apply``."""
        return f"A network with {params} parameters that tells which of {self.outputs} labels apply"

    def facts(self, data: Data) -> Mapping[str, Any]:
        """The labels' names, by logit, and from which probability on they apply."""
        return {"classes": list(self.names), "task": {"threshold": self.threshold}}

    def restored(self, facts: Mapping[str, Any]) -> Self:
        """See ``Task``."""
        task = copy(self)
        task.names = facts["classes"]
        task.outputs = len(task.names)
        return task

    def outlook(self, data: Data) -> Iterator[str]:
        """How often the labels apply, and which never do."""
        known = held(data)
        if "validation" not in known:
            return
        train, valid = columns(known["training"]), columns(known["validation"])
        often, none = train.mean(dim=0), (train.sum(dim=0) == 0).tolist()
        never = [name for name, one in zip(self.names, none, strict=True) if one]
        lacking = f"; no training row has {listing(never, 3)}" if never else ""
        guess = float((valid == often.round()).all(dim=1).float().mean())
        yield (
            f"validation: of {self.outputs} labels, {number(float(often.sum()))} apply to a row;"
            f" to say always what is true of most would give a val_exact_match of {guess:.3g}"
            f"{lacking}"
        )


def _precision(told: Tensor, wanted: Tensor) -> Tensor:
    """The average precision of each label, (labels,); 0 of one that no row has."""
    number = told.shape[1]
    each = multilabel_average_precision(told, wanted, number, average="none", validate_args=False)
    return torch.where(wanted.any(dim=0), each, 0.0)
