"""The learning-rate scheduler of a training, made when it is known how long that takes."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytorch_lightning as pl
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR, ReduceLROnPlateau

from nas_hydra.config.annotation import hints
from nas_hydra.config.arguments import schedules, stepping
from nas_hydra.config.component import ask, build_function, locate
from nas_hydra.config.kind import check_made
from nas_hydra.config.total_steps import TOTAL_STEPS, counted_later, number_of
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.evaluator.trainer import total_epochs, total_steps
from nas_hydra.objective import Direction

INTERVALS = ("step", "epoch")

ALLOWED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "interval": (lambda given: given in INTERVALS, "step, epoch"),
    "frequency": (lambda given: type(given) is int and given > 0, "1 and more"),
    "monitor": (lambda given: isinstance(given, str), "the name of a metric"),
    "strict": (lambda given: isinstance(given, bool), "true, false"),
    "name": (lambda given: isinstance(given, str), "a text"),
}
"""Key -> whether a value may stand there, and which may, in words.

As in Lightning, ``interval`` and ``frequency`` say after how many steps of the optimizer, or
epochs, the scheduler is stepped; ``monitor`` the metric that it is told, and ``strict`` that
training fails where there is none; ``name`` what ``LearningRateMonitor`` calls it.
"""

KEY = "scheduler"
SCHEDULER = Callable[..., LRScheduler]
GIVEN = "the optimizer"
BY_STEP = (OneCycleLR, CyclicLR)
"""Schedulers whose lengths are steps of the optimizer, wherever they are described."""
MODES: Mapping[Direction, str] = {"maximize": "max", "minimize": "min"}
"""What Lightning and torch call directions."""
BETTER = {"max": "higher", "min": "lower"}


class Schedule:
    """Makes the scheduler of each training, as Lightning takes it.

    The config is that of the scheduler, with Lightning's keys beside its own arguments (see
    ``stepping``; an argument of the scheduler by such a name stays its own). A scheduler is stepped
    after every step of the optimizer if it is one of ``BY_STEP``, is told ``trainer.total_steps``,
    or has an argument that speaks of steps; else after every epoch. A part of it that is a
    scheduler as well, or makes one, is made with the same optimizer.

    A ``T_max`` that is ``trainer.max_epochs`` means the whole training, wherever that ends.

    Args:
        config: of the scheduler, closed.
        directions: what is measured in training, and which way it is better.

    Raises:
        ConfigError: if its target does not import.
    """

    def __init__(self, config: Mapping[str, Any], directions: Mapping[str, Direction]) -> None:
        self.directions = directions
        called = locate(config.get("_target_"), f"{KEY}._target_")
        beside = stepping(called, _parameters_of(called))
        self._config = {name: value for name, value in config.items() if name not in beside}
        given = {name: config[name] for name in beside if config.get(name) is not None}
        self._given = given
        self.interval: str = given.get("interval", "step" if _by_step(self._config) else "epoch")
        self.every: int = given.get("frequency", 1)

    @property
    def monitor(self) -> str | None:
        """The metric that the scheduler is told."""
        return self._given.get("monitor")

    def __call__(self, optimizer: Optimizer, trainer: pl.Trainer) -> dict[str, Any]:
        """The scheduler and when it is stepped, for a trainer that is about to train.

        Raises:
            ConfigError: if the scheduler refuses its arguments or the optimizer, or would never
                do what it is there for.
        """
        scheduler = self.made(optimizer, trainer)
        stepping = {"scheduler": scheduler, **self._given, "interval": self.interval}
        if takes_metric(scheduler):
            return {**stepping, **self._monitored(scheduler, trainer)}
        for name in ("monitor", "strict"):
            if name in self._given:
                problem = f"is read by nobody: {type(scheduler).__name__} takes no metric"
                raise ConfigError(f"{KEY}.{name}", f"{problem}; leave it out")
        # Lightning counts the batches of an epoch; the module counts steps.
        return {**stepping, "frequency": 1 if self.interval == "step" else self.every}

    def made(self, optimizer: Optimizer, trainer: pl.Trainer) -> LRScheduler:
        """The scheduler alone.

        Raises:
            ConfigError: as a call.
        """
        _check_stepping(self._given)
        if self.interval == "epoch" and any(map(counted_later, _leaves(self._config))):
            problem = f"is 'epoch', but a length refers to {TOTAL_STEPS}; leave it out, or say step"
            raise ConfigError(f"{KEY}.interval", problem)
        config = self._closed(self._config, KEY, trainer)
        _check_lengths(config, KEY)
        function = build_function(config, KEY, SCHEDULER, GIVEN)
        scheduler = ask(lambda one: _with_optimizer(function, one)(one), optimizer, KEY, GIVEN)
        check_made(scheduler, LRScheduler, KEY)
        return scheduler  # type: ignore[no-any-return]  # it was checked

    def _closed(self, part: Any, key: str, trainer: pl.Trainer, whole: bool = False) -> Any:
        """A part of the config with the lengths of this training; ``whole`` ones are rounded."""
        if isinstance(part, Mapping):
            called = locate(part["_target_"], key) if "_target_" in part else None
            for name in stepping(called, _parameters_of(called)) if called and key != KEY else ():
                if name in part:
                    problem = "says nothing: what a scheduler is a part of is stepped as a whole"
                    raise ConfigError(f"{key}.{name}", f"{problem}; say {KEY}.{name}")
            known = hints(called) if called else {}
            return {
                name: self._length(trainer)
                if name == "T_max" and _is_training(value, trainer)
                else self._closed(value, f"{key}.{name}", trainer, _is_whole(known.get(name)))
                for name, value in part.items()
            }
        if isinstance(part, list):
            return [self._closed(one, f"{key}.{i}", trainer, whole) for i, one in enumerate(part)]
        if not counted_later(part):
            return part
        number = number_of(part, total_steps(trainer), key)
        return round(number) if whole else number

    def _length(self, trainer: pl.Trainer) -> int:
        return total_steps(trainer) if self.interval == "step" else total_epochs(trainer)

    def _monitored(self, scheduler: LRScheduler, trainer: pl.Trainer) -> dict[str, Any]:
        """How often the scheduler is told its metric: as often as that is measured."""
        _check_monitor(self.monitor, scheduler, trainer, self.directions)
        if self.interval == "step":
            problem = f"is 'step', but {self.monitor} is measured once per epoch; say epoch"
            raise ConfigError(f"{KEY}.interval", problem)
        # It is there: a metric that is measured less often than that was refused.
        measured = trainer.check_val_every_n_epoch or 1
        epochs = measured if str(self.monitor).startswith("val_") else 1
        every = self._given.get("frequency", epochs)
        if every % epochs:
            problem = f"is {every}, but {self.monitor} is measured every {epochs} epochs"
            raise ConfigError(f"{KEY}.frequency", f"{problem}; leave it out, or say {epochs}")
        return {"frequency": every, "reduce_on_plateau": True}


def _by_step(config: Any) -> bool:
    """Whether the lengths in a scheduler's config are steps of the optimizer."""
    if isinstance(config, Mapping):
        called = locate(config["_target_"], KEY) if "_target_" in config else None
        speaks = called is not None and any("steps" in name for name in config)
        known = inspect.isclass(called) and issubclass(called, BY_STEP)
        return known or speaks or any(map(_by_step, config.values()))
    return any(map(_by_step, config)) if isinstance(config, list) else counted_later(config)


def _leaves(config: Any) -> Iterator[Any]:
    """The values in a config that hold no others."""
    if isinstance(config, Mapping | list):
        for part in config.values() if isinstance(config, Mapping) else config:
            yield from _leaves(part)
    else:
        yield config


def _parameters_of(called: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a class or function, by name; none if it does not say."""
    try:
        return inspect.signature(called).parameters
    except (TypeError, ValueError):
        return {}


def _is_training(given: Any, trainer: pl.Trainer) -> bool:
    """Whether a number of epochs is the one that the trainer was given."""
    return given is None or (type(given) is int and given == trainer.max_epochs)


def _is_whole(known: Any) -> bool:
    """Whether an argument's annotation wants whole numbers."""
    text = " ".join(str(hint.type) for hint in known or ())
    return "int" in text and "float" not in text


def check_elsewhere(candidate: Mapping[str, Any]) -> None:
    """Make sure that only the scheduler is told how many steps a training takes.

    Raises:
        ConfigError: if another part of a candidate's config wants to know.
    """
    for part, config in candidate.items():
        for value in _leaves(config) if part != KEY else ():
            if counted_later(value):
                problem = f"has a value that refers to {TOTAL_STEPS}, which is counted when a"
                raise ConfigError(part, f"{problem} training begins; only the scheduler can")


def _check_stepping(given: Mapping[str, Any]) -> None:
    """Make sure that the keys have values that Lightning knows."""
    for name, value in given.items():
        fits, allowed = ALLOWED[name]
        if value is not None and not fits(value):
            hint = nearest(value, INTERVALS) if name == "interval" else ""
            raise ConfigError(f"scheduler.{name}", f"is {value!r}; allowed: {allowed}{hint}")


def _check_lengths(config: Any, key: str) -> None:
    """Make sure that a cosine, wherever it stands, has a length."""
    if isinstance(config, list):
        for index, part in enumerate(config):
            _check_lengths(part, f"{key}.{index}")
    elif isinstance(config, Mapping):
        for name, value in config.items():
            if name in ("T_max", "step_size") and isinstance(value, int | float) and value < 1:
                raise ConfigError(f"{key}.{name}", f"is {value}; at least 1 is needed")
            _check_lengths(value, f"{key}.{name}")


def _with_optimizer(made: Callable[..., Any], optimizer: Optimizer) -> Callable[[Optimizer], Any]:
    """A maker of schedulers that takes the optimizer alone: those among its parts are made."""
    if not isinstance(made, partial):
        return made
    named = {name: _whole_part(value, optimizer) for name, value in made.keywords.items()}
    listed = [_whole_part(value, optimizer) for value in made.args]
    parameters = list(_parameters_of(made.func))
    if "optimizer" in parameters and parameters[0] != "optimizer":  # ChainedScheduler's is last
        return lambda optimizer: made.func(*listed, **named, optimizer=optimizer)
    return lambda optimizer: made.func(*listed, optimizer, **named)


def _whole_part(part: Any, optimizer: Optimizer) -> Any:
    """A part of a scheduler, made with the optimizer if it makes a scheduler itself."""
    if isinstance(part, list | tuple):
        return [_whole_part(one, optimizer) for one in part]
    if isinstance(part, partial) and schedules(part.func):
        return _with_optimizer(part, optimizer)(optimizer)
    return part


def takes_metric(scheduler: LRScheduler) -> bool:
    """Whether a scheduler is told a metric with each of its steps, and no epoch."""
    first = next(iter(_parameters_of(scheduler.step).values()), None)
    return first is not None and first.name != "epoch" and first.default is first.empty


def _check_monitor(
    monitor: str | None,
    scheduler: LRScheduler,
    trainer: pl.Trainer,
    directions: Mapping[str, Direction],
) -> None:
    """Make sure that what a scheduler is told is there, and means what it takes it for."""
    key, name = f"{KEY}.monitor", type(scheduler).__name__
    if monitor is None:
        problem = f"is missing; {name} is told a metric: say +{key}=train_loss, or another of"
        raise ConfigError(key, f"{problem} {listing(directions)}")
    if monitor.startswith("val_") and not trainer.enable_validation:
        problem = f"is {monitor!r}, but nothing is validated here, since all images are trained on"
        raise ConfigError(key, f"{problem}; say scheduler.monitor=train_loss")
    by_batches = trainer.check_val_every_n_epoch is None
    if monitor.startswith("val_") and (by_batches or trainer._val_check_time_interval is not None):  # type: ignore[attr-defined]  # as below
        problem = f"is {monitor!r}, which is not measured at the end of epochs"
        raise ConfigError(key, f"{problem}; leave trainer.val_check_interval out")
    right = MODES[directions[monitor]] if monitor in directions else ""
    if isinstance(scheduler, ReduceLROnPlateau) and right not in ("", scheduler.mode):
        problem = f"is {scheduler.mode!r}, but {monitor} is better the {BETTER[right]} it is"
        raise ConfigError(f"{KEY}.mode", f"{problem}; say {right}")
