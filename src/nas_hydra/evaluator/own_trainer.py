"""Trainers for a user's own LightningModule, and what it logs while it is trained."""

import logging
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import torch

from nas_hydra.errors import ConfigError, listing
from nas_hydra.evaluator.trainer import made_trainer
from nas_hydra.lightning import PACKAGES, TRAINER, class_of, in_package
from nas_hydra.objective import Direction

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

STEP, EPOCH = "_step", "_epoch"
"""What Lightning appends to the names of a metric that is logged both ways."""


def own_trainer(config: Mapping[str, Any], package: str, *more: Any) -> Any:
    """A new trainer of a package, with these callbacks beside those of its config.

    Raises:
        ConfigError: if the config is wrong, see ``made_trainer``.
    """
    given = str(config["_target_"])
    target = in_package(given, package)
    if target != given:
        _tell_package(given, package)
    trainer = made_trainer({**config, "_target_": target}, package)
    vars(trainer)["callbacks"].extend(more)
    return trainer


@cache
def _tell_package(given: str, package: str) -> None:
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
        logger=bool(config.get("logger"))
        and class_of(f"{package}.loggers.logger", "DummyLogger")(),
        callbacks=[*callbacks],
        default_root_dir=place,
    )


def _is_of_lightning(callback: Any) -> bool:
    """Whether a callback is one of a Lightning's own."""
    return f"{type(callback).__module__}.".startswith(tuple(f"{one}." for one in PACKAGES))


def check_logged(name: str, logged: Sequence[str], callbacks: Sequence[Any]) -> None:
    """Make sure that there is something to compare candidates by, and to be waited for.

    Args:
        name: of the module's class.
        logged: what it logs.
        callbacks: of the config's trainer; what a user's own log is not known.
    """
    if not logged:
        problem = f"{name} logs nothing in a training and a validation step that could be compared"
        raise ConfigError("search_space.model", f"{problem}; self.log('val/acc', ...) does")
    if not all(map(_is_of_lightning, callbacks)):
        return
    for one in callbacks:
        monitor = getattr(one, "monitor", None)
        if monitor is not None and monitor not in logged:
            problem = f"waits for {monitor!r}, which {name} does not log; it logs {listing(logged)}"
            raise ConfigError("trainer.callbacks", f"{type(one).__name__} {problem}")


def recorder(package: str) -> Any:
    """A recorder that is a callback of this package, see ``nas_hydra.lightning``."""
    kind = type("OwnRecorder", (LogRecorder, class_of(package, "Callback")), {})
    return kind(package)


class LogRecorder:
    """Changes nothing, and remembers what the trainer shows to its callbacks.

    Args:
        package: that its trainer is of.

    Attributes:
        epochs: the metrics after each epoch; those of a validation, if there was one in it.
        last: the last value of each.
        validated: the names of those that validations measure.
        directions: which way those are better that are metrics of torchmetrics which know.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        self.epochs: list[dict[str, float]] = []
        self.last: dict[str, float] = {}
        self.directions: dict[str, Direction] = {}
        self.validated: set[str] = set()
        self._before: set[str] = set()
        self._open = self._fresh = False
        self._weights: dict[str, torch.Tensor] | None = None

    @property
    def names(self) -> list[str]:
        """Of all that was logged."""
        return [*self.last]

    @property
    def curves(self) -> dict[str, tuple[float, ...]]:
        """Every metric after each epoch; not a number where it was not measured."""
        return {
            name: tuple(epoch.get(name, math.nan) for epoch in self.epochs) for name in self.last
        }

    def is_of(self, module: torch.nn.Module) -> bool:
        """Whether the last validation was of the very weights that the module has."""
        return self._weights is not None and all(
            torch.equal(part.detach().cpu(), self._weights[name])
            for name, part in module.state_dict().items()
        )

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """The epoch before is complete only now, with what was logged at its very end."""
        self._close(trainer)
        self._open, self._fresh = True, False

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """See which metrics know their direction."""
        self.directions |= _directions_of(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Close the last epoch."""
        self._close(trainer)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Know what was logged by training alone."""
        self._before = set(trainer.callback_metrics)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Keep the weights that were validated, and the names of what that measures."""
        if trainer.sanity_checking:
            return
        self.validated |= set(trainer.callback_metrics) - self._before
        self.directions |= _directions_of(trainer)
        self._fresh = True
        state = pl_module.state_dict()
        self._weights = {name: part.detach().cpu().clone() for name, part in state.items()}

    def _close(self, trainer: Any) -> None:
        if not self._open:
            return
        self._open = False
        shown = dict(_by_epoch(trainer.callback_metrics))
        self.last |= shown
        self.epochs.append(
            {
                name: value
                for name, value in shown.items()
                if self._fresh or name not in self.validated
            }
        )


def _by_epoch(metrics: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The metrics without those that are of the last batch, where there is one of the epoch."""
    for name, value in metrics.items():
        whole = name.removesuffix(STEP)
        if whole == name or f"{whole}{EPOCH}" not in metrics:
            yield name, float(value)


def _directions_of(trainer: Any) -> dict[str, Direction]:
    """Which way metrics of torchmetrics are better that are being logged, by their names."""
    found: dict[str, Direction] = {}
    for item in (trainer._results or {}).values():  # Lightning shows them nowhere else
        higher = None if item.is_tensor else getattr(item.value, "higher_is_better", None)
        if higher is not None:
            found[item.meta.name] = "maximize" if higher else "minimize"
    return found
