"""The Lightning module that trains a candidate."""

from collections.abc import Callable, Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from nas_hydra.errors import CandidateError

Batch = tuple[Tensor, Tensor]
"""Images (N, C, H, W) and labels (N,)."""


class Classifier(pl.LightningModule):
    """Cross-entropy training; logs ``train_loss``, ``val_loss``, ``val_acc`` and ``val_f1``.

    Args:
        model: images (N, C, H, W) to logits (N, num_classes).
        num_classes: number of classes.
        optimizer: parameters to optimizer.
        scheduler: optimizer to learning-rate scheduler, stepped per epoch; None for none.
    """

    def __init__(
        self,
        model: nn.Module,
        num_classes: int,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        scheduler: Callable[[torch.optim.Optimizer], Any] | None,
    ) -> None:
        super().__init__()
        self.model = model
        self._optimizer, self._scheduler = optimizer, scheduler
        self.accuracy = MulticlassAccuracy(num_classes, average="micro")
        self.f1 = MulticlassF1Score(num_classes, average="macro")

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """The loss of one batch.

        Raises:
            CandidateError: if it is not finite.
        """
        images, labels = batch
        loss = nn.functional.cross_entropy(self.model(images), labels)
        if not torch.isfinite(loss):
            raise CandidateError(
                f"diverged: the training loss is {loss.item()} at epoch {self.current_epoch},"
                f" batch {index}"
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(labels))
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Take one batch into the validation metrics."""
        images, labels = batch
        logits = self.model(images)
        self.accuracy(logits, labels)
        self.f1(logits, labels)
        loss = nn.functional.cross_entropy(logits, labels)
        self.log("val_loss", loss, on_epoch=True, batch_size=len(labels))
        self.log("val_acc", self.accuracy, on_epoch=True)
        self.log("val_f1", self.f1, on_epoch=True)

    def configure_optimizers(self) -> Any:
        """The optimizer, and the scheduler if there is one."""
        optimizer = self._optimizer(self.model.parameters())
        if self._scheduler is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": self._scheduler(optimizer)}
