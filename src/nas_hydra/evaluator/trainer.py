"""Lightning's trainer, made from its config."""

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from copy import deepcopy
from functools import lru_cache
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies.launchers import _MultiProcessingLauncher

from nas_hydra.arguments import plain
from nas_hydra.component import build
from nas_hydra.errors import ConfigError

logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)

LIGHTNING = "pytorch_lightning.Trainer"
FLAGS = {"deterministic", "benchmark"}
"""What makes Lightning set flags of torch whenever it makes a trainer, and not when it is used."""

NOTHING = nullcontext()


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
