"""Lightning's trainer, and one training with it."""

import json
import logging
import signal
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from functools import lru_cache
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies.launchers import _MultiProcessingLauncher

from nas_hydra.arguments import plain
from nas_hydra.component import build
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.classifier import Classifier

logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)

LIGHTNING = "pytorch_lightning.Trainer"
FLAGS = {"deterministic", "benchmark"}
"""What makes Lightning set flags of torch whenever it makes a trainer, and not when it is used."""

NOTHING = nullcontext()
MEASURED = ("val_acc", "val_f1", "val_loss", "train_loss")


class Unprofiled(PassThroughProfiler):
    """Does nothing, as its parent does, but without a generator for each of 18 hooks per batch."""

    def profile(self, action_name: str) -> nullcontext[None]:  # type: ignore[override]
        """A context that does nothing."""
        return NOTHING


def build_trainer(config: Mapping[str, Any], parts: int) -> pl.Trainer:
    """A new trainer that takes so many micro-batches for each batch of its config."""
    steps = parts * config.get("accumulate_grad_batches", 1)
    config = {**config, "accumulate_grad_batches": steps}
    arguments = {name: value for name, value in config.items() if name != "_target_"}
    # A callback or a plugin has a state of its own, and is made for each trainer.
    if config["_target_"] == LIGHTNING and plain(arguments) and FLAGS.isdisjoint(arguments):
        return deepcopy(unused_trainer(json.dumps(config)))
    return made_trainer(config)


@lru_cache(maxsize=1)
def unused_trainer(config: str) -> pl.Trainer:
    """What trainers of a config, written as JSON, are copies of.

    Lightning looks through all installed packages for each that it makes, which takes ten times as
    long as a copy.
    """
    return made_trainer(json.loads(config))


def made_trainer(config: Mapping[str, Any]) -> pl.Trainer:
    """A trainer made from its config.

    Raises:
        ConfigError: if that is wrong, trains for ever, or in several processes.
    """
    unprofiled = config["_target_"] == LIGHTNING and "profiler" not in config
    more = {"profiler": Unprofiled()} if unprofiled else {}
    trainer: pl.Trainer = build(config, "trainer", pl.Trainer, **more)
    check_ends(trainer, config)
    check_alone(trainer, config)
    return trainer


def check_ends(trainer: pl.Trainer, config: Mapping[str, Any]) -> None:
    """Make sure that training ends by itself.

    Raises:
        ConfigError: if it does not.
    """
    if (trainer.max_epochs, trainer.max_steps) == (-1, -1) and config.get("max_time") is None:
        raise ConfigError(
            "trainer.max_epochs",
            "is -1, and training would never end; say how many epochs, or +trainer.max_steps=...",
        )


def check_alone(trainer: pl.Trainer, config: Mapping[str, Any]) -> None:
    """Make sure that a candidate is trained in this process, on one device.

    Lightning would start the whole command again for each further device.

    Raises:
        ConfigError: if it is not; says how to use several devices.
    """
    if trainer.world_size == 1 and not isinstance(
        trainer.strategy.launcher, _MultiProcessingLauncher
    ):
        return
    strategy, nodes = config.get("strategy", "auto"), config.get("num_nodes", 1)
    key, given = "devices", config.get("devices", "auto")
    if nodes != 1:
        key, given = "num_nodes", nodes
    elif trainer.world_size == 1:
        key, given = "strategy", strategy
    raise ConfigError(
        f"trainer.{key}",
        f"is {given!r}, but a candidate is trained by one process on one device; say"
        " trainer.devices=1, and train several candidates at a time: engine=processes with"
        " engine.workers and engine.gpus_per_trial",
    )


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
