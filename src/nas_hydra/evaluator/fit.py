"""One training with Lightning's trainer, on a device that others use too, or alone on it."""

import fcntl
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
    return module.measured and all(
        (is_lightnings(one) and isinstance(one, WATCHING)) or getattr(one, "only_watches", False)
        for one in trainer_callbacks(trainer)
    )


def is_lightnings(callback: pl.Callback) -> bool:
    """Whether a callback is one of Lightning's own."""
    return type(callback).__module__.startswith(f"{pl.__name__}.")


def trainer_callbacks(trainer: pl.Trainer) -> list[pl.Callback]:
    """A trainer's own list of callbacks, which Lightning declares nowhere."""
    found: list[pl.Callback] = vars(trainer)["callbacks"]
    return found


def measure_weights(
    trainer: pl.Trainer, module: TaskModule, batches: Any, whole: bool
) -> dict[str, float]:
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


@contextmanager
def computing(device: torch.device, tf32: bool, alone: bool = False) -> Iterator[None]:
    """Use a device together with other processes of this user, or by oneself.

    Who wants it alone waits until the others' candidates are finished, and theirs wait for it.
    The operating system lets go of a process's part with the process. Other devices than GPUs
    are not shared this way.

    Args:
        device: as this process sees it.
        tf32: whether a GPU multiplies matrices of float32 in TF32 meanwhile.
        alone: whether nobody else may use it meanwhile.
    """
    if device.type != "cuda":
        yield
        return
    with gpu_lock(str(torch.cuda.get_device_properties(device).uuid), alone):
        earlier = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high" if tf32 else "highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(earlier)


@contextmanager
def gpu_lock(name: str, alone: bool) -> Iterator[None]:
    """Hold a name together with others, or alone."""
    folder = Path(tempfile.gettempdir())
    with (
        _opened(folder / f"nas-hydra-{os.getuid()}-{name}.turn") as turn,
        _opened(folder / f"nas-hydra-{os.getuid()}-{name}.use") as use,
    ):
        # Everybody passes through the turn, so that newcomers stand behind one who waits.
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(use, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield
        finally:
            # Closing is not enough: a process forked meanwhile, to decode images, holds it too.
            fcntl.flock(use, fcntl.LOCK_UN)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
