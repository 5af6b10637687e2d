"""One training with Lightning's trainer."""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning import callbacks

from nas_hydra.errors import CandidateError
from nas_hydra.task.module import TaskModule

WATCHING = (
    *(callbacks.Checkpoint, callbacks.EarlyStopping, callbacks.LearningRateMonitor),
    *(callbacks.ModelSummary, callbacks.ProgressBar, callbacks.Timer),
)
"""Callbacks of Lightning's that leave the weights alone."""


@contextmanager
def multiplying(device: torch.device, tf32: bool) -> Iterator[None]:
    """On a GPU, matrices of float32 multiplied in TF32 for a while, or not."""
    if device.type != "cuda":
        yield
        return
    earlier = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(earlier)


def fit(trainer: pl.Trainer, module: TaskModule, train: Any, valid: Any | None) -> None:
    """Train, and validate when the trainer says so.

    Args:
        trainer: used once.
        module: what it trains.
        train: batches ``(inputs, target)``, anew in each epoch.
        valid: likewise; None if nothing is measured during training.

    Raises:
        CandidateError: if training ended before an epoch was trained and, once, validated.
        KeyboardInterrupt: as usual; Lightning alone would exit the process with code 1.
    """
    with plainly():
        trainer.fit(module, train, valid)
    missing = [
        name
        for name in module.task.directions
        if name not in trainer.callback_metrics and (valid is not None or name == "train_loss")
    ]
    if missing:
        raise CandidateError(
            f"training ended without {', '.join(missing)}; the trainer must train and validate at"
            " least one epoch"
        )


def is_measured(trainer: pl.Trainer, module: TaskModule) -> bool:
    """Whether the last validation is that of the weights as training has left them.

    Options may have it done in some epochs only, and callbacks may change the weights after it.
    """
    return module.measured and all(map(is_watching, trainer_callbacks(trainer)))


def is_watching(callback: pl.Callback) -> bool:
    """Whether a callback is known to leave the weights alone."""
    return is_lightnings(callback) and isinstance(callback, WATCHING)


def is_lightnings(callback: pl.Callback) -> bool:
    """Whether a callback is one of Lightning's own."""
    return type(callback).__module__.startswith(f"{pl.__name__}.")


def trainer_callbacks(trainer: pl.Trainer) -> list[pl.Callback]:
    """A trainer's own list of callbacks, which Lightning declares nowhere."""
    found: list[pl.Callback] = vars(trainer)["callbacks"]
    return found


def measure(trainer: pl.Trainer, module: TaskModule, batches: Any, whole: bool) -> dict[str, float]:
    """The ``val_`` metrics of a module as it is, which no callback changes and no logger sees.

    Args:
        trainer: not used for anything after it.
        module: that is measured.
        batches: to measure on.
        whole: all of them, whatever limit the trainer has for validation: a test is none.

    Raises:
        CandidateError: if the trainer does not validate.
    """
    if whole:
        trainer.limit_val_batches = 1.0
    watching, loggers = trainer_callbacks(trainer), trainer.loggers
    vars(trainer)["callbacks"], trainer.loggers = [], []
    with plainly():
        found = trainer.validate(module, batches, verbose=False)
    vars(trainer)["callbacks"], trainer.loggers = watching, loggers
    if not found:
        raise CandidateError("nothing was measured; the trainer must validate")
    return {name: float(value) for name, value in found[0].items()}


@contextmanager
def plainly() -> Iterator[None]:
    """Lightning without its advice about loggers and loaders, and interrupted as usual."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except SystemExit as error:
        signal.signal(signal.SIGINT, handler)
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
