"""Trainers for a user's own LightningModule: of its package, and as the config says."""

import logging
import tempfile
from collections.abc import Mapping
from functools import cache
from typing import Any

from nas_hydra.evaluator.trainer import made_trainer
from nas_hydra.lightning import PACKAGES, TRAINER, class_of, in_package

log = logging.getLogger(__name__)

TRIED = {
    "accelerator": "cpu",
    "devices": 1,
    "max_epochs": 1,
    "limit_train_batches": 1,
    "limit_val_batches": 1,
    "num_sanity_val_steps": 0,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": False,
}
"""What makes a training of one batch, which leaves nothing."""


def own_trainer(config: Mapping[str, Any], package: str, *more: Any) -> Any:
    """A new trainer of a package, with these callbacks beside those of its config.

    Raises:
        ConfigError: if the config is wrong, see ``made_trainer``.
    """
    given = str(config["_target_"])
    target = in_package(given, package)
    if target != given:
        tell_package(given, package)
    trainer = made_trainer({**config, "_target_": target}, package)
    vars(trainer)["callbacks"].extend(more)
    return trainer


@cache
def tell_package(given: str, package: str) -> None:
    """Say that another trainer than the config's is taken; once."""
    log.info(
        "trainer: %s.%s is taken in the place of %s, as the module is", package, TRAINER, given
    )


def dry_trainer(config: Mapping[str, Any], package: str, *callbacks: Any) -> Any:
    """One that trains and validates on a batch each, on the CPU, and writes nothing of its own.

    Args:
        config: of the real one, whose gradients' settings it has.
        package: that it is of.
        callbacks: its only ones, beside those that a module configures.
    """
    own_trainer(config, package)  # what is wrong with it is to be told
    kept = ("accumulate_grad_batches", "gradient_clip_val", "gradient_clip_algorithm")
    more = {name: config[name] for name in kept if name in config}
    place = tempfile.gettempdir()
    return class_of(package, TRAINER)(
        **TRIED,
        **more,
        logger=bool(config.get("logger")) and dummy(package),
        callbacks=[*callbacks],
        default_root_dir=place,
    )


def dummy(package: str) -> Any:
    """A logger that a module may log to as it likes."""
    return class_of(f"{package}.loggers.logger", "DummyLogger")()


def is_lightnings(callback: Any) -> bool:
    """Whether a callback is one of a Lightning's own."""
    return f"{type(callback).__module__}.".startswith(tuple(f"{one}." for one in PACKAGES))
