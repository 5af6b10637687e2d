"""Metrics of one's own beside a task's scores: any that torchmetrics has, or that derives of it."""

import warnings
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from torch import Tensor
from torchmetrics import Metric

from nas_hydra.dataset import Tree
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import CandidateError, ConfigError, in_one_line, listing
from nas_hydra.objective import Direction

NONE: Mapping[str, Metric] = MappingProxyType({})
"""No metric beside the task's own."""

TAKEN = ("loss",)
"""What every task measures."""


class OwnMetrics:
    """Metrics by name, each computed once of all rows of a validation.

    Args:
        given: name -> metric; it takes answers and targets of many rows, and gives one number.
        scores: names that the task has given already.

    Raises:
        ConfigError: if a name is taken, a metric is none, or does not say which way it is better.
    """

    def __init__(self, given: Mapping[str, Any], scores: Iterable[str]) -> None:
        taken = [*scores, *TAKEN]
        for name in given:
            if name in taken:
                problem = f"is measured already ({listing(taken)}); choose another name"
                raise ConfigError(f"task.metrics.{name}", problem)
        self.directions: dict[str, Direction] = {
            name: _direction_of(metric, name) for name, metric in given.items()
        }
        self._metrics = dict(given)

    def __bool__(self) -> bool:
        return bool(self._metrics)

    def __call__(self, answer: Tree, target: Tree) -> dict[str, Tensor]:
        """The value of each, ().

        Args:
            answer: of the task, (N, ...).
            target: (N, ...), on the same device.

        Raises:
            CandidateError: if a metric cannot take them, or gives more than a number.
        """
        return {
            name: _value(metric, name, answer, target) for name, metric in self._metrics.items()
        }

    def check(self, answer: Tree, target: Tree) -> None:
        """Try each on a few rows; on the meta device there is nothing to try.

        Raises:
            CandidateError: as above.
        """
        if target.device.type != "meta":
            self(answer, target)


def _direction_of(metric: Any, name: str) -> Direction:
    """Which way a metric is better."""
    key = f"task.metrics.{name}"
    if not isinstance(metric, Metric):
        problem = f"gives a {type(metric).__name__}, and a torchmetrics.Metric is wanted"
        raise ConfigError(key, problem)
    if metric.higher_is_better is None:
        kind = type(metric).__name__
        raise ConfigError(
            key,
            f"is a {kind}, which does not say which way it is better; derive one that does:"
            f" class Mine({kind}): higher_is_better = True",
        )
    return "maximize" if metric.higher_is_better else "minimize"


def _value(metric: Metric, name: str, answer: Tree, target: Tree) -> Tensor:
    """One metric of all rows; it holds none of them afterwards."""
    metric.to(target.device)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torchmetrics, on classes without a row
            metric.reset()
            metric.update(answer, target)
            value = metric.compute()
    except Exception as error:  # a metric of somebody's may raise anything
        given = f"{form_of(answer)} for targets {form_of(target)}"
        raise CandidateError(
            f"the metric '{name}' ({type(metric).__name__}) cannot take {given}:"
            f" {in_one_line(error)}"
        ) from error
    finally:
        metric.reset()
    if not isinstance(value, Tensor) or value.numel() != 1:
        given = form_of(value) if isinstance(value, Tensor) else f"a {type(value).__name__}"
        raise CandidateError(f"the metric '{name}' gives {given}; it must give one number")
    return value.reshape(())
