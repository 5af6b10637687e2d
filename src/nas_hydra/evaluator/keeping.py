"""Which weights of a training are kept, last, best or a moving average; and when it ends."""

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import EarlyStopping, EMAWeightAveraging
from torch import Tensor

from nas_hydra.evaluator.fit import trainer_callbacks
from nas_hydra.objective import Direction
from nas_hydra.task import Task
from nas_hydra.task.module import TaskModule


class BestWeights(pl.Callback):
    """Remembers the weights of the best validation.

    Args:
        monitor: the metric that tells.
        direction: which way it is better.
    """

    def __init__(self, monitor: str, direction: Direction) -> None:
        self.monitor, self._sign = monitor, 1.0 if direction == "maximize" else -1.0
        self._best = float("-inf")
        self._measured: dict[str, Tensor] = {}
        self._weights: dict[str, Tensor] = {}

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Copy the weights that were measured: an average of them is put away again after this."""
        if not trainer.sanity_checking:
            assert isinstance(pl_module, TaskModule)
            state = pl_module.model.state_dict()
            self._measured = {name: one.detach().clone() for name, one in state.items()}

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep them, if they are better than any before."""
        if trainer.sanity_checking:
            return
        value = self._sign * float(trainer.callback_metrics[self.monitor])
        if value > self._best or not self._weights:
            self._best, self._weights = value, self._measured

    def state_dict(self) -> dict[str, Any]:
        """What a training that goes on later has to know."""
        return {"best": self._best, "weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self._best, self._weights = state_dict["best"], state_dict["weights"]

    def put_back(self, module: TaskModule) -> None:
        """Give a network the best weights; its own, if it was never validated."""
        if self._weights:
            module.model.load_state_dict(self._weights)


def callbacks_of(task: Task) -> list[pl.Callback]:
    """What a task's settings ask for: the best weights, an average of them, an end in time."""
    monitor = task.monitor
    direction = task.directions.get(monitor, "minimize")
    found: list[pl.Callback] = []
    if task.keep == "best":
        found.append(BestWeights(monitor, direction))
    if task.average is not None:
        found.append(EMAWeightAveraging(decay=task.average))
    if task.patience is not None:
        ending: Any = {"mode": direction[:3], "check_on_train_epoch_end": False}
        found.append(EarlyStopping(monitor, patience=task.patience, **ending))
    return found


def put_back(trainer: pl.Trainer, module: TaskModule) -> None:
    """Give a network its best weights after a training, if these were to be kept."""
    for callback in trainer_callbacks(trainer):
        if isinstance(callback, BestWeights):
            callback.put_back(module)
