"""The rehearsal: Lightning's part of a training, with a network of next to nothing.

What every trial would fail of, whatever its candidate, is found by it before any is trained: a
trainer that never validates, a callback that lacks something, a scheduler that Lightning refuses.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint, ModelSummary, ProgressBar
from pytorch_lightning.loggers.logger import DummyLogger, Logger
from torch import Tensor, nn

from nas_hydra.component import ask
from nas_hydra.dataset.check import told
from nas_hydra.errors import CandidateError, ConfigError, in_one_line, listing, nearest
from nas_hydra.evaluator.build import gpus
from nas_hydra.evaluator.classifier import Batch, Classifier
from nas_hydra.evaluator.fit import MEASURED, fit, is_lightnings
from nas_hydra.evaluator.probe import IMAGES, tensors
from nas_hydra.evaluator.rates import check_rates
from nas_hydra.evaluator.schedule import BETTER, HIGHER, Schedule
from nas_hydra.evaluator.trainer import Unprofiled, build_trainer, made_trainer
from nas_hydra.kind import check_made

log = logging.getLogger(__name__)

ANYWHERE = ("auto", -1, "-1")
"""Devices that are all those that a process sees."""

PARAMETERS = "the network's parameters"

DEVICE = ("accelerator", "devices", "num_nodes", "strategy", "precision", "plugins")
"""Arguments of a trainer that mean a device."""

LOUD = (Checkpoint, ModelSummary, ProgressBar)
"""Callbacks that write or print."""


@dataclass(frozen=True)
class Blank:
    """So many batches of one image of one pixel."""

    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Batch]:
        return repeat((torch.zeros(1, 1), torch.zeros(1, dtype=torch.long)), self.count)


class StandIn(Classifier):
    """Trains what a candidate is not, until it is validated or an epoch is over: any loss will do.

    The trainer keeps its number of epochs, by which a scheduler knows how long it lasts.
    """

    def configure_optimizers(self) -> Any:
        """As its parent does, once the scheduler is known to last as long as a whole training."""
        if self.schedule is None:
            return super().configure_optimizers()
        optimizer = self.make_optimizer(self.model.parameters())
        for doubt in check_rates(self.schedule, optimizer, self.trainer):
            log.warning("scheduler: %s", doubt)
        fresh = self.make_optimizer(self.model.parameters())
        scheduler = self.schedule(fresh, self.trainer)
        # What a callback measures is not measured here.
        known = self.schedule.monitor in (None, *MEASURED)
        return {"optimizer": fresh, "lr_scheduler": scheduler} if known else fresh

    def on_validation_end(self) -> None:
        """That was all."""
        self.trainer.should_stop = not self.trainer.sanity_checking

    def on_train_epoch_end(self) -> None:
        """Nothing more is to come where nothing is validated."""
        super().on_train_epoch_end()
        self.trainer.should_stop |= not self.trainer.enable_validation

    def _finite(self, loss: Tensor) -> Tensor:
        return loss


def rehearse(
    config: Mapping[str, Any], module: Classifier, batches: tuple[int, int | None]
) -> float:
    """Train a stand-in until it would be validated for the first time, on the CPU.

    Users' own callbacks are left out: they may look at the network. So is whatever writes.

    Args:
        config: the candidate's ``trainer``.
        module: what is to be trained; its optimizer and scheduler are used.
        batches: how many an epoch trains, and how many validate; None if nothing does.

    Returns:
        How many steps of the optimizer a whole training takes; infinite if only a clock ends it.

    Raises:
        ConfigError: if no candidate could be trained.
    """
    check_monitors(config, module.schedule)
    for said in remarks(config) if batches[1] is not None else ():
        log.warning("trainer.%s", said)
    train, valid = (None if count is None else Blank(count) for count in batches)
    trainer = quiet_trainer(config)
    try:
        fit(trainer, stand_in(module), train, valid)
    except ConfigError:
        raise
    except CandidateError as error:
        raise ConfigError("trainer", str(error)) from error
    except Exception as error:  # Lightning, its callbacks, optimizers and schedulers: anything
        raise ConfigError("trainer", f"trains no candidate: {in_one_line(error)}") from error
    return trainer.estimated_stepping_batches


def remarks(config: Mapping[str, Any]) -> Iterator[str]:
    """What a trainer's config means for the values of trials, where that is easily missed."""
    limit = config.get("limit_val_batches")
    if limit is not None and not (isinstance(limit, float) and limit == 1):
        yield f"limit_val_batches={limit}: trials are ranked by a part of the validation split"
    if config.get("max_time") is not None:
        yield "max_time: the clock ends trainings, so that values depend on how fast the machine is"


def stand_in(module: Classifier) -> StandIn:
    """One weight, with the module's optimizer and scheduler."""
    return StandIn(
        nn.Linear(1, 2, bias=False),  # two-dimensional, as some optimizers want it
        2,
        module.make_optimizer,
        module.schedule,
        lambda images, labels: (images, labels),
    )


def quiet_trainer(config: Mapping[str, Any]) -> pl.Trainer:
    """A trainer of this config that may stop at once, and leaves nothing."""
    made = build_trainer(local(config), parts=1)
    if made.strategy.root_device.type != "cpu":
        kept = {name: value for name, value in config.items() if name not in DEVICE}
        made = made_trainer({**kept, "accelerator": "cpu", "devices": 1})
    made.fit_loop.min_epochs = made.fit_loop.epoch_loop.min_steps = None
    for logger in made.loggers:
        check_made(logger, Logger, "trainer.logger")
    made.loggers = [DummyLogger()] if made.loggers else []
    attributes = vars(made)  # these are declared nowhere
    attributes["callbacks"] = [one for one in attributes["callbacks"] if is_quiet(one)]
    attributes["profiler"] = Unprofiled()
    return made


def local(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A trainer's config as a worker reads it, who may see fewer devices than its parent."""
    several = gpus() > 1 and config.get("devices", "auto") in ANYWHERE
    return {**config, "devices": 1} if several else config


def check_optimizer(module: Classifier) -> None:
    """Make sure that the network's optimizer can be made, and trains it.

    Raises:
        ConfigError: if not.
    """
    parameters = module.model.parameters()
    optimizer = ask(module.make_optimizer, parameters, "optimizer", PARAMETERS)
    check_made(optimizer, torch.optim.Optimizer, "optimizer")
    rates = [group["lr"] for group in optimizer.param_groups if group.get("lr") is not None]
    for name, value in optimizer.param_groups[0].items():
        if isinstance(value, float) and math.isnan(value):
            raise ConfigError(f"optimizer.{name}", "is nan; it must be a number")
    if rates and not any(0 < float(rate) < math.inf for rate in rates):
        problem = f"is {rates[0]}; it must be above 0 and finite, or nothing is learned"
        raise ConfigError("optimizer.lr", problem)


def check_augmentation(
    augment: Callable[[Tensor, Tensor], Batch], input_shape: Sequence[int], num_classes: int
) -> None:
    """Make sure that a batch of images can be augmented, and comes out as one.

    Raises:
        ConfigError: if not.
    """
    images, labels = torch.randn(IMAGES, *input_shape), torch.zeros(IMAGES, dtype=torch.long)
    batch = ask(lambda both: augment(*both), (images, labels), "dataset.augment", "a batch")
    found = [*tensors(batch)]
    if len(found) != 2:
        problem = f"gives a {type(batch).__name__} for a batch; it must give images and labels"
        raise ConfigError("dataset.augment", problem)
    check_augmented(images, found[0], found[1], num_classes)


def check_augmented(images: Tensor, changed: Tensor, labels: Tensor, num_classes: int) -> None:
    """Make sure that an augmented batch is one of images of the same size, and of labels.

    Raises:
        ConfigError: if it is not.
    """
    problem, number = "", len(changed) if changed.ndim else 0
    shares = labels.dtype == images.dtype and labels.shape == (number, num_classes)
    hard = labels.dtype == torch.int64 and labels.shape == (number,)
    if changed.dtype != images.dtype or changed.shape[1:] != images.shape[1:] or not number:
        problem = f"gives {told(changed)} for images {told(images)}; type and size must stay"
    elif not changed.isfinite().all():
        problem = "gives images with numbers that are not finite"
    elif not shares and not (hard and 0 <= labels.min() <= labels.max() < num_classes):
        problem = (
            f"gives labels {told(labels)} for {number} images; allowed: int64 ({number},) from 0 to"
            f" {num_classes - 1}, or shares of classes, float32 ({number}, {num_classes})"
        )
    if problem:
        raise ConfigError("dataset.augment", problem)


def is_quiet(callback: pl.Callback) -> bool:
    """Whether a callback is Lightning's own, writes and prints nothing, and needs no other one."""
    measured = getattr(callback, "monitor", None) in (None, *MEASURED)
    return is_lightnings(callback) and measured and not isinstance(callback, LOUD)


def check_monitors(config: Mapping[str, Any], schedule: Schedule | None) -> None:
    """Make sure that what callbacks and the scheduler monitor is measured.

    Users' own callbacks may measure more.

    Raises:
        ConfigError: naming what is.
    """
    callbacks = callbacks_of(config.get("callbacks") or [])
    own = {key for key, one in callbacks.items() if is_named_of(one, pl.__name__)}
    for key in own:
        check_mode(key, callbacks[key])
    if len(own) < len(callbacks):
        return
    monitors = {key: callback.get("monitor") for key, callback in callbacks.items()}
    if schedule is not None:
        monitors["scheduler"] = schedule.monitor
    for key, given in monitors.items():
        if given is not None and given not in MEASURED:
            raise ConfigError(
                f"{key}.monitor",
                f"is {given!r}, which is not measured; allowed: {listing(MEASURED)}"
                f"{nearest(given, MEASURED)}",
            )


def is_named_of(component: Mapping[str, Any], package: str) -> bool:
    """Whether a component's config names something of a package."""
    return str(component["_target_"]).startswith(f"{package}.")


def check_mode(key: str, callback: Mapping[str, Any]) -> None:
    """Make sure that one of Lightning's callbacks looks for what is better in what it monitors.

    Raises:
        ConfigError: if it would keep or wait for the worst; Lightning's default is ``min``.
    """
    monitor, mode = callback.get("monitor"), callback.get("mode", "min")
    right = "max" if monitor in HIGHER else "min"
    if monitor in MEASURED and mode in BETTER and mode != right:
        problem = f"is {mode!r}, but {monitor} is better the {BETTER[right]} it is; say {right}"
        raise ConfigError(f"{key}.mode", problem)


def callbacks_of(given: Any) -> dict[str, Mapping[str, Any]]:
    """The configs of callbacks, by their keys: of one, of a list, or of a mapping."""
    key = "trainer.callbacks"
    if isinstance(given, Mapping) and "_target_" in given:
        return {key: given}
    named = given.items() if isinstance(given, Mapping) else enumerate(given)
    return {f"{key}.{name}": part for name, part in named if part is not None}
