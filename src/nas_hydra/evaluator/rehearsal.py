"""The rehearsal: Lightning's part of a training, with a network of next to nothing.

What every trial would fail of, whatever its candidate, is found by it before any is trained: a
trainer that never validates, a callback that lacks something, a scheduler that Lightning refuses.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint, ModelSummary, ProgressBar
from pytorch_lightning.loggers.logger import DummyLogger, Logger
from torch import Tensor, nn

from nas_hydra.config.component import ask
from nas_hydra.config.kind import check_made
from nas_hydra.dataset import Example
from nas_hydra.dataset.tree import Tree, form_of, number_of_rows
from nas_hydra.errors import CandidateError, ConfigError, in_one_line, listing, nearest
from nas_hydra.evaluator.base import gpus
from nas_hydra.evaluator.build import noise, tensors
from nas_hydra.evaluator.fit import fit, is_lightnings
from nas_hydra.evaluator.rates import check_rates
from nas_hydra.evaluator.schedule import BETTER, MODES
from nas_hydra.evaluator.trainer import Unprofiled, build_trainer, made_trainer
from nas_hydra.objective import Direction
from nas_hydra.task import Recipe, Task
from nas_hydra.task.base import Reduction, Stepping
from nas_hydra.task.module import Batch, TaskModule

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


class BlankTask(Task):
    """Measures what another task does, and means nothing by it.

    Args:
        task: the other one.
    """

    def __init__(self, task: Task) -> None:
        self.scores = task.scores

    def loss(self, output: Tensor, target: Tensor, reduction: Reduction = "mean") -> Tensor:
        """Any loss will do."""
        return output.sum()

    def score(self, kept: Tensor, target: Tensor) -> Mapping[str, Tensor]:
        """Nothing."""
        return dict.fromkeys(self.scores, torch.zeros(()))


class StandIn(TaskModule):
    """Trains what a candidate is not, until it is validated or an epoch is over: any loss will do.

    The trainer keeps its number of epochs, by which a scheduler knows how long it lasts.
    """

    def configure_optimizers(self) -> Any:
        """As its parent does, once the scheduler is known to last as long as a whole training."""
        if self.schedule is None:
            return super().configure_optimizers()
        schedule: Any = self.schedule
        optimizer = self.make_optimizer(self.model.parameters())
        for doubt in check_rates(schedule, optimizer, self.trainer):
            log.warning("scheduler: %s", doubt)
        fresh = self.make_optimizer(self.model.parameters())
        scheduler = self.schedule(fresh, self.trainer)
        # What a callback measures is not measured here.
        known = self.schedule.monitor in (None, *self.task.directions)
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
    config: Mapping[str, Any], module: TaskModule, batches: tuple[int, int | None]
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
    directions = module.task.directions
    _check_monitors(config, module.schedule, directions)
    for said in _remarks(config) if batches[1] is not None else ():
        log.warning("trainer.%s", said)
    train, valid = (None if count is None else Blank(count) for count in batches)
    trainer = _quiet_trainer(config, directions)
    try:
        fit(trainer, _stand_in(module), train, valid)
    except ConfigError:
        raise
    except CandidateError as error:
        raise ConfigError("trainer", str(error)) from error
    except Exception as error:  # Lightning, its callbacks, optimizers and schedulers: anything
        raise ConfigError("trainer", f"trains no candidate: {in_one_line(error)}") from error
    return trainer.estimated_stepping_batches


def _remarks(config: Mapping[str, Any]) -> Iterator[str]:
    """What a trainer's config means for the values of trials, where that is easily missed."""
    limit = config.get("limit_val_batches")
    if limit is not None and not (isinstance(limit, float) and limit == 1):
        yield f"limit_val_batches={limit}: trials are ranked by a part of the validation split"
    if config.get("max_time") is not None:
        yield "max_time: the clock ends trainings, so that values depend on how fast the machine is"


def _stand_in(module: TaskModule) -> StandIn:
    """One weight, with the module's optimizer and scheduler."""
    weight = nn.Linear(1, 2, bias=False)  # two-dimensional, as some optimizers want it
    recipe = Recipe(
        module.make_optimizer,
        module.schedule,
        lambda inputs, target: (inputs, target),
        lambda network: network,
    )
    return StandIn(BlankTask(module.task), weight, recipe)


def _quiet_trainer(config: Mapping[str, Any], directions: Mapping[str, Direction]) -> pl.Trainer:
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
    attributes["callbacks"] = [one for one in attributes["callbacks"] if _is_quiet(one, directions)]
    attributes["profiler"] = Unprofiled()
    return made


def local(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A trainer's config as a worker reads it, who may see fewer devices than its parent."""
    several = gpus() > 1 and config.get("devices", "auto") in ANYWHERE
    return {**config, "devices": 1} if several else config


def check_optimizer(module: TaskModule) -> None:
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
    augment: Callable[[Any, Any], tuple[Any, Any]], example: Example, task: Task
) -> None:
    """Make sure that a batch can be augmented, and comes out as one.

    Raises:
        ConfigError: if not.
    """
    inputs = noise(example.inputs, number_of_rows(example.inputs), torch.device("cpu"), normal=True)
    given = inputs, example.target
    batch = ask(lambda both: augment(*both), given, "dataset.augment", "a batch")
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        problem = f"gives a {type(batch).__name__} for a batch; it must give inputs and target"
        raise ConfigError("dataset.augment", problem)
    problem = _unlike(inputs, batch[0]) or task.unfit(batch[1], number_of_rows(batch[0]))
    if problem:
        raise ConfigError("dataset.augment", problem)


def _unlike(inputs: Tree, changed: Tree) -> str:
    """How augmented inputs are not of the kind of those that they were; empty if they are."""
    pairs = [*zip(tensors(inputs), tensors(changed), strict=False)]
    same = len(pairs) == len([*tensors(changed)]) == len([*tensors(inputs)]) and all(
        one.dtype == other.dtype and one.shape[1:] == other.shape[1:] and other.ndim and len(other)
        for one, other in pairs
    )
    if not same:
        return f"gives {form_of(changed)} for inputs {form_of(inputs)}; type and size must stay"
    if not all(other.isfinite().all() for _, other in pairs):
        return "gives inputs with numbers that are not finite"
    return ""


def _is_quiet(callback: pl.Callback, directions: Mapping[str, Direction]) -> bool:
    """Whether a callback is Lightning's own, writes and prints nothing, and needs no other one."""
    measured = getattr(callback, "monitor", None) in (None, *directions)
    return is_lightnings(callback) and measured and not isinstance(callback, LOUD)


def _check_monitors(
    config: Mapping[str, Any], schedule: Stepping | None, directions: Mapping[str, Direction]
) -> None:
    """Make sure that what callbacks and the scheduler monitor is measured.

    Users' own callbacks may measure more.
    """
    callbacks = _callbacks_of(config.get("callbacks") or [])
    lightnings = f"{pl.__name__}."
    own = {key for key, one in callbacks.items() if str(one["_target_"]).startswith(lightnings)}
    for key in own:
        _check_mode(key, callbacks[key], directions)
    if len(own) < len(callbacks):
        return
    monitors = {key: callback.get("monitor") for key, callback in callbacks.items()}
    if schedule is not None:
        monitors["scheduler"] = schedule.monitor
    for key, given in monitors.items():
        if given is not None and given not in directions:
            raise ConfigError(
                f"{key}.monitor",
                f"is {given!r}, which is not measured; allowed: {listing(directions)}"
                f"{nearest(given, directions)}",
            )


def _check_mode(key: str, callback: Mapping[str, Any], directions: Mapping[str, Direction]) -> None:
    """Make sure that one of Lightning's callbacks looks for what is better in what it monitors."""
    monitor, mode = str(callback.get("monitor")), callback.get("mode", "min")
    right = (
        MODES[directions[monitor]] if isinstance(monitor, str) and monitor in directions else mode
    )
    if mode in BETTER and mode != right:
        problem = f"is {mode!r}, but {monitor} is better the {BETTER[right]} it is; say {right}"
        raise ConfigError(f"{key}.mode", problem)


def _callbacks_of(given: Any) -> dict[str, Mapping[str, Any]]:
    """The configs of callbacks, by their keys: of one, of a list, or of a mapping."""
    key = "trainer.callbacks"
    if isinstance(given, Mapping) and "_target_" in given:
        return {key: given}
    named = given.items() if isinstance(given, Mapping) else enumerate(given)
    return {f"{key}.{name}": part for name, part in named if part is not None}
