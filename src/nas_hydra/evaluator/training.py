"""Evaluation by training alone: Lightning on real data, with no gate and no store."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

import torch
from numpy.random import default_rng
from pytorch_lightning import Trainer
from torch import nn
from torch.optim import Optimizer

from nas_hydra.config.component import build_function
from nas_hydra.dataset.data import augmentation
from nas_hydra.dataset.rows import number_of_batches
from nas_hydra.errors import CandidateError, ConfigError, in_one_line
from nas_hydra.evaluator.base import seeded
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.fit import (
    computing,
    fit,
    is_measured,
    measure_weights,
    trainer_callbacks,
)
from nas_hydra.evaluator.going_on import GoingOn, levels_of, loaded, planned
from nas_hydra.evaluator.inheriting import inherit
from nas_hydra.evaluator.keeping import callbacks_of, put_back
from nas_hydra.evaluator.latency import Latency
from nas_hydra.evaluator.precision import tell_detour
from nas_hydra.evaluator.prepared import OnData, Prepared, task_of, training_identity
from nas_hydra.evaluator.rehearsal import (
    PARAMETERS,
    check_augmentation,
    check_optimizer,
    local,
    rehearse,
)
from nas_hydra.evaluator.schedule import Schedule, check_elsewhere
from nas_hydra.evaluator.trainer import build_trainer
from nas_hydra.objective import Direction
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.node import Constant
from nas_hydra.task import Recipe, Task
from nas_hydra.task.module import TaskModule
from nas_hydra.trial import Course, Evaluation

FEW_STEPS = 20
"""Of the optimizer: with fewer, next to nothing is learned from scratch."""

log = logging.getLogger(__name__)
LARGEST_SEED = 2**62
"""Of torch's generators, with room for as many repeats as one likes."""
OPTIMIZER = Callable[..., Optimizer]


def _tell_outlook(one: Prepared, steps: float) -> None:
    """Say what a candidate's training takes, and what its metrics are to be compared with.

    Args:
        one: a candidate.
        steps: of the optimizer, of a whole training; infinite if only a clock ends it.
    """
    rows = one.data.rows
    if math.isfinite(steps) and rows is not None:
        batches = number_of_batches(rows, one.data.batch_size)
        log.info(
            "training: each candidate takes %s steps of %s %s, %s an epoch",
            *(f"{steps:,}", -(-rows // batches), one.data.unit, f"{batches:,}"),
        )
    if steps < FEW_STEPS:
        log.warning(
            "training: %s steps are too few to learn much from scratch; give more with"
            " trainer.max_epochs or a smaller dataset.batch_size (null: what suits the data)",
            f"{steps:,}",
        )
    for line in one.task.outlook(one.data):
        log.info("%s", line)


class Training(OnData):
    """Trains a candidate on the training split and measures it on the validation split.

    The test split is not touched. A candidate that a GPU has no memory for is trained once more,
    alone on the GPU and with batches cut in two, whose gradients are added up.

    Args:
        seed: of initial weights, order of batches, augmentation and dropout; the same for every
            candidate, plus the number of earlier evaluations of the same one.
        channels_last: keep images and weights in the layout that convolutions are fastest in.
        tf32: let GPUs that can multiply matrices of float32 in TF32.
        compile: ``torch.compile`` each network, which takes many seconds.
    """

    inherits = True
    counted = ("params", "flops", "memory")

    def __init__(
        self, seed: int, channels_last: bool = True, tf32: bool = True, compile: bool = False
    ) -> None:
        if abs(seed) > LARGEST_SEED:
            problem = f"is {seed}; allowed: -{LARGEST_SEED:,} to {LARGEST_SEED:,}"
            raise ConfigError("evaluator.seed", problem)
        super().__init__(seed)
        self._tf32, self._compile = tf32, compile
        self._channels_last = channels_last
        self._task: Task = task_of({})
        self._levels: Sequence[int] = ()

    @property
    def metrics(self) -> Sequence[str]:
        """Names of everything that it measures."""
        known = [*self._task.directions]
        return [*known, "params"] if known else []

    @property
    def levels(self) -> Sequence[int]:
        """The epochs that are validated, where all candidates have the same number of them."""
        return self._levels

    @property
    def directions(self) -> Mapping[str, Direction]:
        """As the task says."""
        return self._task.directions

    def prepare(self, space: SearchSpace) -> None:
        """See what the task is, and whether all candidates have the same data."""
        super().prepare(space)
        trainer = space.parts.get("trainer")
        if isinstance(trainer, Constant):
            self._levels = levels_of(trainer.value)
        node = space.parts.get("task")
        if isinstance(node, Constant):
            self._task = task_of({"task": node.value})
        elif node is not None:  # its settings are open; what it measures is not
            self._task = task_of(space.close(space.sample(default_rng(0))))
        if not self._task.directions:
            problem = "trains networks for a task; task=own, whose modules train themselves, needs"
            raise ConfigError("evaluator", f"{problem} evaluator=own")

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Build the network and everything that trains it, and pass an example through.

        The training itself is rehearsed with a network of one weight.
        """
        one = self.prepared(candidate)
        check_elsewhere(one)
        self._task, self._noted = one.task, one.data.noted
        trainer = build_trainer(local(one["trainer"]), parts=1)
        tell_detour(str(trainer.precision), one.device)
        with seeded(self._seed):
            module = self.module(one)
            steps = self.rehearse(one, module)
        if self._stage == "search":
            _tell_outlook(one, steps)

    def rehearse(self, one: Prepared, module: TaskModule) -> float:
        """Find what every trial would fail of, whatever its candidate; the steps of a training."""
        check_optimizer(module)
        check_augmentation(augmentation(one.data), one.example, one.task)
        train = one.data.train_batches(self._seed)
        valid = one.data.valid_batches()
        counts = _length(train), None if valid is None else _length(valid)
        return rehearse(one["trainer"], module, counts)

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """Train as the course says; the weights that the task keeps go to the file."""
        one = self.prepared(candidate)
        try:
            return self._train(one, repeat, weights, 1, course)
        except torch.OutOfMemoryError as error:
            reason = in_one_line(error)
        # Outside of the handler, where nothing holds the failed network any more.
        log.warning("out of memory, once more alone and with batches cut in two: %s", reason)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            return self._train(one, repeat, weights, 2, course)
        except torch.OutOfMemoryError as error:
            raise CandidateError(
                f"out of memory, also alone and with batches cut in two: {in_one_line(error)}"
            ) from error

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the outcome of a training depends on, JSON-like."""
        one = self.prepared(candidate)
        settings = {
            "channels_last": self._channels_last,
            "tf32": self._tf32,
            "compile": self._compile,
            "seed": self._seed + repeat,
        }
        return training_identity(one, settings, [type(self).__module__])

    def remeasure(self, candidate: Mapping[str, Any], weights: Path) -> Mapping[str, float]:
        """The ``val_`` metrics of a network with these weights, without training it."""
        one = self.prepared(candidate)
        trainer = build_trainer(one["trainer"], parts=1)
        device = trainer.strategy.root_device
        with computing(device, self._tf32), seeded(self._seed):
            module = self.module(one)
            module.model.load_state_dict(torch.load(weights, weights_only=True))
            return self._measured(trainer, module, one, parts=1)

    def timed(self, one: Prepared, latency: Latency) -> float:
        """Milliseconds of a forward pass; weights do not matter, so fresh ones are good enough."""
        trainer = build_trainer(one["trainer"], parts=1)
        device, precision = trainer.strategy.root_device, trainer.precision_plugin
        with computing(device, self._tf32), seeded(self._seed):
            model = precision.convert_module(self.module(one).model).to(device)
            inputs = precision.convert_input(latency.batch(one.example.inputs, device))
            with precision.val_step_context():
                return latency(model, inputs)

    def module(self, one: Prepared) -> TaskModule:
        """What Lightning trains for a candidate.

        Raises:
            CandidateError: if the network cannot be built, or gives no output for the task.
        """
        network, schedule = one.network(), one["scheduler"]
        recipe = Recipe(
            build_function(one["optimizer"], "optimizer", OPTIMIZER, PARAMETERS),
            Schedule(schedule, one.task.directions) if schedule else None,
            augmentation(one.data),
            self._ready,
        )
        return TaskModule(one.task, network, recipe)

    def _ready(self, network: nn.Module) -> nn.Module:
        layout = torch.channels_last if self._channels_last else torch.contiguous_format
        network = network.to(memory_format=layout)
        if self._compile:
            network.compile()
        return network

    def _train(
        self, one: Prepared, repeat: int, weights: Path, parts: int, course: Course | None
    ) -> Evaluation:
        """Train with batches cut into so many parts; cut ones are trained alone on a GPU."""
        seed, alone, parts = self._seed + repeat, parts > 1, one.data.cut(parts)
        known = None if course is None else loaded(course)
        if course is not None and (of := course.fidelity.of) is not None:
            one = self.prepared(planned(one, of - (known or {}).get("since", 0)))
        trainer = build_trainer(one["trainer"], parts)
        trainer_callbacks(trainer).extend(callbacks_of(one.task))
        device = trainer.strategy.root_device
        with computing(device, self._tf32, alone), seeded(seed):
            module = self.module(one)
            if parts > 1:
                module.weights = one.data.weights(parts)
            train = one.data.train_batches(seed, device, parts)
            going = None if course is None else GoingOn(course, known, train)
            if going is not None:
                going.inherited = going.inherited or self._inherited(one, module, going)
                trainer_callbacks(trainer).insert(0, going)
            measured = self._fit(trainer, module, one, train, parts, going)
        torch.save(module.model.state_dict(), weights)
        metrics = {**measured, "params": float(count_parameters(module.model))}
        if going is None:
            return Evaluation(metrics, trainer.current_epoch, curves=module.curves)
        return going.evaluation(metrics, trainer, module)

    def _inherited(self, one: Prepared, module: TaskModule, going: GoingOn) -> float | None:
        """The share of its weights that a network gets from its parent; None if it has none."""
        if going.course.parent is None or going.known:
            return None

        def build(config: Mapping[str, Any]) -> nn.Module:
            return self.prepared(config).network()

        return inherit(module.model, going.course, build, one.example.inputs)

    def _fit(
        self,
        trainer: Trainer,
        module: TaskModule,
        one: Prepared,
        train: Any,
        parts: int,
        going: GoingOn | None,
    ) -> dict[str, float]:
        """Train what is left of it, and measure the weights that training has left."""
        if going is not None and going.over:
            going.finish(module, trainer)
            measured: dict[str, Any] = going.metrics
        else:
            device = trainer.strategy.root_device
            fit(trainer, module, train, one.data.valid_batches(device, parts))
            measured = dict(trainer.callback_metrics)
        put_back(trainer, module)
        if self._stage != "search" or not is_measured(trainer, module):
            measured |= self._measured(trainer, module, one, parts)
        module.eval()  # whatever else is measured of it must not change it
        names = one.task.directions
        return {name: float(measured[name]) for name in names if name in measured}

    def _measured(
        self, trainer: Trainer, module: TaskModule, one: Prepared, parts: int
    ) -> dict[str, float]:
        """The ``val_`` metrics of the weights as they are, of what the stage measures on."""
        device, test = trainer.strategy.root_device, self._stage != "search"
        batches = (
            one.data.test_batches(device, parts) if test else one.data.valid_batches(device, parts)
        )
        return measure_weights(trainer, module, batches, whole=test)


def _length(batches: Iterable[Any]) -> int:
    """How many batches there are; one, if they do not say."""
    return len(batches) if isinstance(batches, Sized) else 1
