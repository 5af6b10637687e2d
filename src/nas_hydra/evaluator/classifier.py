"""The Lightning module that trains a candidate."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score

from nas_hydra.errors import CandidateError, ConfigError

if TYPE_CHECKING:
    from nas_hydra.evaluator.schedule import Schedule

Batch = tuple[Tensor, Tensor]
"""Images (N, C, H, W) and labels (N,)."""

CHECKED = 50
"""Every so many batches the losses are looked at; each look makes a GPU wait for the CPU."""

TRAINING = ("training_step", "validation_step", "configure_optimizers")
"""By which a Lightning module says how it is trained."""


class Classifier(pl.LightningModule):
    """Cross-entropy training; logs ``train_loss``, ``val_loss``, ``val_acc`` and ``val_f1``.

    Steps only put their results aside. Metrics are computed once per epoch: updating and logging
    them with every batch takes longer than a small network's own step.

    Args:
        model: images (N, C, H, W) to logits (N, num_classes).
        num_classes: number of classes.
        optimizer: parameters to optimizer.
        schedule: makes the learning-rate scheduler; None for none.
        augment: changes a training batch; labels may come out as shares of classes.

    Attributes:
        weights: of each micro-batch's loss, by its place in the epoch; empty where batches come
            whole.
    """

    def __init__(
        self,
        model: nn.Module,
        num_classes: int,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        schedule: "Schedule | None",
        augment: Callable[[Tensor, Tensor], Batch],
    ) -> None:
        super().__init__()
        self.model = model
        self._num_classes = num_classes
        self.make_optimizer, self.schedule = optimizer, schedule
        self._augment = augment
        self.weights: Sequence[float] = ()
        self._scheduler: Any = None
        self._losses: list[Tensor] = []
        self._validated: list[tuple[Tensor, Tensor, Tensor]] = []
        self._epochs: list[dict[str, Tensor]] = []
        self._epoch: dict[str, Tensor] = {}
        self._trained = self._validated_after = 0

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """The loss of one batch.

        Raises:
            CandidateError: if a loss since the last look was not finite.
        """
        self._trained += 1
        images, labels = self._augment(*batch)
        loss = cross_entropy(self.model(images), labels)
        if self.weights:
            loss = loss * self.weights[index]
        self._losses.append(loss.detach())
        if len(self._losses) % CHECKED == 0:
            self._finite(self._losses[-1])
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Let callbacks know ``train_loss`` at the end of an epoch: they come before the module."""
        if self.trainer.fit_loop.epoch_loop._is_training_done or self.trainer.should_stop:
            self._show_loss()

    def _show_loss(self) -> None:
        """The mean of the epoch's losses so far, for callbacks; it is logged when all are there."""
        self.trainer.callback_metrics["train_loss"] = torch.stack(self._losses).mean()

    def on_train_epoch_end(self) -> None:
        """Log the mean of the batches' losses."""
        loss = self._finite(torch.stack(self._losses).mean())
        self._losses.clear()
        self._log({"train_loss": loss})
        self._epochs.append(self._epoch)
        self._epoch = {}

    def on_validation_epoch_start(self) -> None:
        """Forget an earlier validation."""
        self._validated.clear()
        if self._losses:  # within an epoch; before training and after it there are none
            self._show_loss()

    def validation_step(self, batch: Batch, index: int) -> None:
        """Put aside what one batch gives."""
        images, labels = batch
        logits = self.model(images)
        loss = cross_entropy(logits, labels, reduction="sum")
        self._validated.append((loss, logits.argmax(dim=1), labels))

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of all batches together."""
        self._validated_after = self._trained
        losses, predicted, labels = zip(*self._validated, strict=True)
        both = torch.cat(predicted), torch.cat(labels)
        classes = self._num_classes
        self._log(
            {
                "val_loss": torch.stack(losses).sum() / len(both[1]),
                "val_acc": multiclass_accuracy(*both, classes, "micro", validate_args=False),
                "val_f1": self._f1(*both),
            }
        )

    def _f1(self, predicted: Tensor, labels: Tensor) -> Tensor:
        """The mean over all classes: one that has no image counts 0, and is not left out."""
        classes = self._num_classes
        each = multiclass_f1_score(predicted, labels, classes, "none", validate_args=False)
        return (each / classes).sum()

    @property
    def measured(self) -> bool:
        """Whether no batch was trained on after the last validation."""
        return 0 < self._trained == self._validated_after

    @property
    def curves(self) -> dict[str, tuple[float, ...]]:
        """Every metric after each epoch of training; not a number where it was not measured."""
        names = dict.fromkeys(name for epoch in self._epochs for name in epoch)
        return {
            name: tuple(float(epoch.get(name, math.nan)) for epoch in self._epochs)
            for name in names
        }

    def transfer_batch_to_device(
        self, batch: Batch, device: torch.device, dataloader_idx: int
    ) -> Batch:
        """The batch as it is, if it was made there; Lightning would look through it first."""
        if batch[0].device == device:
            return batch
        moved: Batch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return moved

    def __setattr__(self, name: str, value: Any) -> None:
        # Lightning notes which hook runs, some 30 times per batch; a module's own way to set an
        # attribute, made for parameters, takes a tenth of a millisecond for these.
        if name == "_current_fx_name":
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def configure_optimizers(self) -> Any:
        """The optimizer, and the scheduler if there is one.

        Raises:
            CandidateError: if the scheduler cannot be made, which may be due to what is open in it.
        """
        optimizer = self.make_optimizer(self.model.parameters())
        if self.schedule is None:
            return optimizer
        try:
            stepping = self.schedule(optimizer, self.trainer)
        except ConfigError as error:
            raise CandidateError(str(error)) from error
        self._scheduler = stepping["scheduler"]
        return {"optimizer": optimizer, "lr_scheduler": stepping}

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Step the scheduler, if so many steps of the optimizer are done.

        Lightning counts the batches of an epoch, also where several of them make a step.
        """
        if scheduler is not self._scheduler or self._is_due:  # a callback may have put its own
            super().lr_scheduler_step(scheduler, metric)

    @property
    def _is_due(self) -> bool:
        """Whether the schedule's scheduler is to be stepped."""
        assert self.schedule is not None  # or it would have none
        by_step = self.schedule.interval == "step"
        return not by_step or self.trainer.global_step % self.schedule.every == 0

    def _log(self, metrics: Mapping[str, Tensor]) -> None:
        """Log metrics of an epoch, and keep them as they are: a number would make a GPU wait."""
        self.log_dict(metrics)
        if self.trainer.state.fn == TrainerFn.FITTING and not self.trainer.sanity_checking:
            self._epoch.update(metrics)

    def _finite(self, loss: Tensor) -> Tensor:
        if not torch.isfinite(loss):
            raise CandidateError(
                f"diverged: the training loss is {loss.item()} at epoch {self.current_epoch}"
            )
        return loss


def check_bare(model: nn.Module) -> None:
    """Make sure that a network does not say itself how it is trained: nobody would ask it.

    Raises:
        CandidateError: if it does.
    """
    if not isinstance(model, pl.LightningModule):
        return
    said = [name for name in TRAINING if is_overridden(name, model)]
    if said:
        raise CandidateError(
            f"the model is the LightningModule {type(model).__name__}, whose own"
            f" {', '.join(said)} would not be used; give the network within it, and say with"
            " optimizer, scheduler and trainer how it is trained"
        )
