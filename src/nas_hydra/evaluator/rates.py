"""The learning rates of a training, gone through before there is one."""

import math
import warnings
from collections.abc import Iterator

import pytorch_lightning as pl
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from nas_hydra.config.total_steps import TOTAL_STEPS
from nas_hydra.errors import ConfigError, in_one_line
from nas_hydra.evaluator.schedule import KEY, Schedule, takes_metric
from nas_hydra.evaluator.trainer import total_epochs, total_steps

MOST = 50_000
"""So many steps of a scheduler are tried, which takes less than a second."""


def check_rates(schedule: Schedule, optimizer: Optimizer, trainer: pl.Trainer) -> Iterator[str]:
    """Step a scheduler as often as a training would.

    One that is told a metric, or lasts until the clock ends the training, is only made.

    Args:
        schedule: of the candidate.
        optimizer: that trains nothing.
        trainer: that is about to train with as many batches.

    Yields:
        What looks like a mistake, and may be meant.

    Raises:
        ConfigError: if it fails on the way, gives rates that are none, or is never stepped.
    """
    scheduler = schedule.made(optimizer, trainer)
    endless = (trainer.max_epochs, trainer.max_steps) == (-1, -1)
    if endless or takes_metric(scheduler):
        return
    unit = f"{schedule.interval}s"
    periods = total_steps(trainer) if schedule.interval == "step" else total_epochs(trainer)
    count = periods // schedule.every
    if count == 0:
        problem = f"is {schedule.every}, but training has only {periods} {unit}"
        raise ConfigError(f"{KEY}.frequency", f"{problem}, and the rate would never change")
    length = getattr(scheduler, "total_steps", count)
    if length < count:
        problem = f"lasts {length} {unit}, and training takes {count}"
        raise ConfigError(KEY, f"{problem}; say scheduler.total_steps=${{{TOTAL_STEPS}}}")
    if length > count:
        yield f"it lasts {length} {unit}, and training ends after {count}"
    rates = [*_rates_of(scheduler, optimizer, min(count, MOST))]
    # The first step of a warm-up may well have none.
    zeros = sum(not any(rate) for rate in (rates[1:] if schedule.interval == "step" else rates))
    if zeros:
        yield f"the learning rate is 0 in {zeros} of {len(rates)} {unit}, which learn nothing"


def _rates_of(scheduler: LRScheduler, optimizer: Optimizer, count: int) -> Iterator[list[float]]:
    """The rates of each group of parameters before each of so many steps of a scheduler."""
    for number in range(count):
        rates = [float(group["lr"]) for group in optimizer.param_groups]
        if not all(0 <= rate < math.inf for rate in rates):
            raise ConfigError(KEY, f"gives a learning rate of {rates[0]} after {number} steps")
        yield rates
        _step(scheduler, number + 1)


def _step(scheduler: LRScheduler, number: int) -> None:
    """One step of a scheduler, whose optimizer has made none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scheduler.step()
    except Exception as error:  # a scheduler may raise anything
        raise ConfigError(KEY, f"fails at step {number}: {in_one_line(error)}") from error
