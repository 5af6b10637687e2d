"""Lightning's trainer, made from its config: how long it trains, and on which device."""

import json
import logging
import math
import platform
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import GradientAccumulationScheduler
from pytorch_lightning.profilers import PassThroughProfiler

from nas_hydra.config.arguments import plain
from nas_hydra.config.component import build
from nas_hydra.errors import ConfigError
from nas_hydra.lightning import PACKAGES, TRAINER, class_of, in_package

for package in PACKAGES:
    logging.getLogger(package).setLevel(logging.WARNING)

LIGHTNING = "pytorch_lightning.Trainer"
FLAGS = {"deterministic", "benchmark"}
"""What makes Lightning set flags of torch whenever it makes a trainer, and not when it is used."""

NOTHING = nullcontext()

QUIET = dict.fromkeys(
    ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
)
"""What Lightning would write or print if nobody said anything."""

ALONE = "a candidate is trained by one process on one device, so that it would do nothing"

REFUSED: Mapping[str, tuple[Sequence[Any], str]] = {
    "barebones": ([False], "logs nothing, so that nothing would be measured"),
    "fast_dev_run": (
        [False, 0],
        "trains and validates on a few batches only, and trials would be ranked by that; every"
        " search is tried before it begins as it is",
    ),
    "limit_predict_batches": ([None, 1.0], "no trial predicts, so that it would do nothing"),
    "limit_test_batches": ([None, 1.0], "nas-hydra-retrain tests on the whole test split"),
    "model_registry": ([None], "would upload every trial; the winner is in best.ckpt"),
    "overfit_batches": (
        [0, 0.0],
        "would train every candidate on the same few batches; for fewer images say"
        " dataset.limit=..., for fewer batches per epoch +trainer.limit_train_batches=...",
    ),
    "reload_dataloaders_every_n_epochs": (
        [0],
        "there is nothing to load again: every epoch has batches of its own of the same images",
    ),
    "sync_batchnorm": ([False], ALONE),
    "use_distributed_sampler": ([True], ALONE),
}
"""Argument of Lightning's that no candidate is trained with -> what it may be, and why."""

MULTIPLIED = (
    *("limit_train_batches", "limit_val_batches", "val_check_interval", "num_sanity_val_steps"),
)
"""Arguments that count batches, where they are whole numbers."""

DEVICES = {"devices": "devices=1", "num_nodes": "num_nodes=1", "strategy": "strategy=auto"}
"""Arguments that may ask for several devices -> what asks for one."""

MEANT = ("accelerator", "devices")
"""Arguments of a trainer that decide on its device."""


class Unprofiled(PassThroughProfiler):
    """Does nothing, as its parent does, but without a generator for each of 18 hooks per batch."""

    def profile(self, action_name: str) -> nullcontext[None]:  # type: ignore[override]
        """A context that does nothing."""
        return NOTHING


def build_trainer(config: Mapping[str, Any], parts: int) -> pl.Trainer:
    """A new trainer that takes so many micro-batches for each batch of its config."""
    config = _in_parts(config, parts)
    arguments = {name: value for name, value in config.items() if name != "_target_"}
    # A callback or a plugin has a state of its own, and is made for each trainer.
    if config["_target_"] == LIGHTNING and plain(arguments) and FLAGS.isdisjoint(arguments):
        return deepcopy(_unused_trainer(json.dumps(config)))
    return made_trainer(config)


def _in_parts(config: Mapping[str, Any], parts: int) -> Mapping[str, Any]:
    """A trainer's config that means the same, if each batch comes as so many micro-batches."""
    if parts == 1:
        return config
    counted = {name: config[name] for name in MULTIPLIED if type(config.get(name)) is int}
    counted["accumulate_grad_batches"] = config.get("accumulate_grad_batches", 1)
    return {**config, **{name: max(count * parts, -1) for name, count in counted.items()}}


@lru_cache(maxsize=1)
def _unused_trainer(config: str) -> pl.Trainer:
    """What trainers of a config, written as JSON, are copies of.

    Lightning looks through all installed packages for each that it makes, which takes ten times as
    long as a copy.
    """
    return made_trainer(json.loads(config))


def made_trainer(config: Mapping[str, Any], package: str = pl.__name__) -> pl.Trainer:
    """A trainer made from its config.

    Args:
        config: of the trainer.
        package: that it must be of, see ``nas_hydra.lightning``.

    Raises:
        ConfigError: if that is wrong, trains for ever, or in several processes.
    """
    _check_taken(config)
    more: dict[str, Any] = {}
    if _is_plain(config["_target_"]):
        config = {**QUIET, **config}
    if config["_target_"] == LIGHTNING:
        more = {} if "profiler" in config else {"profiler": Unprofiled()}
    trainer: pl.Trainer = build(config, "trainer", class_of(package, TRAINER), **more)
    _check_ends(trainer, config)
    _check_alone(trainer, config, package)
    _check_places(trainer, config)
    return trainer


def _is_plain(target: str) -> bool:
    """Whether it is a Lightning's own trainer, by any of its names."""
    return (
        re.fullmatch(r"pytorch_lightning(\.trainer)*\.Trainer", in_package(target, pl.__name__))
        is not None
    )


def _check_taken(config: Mapping[str, Any]) -> None:
    """Make sure that the trainer is given nothing that has no meaning here."""
    for name, (allowed, reason) in REFUSED.items():
        value = config.get(name, allowed[0])
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise ConfigError(f"trainer.{name}", f"is {value!r}, but {reason}; leave it out")


def _check_places(trainer: pl.Trainer, config: Mapping[str, Any]) -> None:
    """Make sure that no trial writes into the working folder."""
    if config.get("default_root_dir") is not None:
        return
    here = "would write {} of every trial into the working folder; leave it false, or say where:"
    if config.get("logger", False) in (True, None):
        given, what = config["logger"], here.format("lightning_logs")
        raise ConfigError("trainer.logger", f"is {given}, and {what} +trainer.default_root_dir=...")
    homeless = [one for one in trainer.checkpoint_callbacks if not getattr(one, "dirpath", here)]
    if homeless and not trainer.loggers:
        what = here.format("checkpoints")
        problem = f"is true, and {what} a ModelCheckpoint's dirpath, or +trainer.default_root_dir"
        raise ConfigError("trainer.enable_checkpointing", f"{problem}=...")


def _check_ends(trainer: pl.Trainer, config: Mapping[str, Any]) -> None:
    """Make sure that training ends by itself."""
    if (trainer.max_epochs, trainer.max_steps) == (-1, -1) and config.get("max_time") is None:
        raise ConfigError(
            "trainer.max_epochs",
            "is -1, and training would never end; say how many epochs, or +trainer.max_steps=...",
        )


def _check_alone(
    trainer: pl.Trainer, config: Mapping[str, Any], package: str = pl.__name__
) -> None:
    """Make sure that a candidate is trained in this process, on one device.

    Lightning would start the whole command again for each further device.
    """
    single = class_of(f"{package}.strategies", "SingleDeviceStrategy")
    if trainer.world_size == 1 and isinstance(trainer.strategy, single):
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
        f" trainer.{DEVICES[key]}, and train several candidates at a time: engine=processes with"
        " engine.workers and engine.gpus_per_trial",
    )


def total_steps(trainer: pl.Trainer) -> int:
    """How many steps the optimizer takes.

    Raises:
        ConfigError: if only the clock ends the training, or a callback changes what a step is.
    """
    if any(isinstance(one, GradientAccumulationScheduler) for one in trainer.callbacks):  # type: ignore[attr-defined]  # it is declared nowhere
        problem = "hold a GradientAccumulationScheduler, so that nobody knows how many steps the"
        raise ConfigError(
            "trainer.callbacks",
            f"{problem} scheduler is to last; say +trainer.accumulate_grad_batches=... instead",
        )
    steps = trainer.estimated_stepping_batches
    if not 0 < steps < math.inf:
        raise ConfigError(
            "trainer.max_epochs",
            f"is {trainer.max_epochs}, so that nobody knows how long the scheduler is to last; say"
            " how many epochs, or +trainer.max_steps=...",
        )
    return int(steps)


def total_epochs(trainer: pl.Trainer) -> int:
    """How many epochs training takes, the last one perhaps not to its end.

    Raises:
        ConfigError: as ``total_steps``.
    """
    if trainer.max_steps == -1 and (trainer.max_epochs or 0) > 0:
        return int(trainer.max_epochs or 0)
    steps = total_steps(trainer)
    if trainer.train_dataloader is None:
        trainer.fit_loop.setup_data()
    return math.ceil(
        steps / math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches)
    )


def device_of(trainer: Mapping[str, Any]) -> torch.device:
    """The device that a trainer of this config trains on."""
    return _device(json.dumps({name: trainer[name] for name in MEANT if name in trainer}))


@lru_cache
def _device(arguments: str) -> torch.device:
    """As Lightning chooses it; making a trainer takes milliseconds, so it is asked once."""
    made = made_trainer({"_target_": LIGHTNING, **json.loads(arguments)})
    return made.strategy.root_device


@lru_cache
def processors() -> str:
    """The machine's CPU, and its GPU if there is one; machines of one kind have the same."""
    found = [_cpuinfo()]
    if torch.cuda.is_available():
        found.append(torch.cuda.get_device_name())
    return ", ".join(found)


def _cpuinfo() -> str:
    """The model of the CPU, or at least its architecture."""
    file = Path("/proc/cpuinfo")
    text = file.read_text() if file.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1] if named else platform.machine()


def device_kind(device: torch.device) -> str:
    """What computes the same numbers: the type of a device, and the name of a GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
