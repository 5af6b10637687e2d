"""One training with Lightning's trainer."""

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch

from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.classifier import Classifier

MEASURED = ("val_acc", "val_f1", "val_loss", "train_loss")


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


def fit(trainer: pl.Trainer, module: Classifier, train: Any, valid: Any | None) -> None:
    """Train, and validate after each epoch.

    Args:
        trainer: used once.
        module: what it trains.
        train: batches ``(images, labels)``, anew in each epoch.
        valid: likewise; None if nothing is measured during training.

    Raises:
        CandidateError: if training ended before the metrics were measured.
        KeyboardInterrupt: as usual; Lightning alone would exit the process with code 1.
    """
    with plainly():
        trainer.fit(module, train, valid)
    wanted = [name for name in MEASURED if valid is not None or not name.startswith("val_")]
    missing = [name for name in wanted if name not in trainer.callback_metrics]
    if missing:
        raise CandidateError(
            f"training ended without {', '.join(missing)}; the trainer must train and validate at"
            " least one epoch"
        )


def measure(trainer: pl.Trainer, module: Classifier, batches: Any) -> dict[str, float]:
    """The ``val_`` metrics on other batches, once the module is trained."""
    with plainly():
        return dict(trainer.validate(module, batches, verbose=False)[0])


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
