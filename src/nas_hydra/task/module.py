"""The Lightning module that trains a network for a task."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor, nn

from nas_hydra.dataset.tree import joined, leaves, number_of_rows
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.task.base import Recipe, Task
from nas_hydra.task.members import per_answer

Batch = tuple[Any, Any]
"""Inputs and target, trees of (N, ...)."""

TRAINING = ("training_step", "validation_step", "configure_optimizers")
"""By which a Lightning module says how it is trained."""

CHECKED = 50
"""Every so many batches the losses are looked at; each look makes a GPU wait for the CPU."""


class TaskModule(pl.LightningModule):
    """Trains a network with a task's loss, and logs the losses and the task's scores.

    Steps only put their results aside. Metrics are computed once per epoch: updating and logging
    them with every batch takes longer than a small network's own step.

    Args:
        task: what the network is trained for.
        network: inputs to outputs.
        recipe: how it is trained.

    Raises:
        CandidateError: if the network says itself how it is trained.

    Attributes:
        weights: of each micro-batch's loss, by its place in the epoch; empty where batches come
            whole.
    """

    def __init__(self, task: Task, network: nn.Module, recipe: Recipe) -> None:
        _check_bare(network)
        super().__init__()
        self.task = task
        self.model = recipe.ready(network)
        self.make_optimizer, self.schedule = recipe.optimizer, recipe.schedule
        self._augment = recipe.augment
        self.weights: Sequence[float] = ()
        self._scheduler: Any = None
        self._losses: list[Tensor] = []
        self._validated: list[tuple[Tensor, Any, Any]] = []
        self._epochs: list[dict[str, Tensor]] = []
        self._epoch: dict[str, Tensor] = {}
        self._trained = self._validated_after = 0

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """The loss of one batch.

        Raises:
            CandidateError: if a loss since the last look was not finite.
        """
        self._trained += 1
        inputs, target = self._augment(*batch)
        output = self.model(inputs)
        wanted = self.task.wanted(inputs, target)
        loss = self.task.loss(output, per_answer(wanted, output))
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
        inputs, target = batch
        output, target = self.model(inputs), self.task.wanted(inputs, target)
        loss = self.task.validation_loss(output, target)
        self._validated.append((loss, *self.task.gathered(output, target)))

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of all batches together."""
        self._validated_after = self._trained
        losses, kept, targets = zip(*self._validated, strict=True)
        target = joined(targets)
        loss = torch.stack(losses).sum() / number_of_rows(target)
        self._log({"val_loss": loss, **self._scores(joined(kept), target)})

    def _scores(self, kept: Any, target: Any) -> dict[str, Tensor]:
        """The task's scores by the names that they have in a search."""
        found = self.task.score(kept, target)
        if found.keys() != self.task.scores.keys():
            problem = f"gives the scores {sorted(found)}, and names {sorted(self.task.scores)}"
            raise ConfigError("task", f"{type(self.task).__name__} {problem}")
        return {f"val_{name}": torch.as_tensor(value) for name, value in found.items()}

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
        inputs = batch[0]
        if (inputs if isinstance(inputs, Tensor) else leaves(inputs)[0]).device == device:
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
        optimizer = optimizer_of(self.model, self.make_optimizer)
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


def _check_bare(network: nn.Module) -> None:
    """Make sure that a network does not say itself how it is trained: nobody would ask it."""
    if not isinstance(network, pl.LightningModule):
        return
    said = [name for name in TRAINING if is_overridden(name, network)]
    if said:
        raise CandidateError(
            f"the model is the LightningModule {type(network).__name__}, whose own"
            f" {', '.join(said)} would not be used; say task=own to train it as it stands, or give"
            " the network within it"
        )


def optimizer_of(
    network: nn.Module, make: Callable[[Any], torch.optim.Optimizer]
) -> torch.optim.Optimizer:
    """The optimizer of a network's parameters.

    One that has a method ``parameter_groups`` gives them in groups, as torch's optimizers take
    them, each with a ``rate``: the share that it learns at of the optimizer's own learning rate.

    Args:
        network: that is trained.
        make: parameters to the optimizer, see ``Recipe``.
    """
    groups = getattr(network, "parameter_groups", None)
    if groups is None:
        return make(network.parameters())
    optimizer = make(groups())
    for group in optimizer.param_groups:
        group["lr"] *= group.pop("rate")  # before a scheduler learns where it begins
    return optimizer
