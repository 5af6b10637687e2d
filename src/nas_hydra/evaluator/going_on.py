"""Trainings that end early and go on later, as if they had gone straight through.

A checkpoint is what is there between two epochs: the network, optimizer, scheduler, callbacks, and
the states of all generators. The order of the rows follows from the epoch alone.
"""

import logging
import math
import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor

from nas_hydra.dataset.rows import Order
from nas_hydra.errors import CandidateError, in_one_line
from nas_hydra.evaluator.fit import trainer_callbacks
from nas_hydra.task.module import TaskModule
from nas_hydra.trial import Course, Evaluation

log = logging.getLogger(__name__)

Checkpoint = dict[str, Any]


def planned(candidate: Mapping[str, Any], of: int) -> dict[str, Any]:
    """A closed config whose training is planned for so many epochs.

    A ``T_max`` of the scheduler that means the whole training goes on meaning it.
    """
    found = dict(candidate)
    trainer, scheduler = candidate["trainer"], candidate.get("scheduler") or {}
    whole = trainer.get("max_epochs")
    found["trainer"] = {**trainer, "max_epochs": of}
    found["scheduler"] = {
        name: of if name == "T_max" and value == whole else value
        for name, value in scheduler.items()
    }
    return found


def levels_of(trainer: Mapping[str, Any]) -> list[int]:
    """The epochs after which a training of this config can end, since it is validated there.

    Empty if something else than their number ends it.
    """
    epochs, every = trainer.get("max_epochs"), trainer.get("check_val_every_n_epoch", 1)
    others = (trainer.get("max_steps", -1), trainer.get("max_time"))
    if type(epochs) is not int or type(every) is not int or others != (-1, None):
        return []
    return [one for one in range(1, epochs + 1) if one % every == 0 or one == epochs]


def loaded(course: Course) -> Checkpoint | None:
    """The checkpoint that a trial has left itself, or that of the trial that it goes on from.

    None if neither is there. No code that a file may hold is run. Where the training is planned for
    another length than it was, it gets a schedule of its own for what is left, a warm restart
    (Loshchilov and Hutter 2017).

    Raises:
        CandidateError: if one is there and cannot be read; or if none is, and the beginning was
            planned for another length.
    """
    own = _read(course.leave)
    if own is not None:
        return own
    begin = None if course.begin is None else _read(course.begin)
    if begin is None and course.begin is not None and course.fidelity.of is not None:
        gone = f"the checkpoint {course.begin} is gone, and what is planned for longer cannot go on"
        raise CandidateError(f"{gone} without it; say finalists.start=anew")
    if begin is None:
        return None
    found = {**begin, "first": begin["epoch"], "curves": {}, "stopped": False}
    if begin["of"] != course.fidelity.of:
        found |= {"of": course.fidelity.of, "since": begin["epoch"], "schedulers": None}
    return found


def _read(file: Path) -> Checkpoint | None:
    if not file.is_file():
        return None
    try:
        found: Checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what it likes on a file that is none
        problem = f"the checkpoint {file} cannot be read; delete it, and the trial begins anew"
        raise CandidateError(f"{problem}: {in_one_line(error)}") from error
    return found


class GoingOn(pl.Callback):
    """Begins where a checkpoint has ended, leaves one after each epoch, and ends in time.

    Args:
        course: of the training.
        known: what ``loaded`` has found.
        batches: of the training, whose order is that of the epoch.

    Attributes:
        first: how many epochs the network had had when its trial began.
        stopped: whether the thresholds ended it.
        inherited: see ``Evaluation``.
    """

    only_watches = True

    def __init__(self, course: Course, known: Checkpoint | None, batches: Any) -> None:
        self.course, self.known = course, known or {}
        order = getattr(batches, "order", getattr(batches, "sampler", None))
        self._order = order if isinstance(order, Order) else None
        self.first: int = self.known.get("first", 0)
        self._begun: int = self.known.get("epoch", 0)
        self.stopped = bool(self.known.get("stopped"))
        self.inherited: float | None = self.known.get("inherited")
        self._earlier: Mapping[str, Sequence[float]] = self.known.get("curves", {})

    @property
    def metrics(self) -> dict[str, float]:
        """What was measured after the last epoch of the checkpoint."""
        return dict(self.known.get("metrics", {}))

    @property
    def over(self) -> bool:
        """Whether nothing was left to be trained."""
        end = self.course.fidelity.epochs or math.inf
        ended = self.known.get("ended") or self.known.get("stopped")
        return bool(ended) or self._begun >= end

    def evaluation(
        self, metrics: Mapping[str, float], trainer: pl.Trainer, module: TaskModule
    ) -> Evaluation:
        """What a training has come to, counted from where its trial began."""
        epochs = self._begun if self.over else trainer.current_epoch
        return Evaluation(
            metrics,
            epochs - self.first,
            curves=self.curves(module),
            stopped=self.stopped,
            inherited=self.inherited,
        )

    def finish(self, module: TaskModule, trainer: pl.Trainer) -> None:
        """Give a network the weights that its training has ended with."""
        module.model.load_state_dict(self.known["state_dict"])
        for callback, state in self._stateful(trainer, self.known):
            callback.load_state_dict(state["own"])
            if state["average"] is not None:
                averaged = {
                    name.removeprefix("module."): value for name, value in state["average"].items()
                }
                module.load_state_dict(averaged, strict=False)

    def curves(self, module: TaskModule) -> dict[str, tuple[float, ...]]:
        """Of the epochs of this trial, those before it was interrupted among them."""
        here = module.curves
        names = dict.fromkeys([*self._earlier, *here])
        return {name: (*self._earlier.get(name, ()), *here.get(name, ())) for name in names}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put everything in the state of the checkpoint."""
        end = self.course.fidelity.epochs
        if end is not None:
            trainer.fit_loop.max_epochs = end  # the scheduler knows by now how long all of it is
        if not self.known:
            return
        assert isinstance(pl_module, TaskModule)
        known = self.known
        pl_module.model.load_state_dict(known["state_dict"])
        anew = known["schedulers"] is None  # and with the rates that these begin with
        for optimizer, state in zip(trainer.optimizers, known["optimizers"], strict=True):
            groups = optimizer.state_dict() if anew else state
            optimizer.load_state_dict({**state, "param_groups": groups["param_groups"]})
        for one, state in zip(
            trainer.lr_scheduler_configs, known["schedulers"] or (), strict=not anew
        ):
            one.scheduler.load_state_dict(state)
        for callback, state in self._stateful(trainer, known):
            callback.load_state_dict(state["own"])
            if isinstance(callback, WeightAveraging) and state["average"] is not None:
                _average_of(callback).load_state_dict(state["average"])
        trainer.precision_plugin.load_state_dict(known["precision"])
        _count(trainer, self._begun, known["steps"])
        trainer.callback_metrics.update(
            {name: torch.tensor(value) for name, value in known["metrics"].items()}
        )
        if self._order is not None:
            self._order.go_on(self._begun)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave a checkpoint of what the epochs before have led to, or take up its generators."""
        if self.known and trainer.current_epoch == self._begun:
            _restore_random(self.known["random"])
        elif trainer.current_epoch > self._begun:
            self._leave(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End where the thresholds say so."""
        thresholds, epoch = self.course.fidelity.thresholds, trainer.current_epoch + 1
        if thresholds is None or epoch >= (trainer.fit_loop.max_epochs or 0):
            return
        value = trainer.callback_metrics.get(thresholds.metric)
        if value is not None and thresholds.end(epoch, float(value)):
            self.stopped = True
            trainer.fit_loop.max_epochs = epoch

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave the last checkpoint, before callbacks change the weights for good."""
        self._leave(trainer, pl_module)

    def _leave(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Write what is there now, in one step."""
        assert isinstance(module, TaskModule)
        made: Checkpoint = {
            "epoch": trainer.current_epoch,
            "first": self.first,
            "of": self.course.fidelity.of,
            "since": self.known.get("since", 0),
            "ended": trainer.should_stop,
            "stopped": self.stopped,
            "inherited": self.inherited,
            "steps": trainer.global_step,
            "state_dict": module.model.state_dict(),
            "optimizers": [one.state_dict() for one in trainer.optimizers],
            "schedulers": [one.scheduler.state_dict() for one in trainer.lr_scheduler_configs],
            "callbacks": [_state_of(one) for one in self._others(trainer)],
            "precision": trainer.precision_plugin.state_dict(),
            "metrics": {name: float(one) for name, one in trainer.callback_metrics.items()},
            "curves": self.curves(module),
            "random": _random(),
        }
        fresh = self.course.leave.with_suffix(".new")
        torch.save(made, fresh)
        os.replace(fresh, self.course.leave)

    def _others(self, trainer: pl.Trainer) -> list[pl.Callback]:
        return [one for one in trainer_callbacks(trainer) if one is not self]

    def _stateful(
        self, trainer: pl.Trainer, known: Checkpoint
    ) -> list[tuple[pl.Callback, Checkpoint]]:
        """The other callbacks, each with its state."""
        return list(zip(self._others(trainer), known["callbacks"], strict=True))


def _state_of(callback: pl.Callback) -> Checkpoint:
    averaging = isinstance(callback, WeightAveraging)
    return {
        "own": callback.state_dict(),
        "average": _average_of(callback).state_dict() if averaging else None,
    }


def _average_of(callback: pl.Callback) -> Any:
    """The averaged module of a callback, which Lightning declares nowhere."""
    return vars(callback)["_average_model"]


def _count(trainer: pl.Trainer, epochs: int, steps: int) -> None:
    """Let a trainer's loops count on from so many epochs and steps of the optimizer."""
    progress: Any = trainer.fit_loop.epoch_progress
    for one in (progress.current, progress.total):
        one.ready = one.started = one.processed = one.completed = epochs
    loop = trainer.fit_loop.epoch_loop
    done = loop.automatic_optimization.optim_progress.optimizer.step.total
    done.ready = done.completed = steps
    loop._batches_that_stepped = steps


def _random() -> dict[str, Any]:
    """The states of all generators, as ``torch.load`` takes them with ``weights_only``."""
    name, keys, *rest = np.random.get_state()
    cuda: list[Tensor] = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": [name, np.asarray(keys).tolist(), *rest],
        "torch": torch.get_rng_state(),
        "cuda": cuda,
    }


def _restore_random(states: Mapping[str, Any]) -> None:
    random.setstate(states["python"])
    name, keys, *rest = states["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(states["torch"])
    if states["cuda"]:
        torch.cuda.set_rng_state_all(states["cuda"])
