"""Evaluation of a LightningModule as it stands, on its own data or ours."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from nas_hydra.dataset import Data
from nas_hydra.dataset.data import augmentation
from nas_hydra.dataset.own import OwnData
from nas_hydra.errors import CandidateError, ConfigError, NasHydraError, in_one_line, listing
from nas_hydra.evaluator.base import Evaluator, Wrapping, seeded
from nas_hydra.evaluator.build import count_parameters, make_model
from nas_hydra.evaluator.fit import computing, plainly
from nas_hydra.evaluator.latency import Costed, Latency
from nas_hydra.evaluator.own_trainer import check_logged, dry_trainer, own_trainer, recorder
from nas_hydra.evaluator.precision import tell_detour
from nas_hydra.evaluator.prepared import OnData, Prepared, training_identity
from nas_hydra.evaluator.store import Stored
from nas_hydra.objective import Direction
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.node import Constant
from nas_hydra.task.own import Own, check_module, says
from nas_hydra.trial import Course, Evaluation

log = logging.getLogger(__name__)

IGNORED = ("optimizer", "scheduler")
"""Parts of a candidate that say how a network is trained; a module of one's own knows."""


class OwnEvaluator(Wrapping):
    """Trains a LightningModule as it says itself, unless the store knows the evaluation.

    Measured are what the module logs, per epoch, under its own names, and ``params`` (trainable
    ones); on demand ``flops`` and ``latency``, if its ``forward`` takes the inputs of the data.

    Args:
        seed: of torch, numpy and Python, while a module is made and trained; the same for every
            candidate, plus the number of earlier evaluations of the same one.
        tf32: let GPUs that can multiply matrices of float32 in TF32.
        store: folder that keeps evaluations across runs; None or ``none`` keeps none.
        measure: metrics to measure beside those that are logged.
        latency: how it is measured; needed only where ``measure`` names it.
    """

    def __init__(
        self,
        seed: int,
        tf32: bool = True,
        store: str | None = None,
        measure: Sequence[str] = (),
        latency: Latency | None = None,
    ) -> None:
        if "memory" in measure:
            problem = (
                "is not told of a module that trains as it says itself; allowed: flops, latency"
            )
            raise ConfigError("objective.memory", problem)
        training = OwnTraining(seed, tf32)
        known: Evaluator = training if store in (None, "none") else Stored(training, str(store))
        super().__init__(Costed(known, training, measure, latency))


class OwnTraining(OnData):
    """Trains a LightningModule alone, with no store.

    Args:
        seed: see ``OwnEvaluator``.
        tf32: likewise.
    """

    counted = ("params", "flops")

    def __init__(self, seed: int, tf32: bool = True) -> None:
        super().__init__(seed)
        self._tf32 = tf32
        self._names: Sequence[str] = ()
        self._directions: Mapping[str, Direction] = {}

    @property
    def metrics(self) -> Sequence[str]:
        """What a module logged when it was tried; nothing before."""
        return [*self._names, "params"] if self._names else []

    @property
    def directions(self) -> Mapping[str, Direction]:
        """Of what it logs as a metric of torchmetrics that knows."""
        return self._directions

    def prepare(self, space: SearchSpace) -> None:
        """Make sure that nothing is opened that a module would not look at; tell what it ignores.

        Raises:
            ConfigError: if something is.
        """
        super().prepare(space)
        for part in IGNORED:
            node = space.parts.get(part)
            if node is not None and not isinstance(node, Constant):
                problem = (
                    "has open values, but a module of one's own (task=own) does not look at it"
                )
                raise ConfigError(part, f"{problem}; open those of search_space.model")
            if node is not None and node.value:
                log.warning("%s: not used; with task=own the module has its own", part)

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Train and validate the module on one batch each, on the CPU, and see what it logs.

        Raises:
            CandidateError: if it cannot be trained.
            ConfigError: if it logs nothing, or something waits for what it does not log.
        """
        one = self.prepared(candidate)
        if not isinstance(one.task, Own):
            problem = (
                f"is {type(one.task).__name__}, but evaluator=own trains modules as they stand"
            )
            raise ConfigError("task", f"{problem}; say task=own, or evaluator=train")
        tell_detour(str(one["trainer"].get("precision", "")), one.device)
        with seeded(self._seed), _failing("a dry run of one batch"):
            module = make_model(one["model"])
            package = check_module(module)
            _check_package(package, one.data)
            self._noted = one.data.noted
            tried = recorder(package)
            trainer = dry_trainer(one["trainer"], package, tried)
            with plainly():
                trainer.fit(module, **_feed(one.data, self._seed, torch.device("cpu")))
        self._names, self._directions = tried.names, tried.directions
        callbacks = own_trainer(one["trainer"], package).callbacks
        check_logged(type(module).__name__, tried.names, callbacks)

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """Train from scratch; the last weights go to the file."""
        one = self.prepared(candidate)
        seed = self._seed + repeat
        with seeded(seed):
            module, seen, trainer = _made(one)
            with self._running(trainer):
                measured = self._fit(trainer, module, seen, one, seed)
        torch.save(state_of(module), weights)
        return Evaluation(
            {**measured, "params": float(count_parameters(module))},
            trainer.current_epoch,
            curves=seen.curves,
        )

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the outcome of a training depends on, JSON-like."""
        settings = {"tf32": self._tf32, "seed": self._seed + repeat}
        return training_identity(self.prepared(candidate), settings, [type(self).__module__])

    def remeasure(self, candidate: Mapping[str, Any], weights: Path) -> Mapping[str, float]:
        """What the module logs when it is validated, or tested, with these weights."""
        one = self.prepared(candidate)
        with seeded(self._seed):
            module, _, trainer = _made(one)
            module.load_state_dict(torch.load(weights, weights_only=True))
            with self._running(trainer):
                device = trainer.strategy.root_device
                return self._measured(trainer, module, _feed(one.data, self._seed, device), one)

    def timed(self, one: Prepared, latency: Latency) -> float:
        """Milliseconds of a forward pass, of fresh weights."""
        with seeded(self._seed):
            module, _, trainer = _made(one)
            device, precision = trainer.strategy.root_device, trainer.precision_plugin
            with self._running(trainer), precision.val_step_context():
                model = precision.convert_module(module).to(device)
                inputs = precision.convert_input(latency.batch(one.example.inputs, device))
                return latency(model, inputs)

    @contextmanager
    def _running(self, trainer: Any) -> Iterator[None]:
        """With the trainer's device to itself, as other candidates have it."""
        device = trainer.strategy.root_device
        with computing(device, self._tf32), plainly():
            yield

    def _fit(
        self, trainer: Any, module: Any, seen: Any, one: Prepared, seed: int
    ) -> dict[str, float]:
        """Train, and measure the weights that training has left."""
        given = _feed(one.data, seed, trainer.strategy.root_device)
        trainer.fit(module, **given)
        measured = dict(seen.last)
        if self._stage != "search":  # what validations measured is of no test
            measured = {name: measured[name] for name in measured if name not in seen.validated}
        if self._stage != "search" or not seen.is_of(module):
            measured |= self._measured(trainer, module, given, one)
        module.eval()  # whatever else is measured of it must not change it
        missing = [name for name in self._names if name not in measured]
        if missing and self._stage == "search":
            raise CandidateError(
                f"training ended without {listing(missing)}, which it logged before"
            )
        return {name: value for name, value in measured.items() if name != "params"}

    def _measured(
        self, trainer: Any, module: Any, given: Mapping[str, Any], one: Prepared
    ) -> dict[str, float]:
        """What the module logs of the weights as they are: in a validation, or in the end a test.

        What a test logs has the name that the validation's has, as everywhere in a final training.
        """
        trainer.loggers = []
        if self._stage == "search":
            rest = {name: part for name, part in given.items() if name == "datamodule"}
            rest = rest or {"dataloaders": given["val_dataloaders"]}
            found = trainer.validate(module, **rest, verbose=False)
            return {name: float(value) for part in found for name, value in part.items()}
        found = trainer.test(module, **_tested(module, given, one.data), verbose=False)
        return {
            re.sub(r"^test(?=[_/])", "val", name): float(value)
            for part in found
            for name, value in part.items()
        }


class Augmented:
    """Training batches of one of our datasets, each changed as its augmentation says.

    Args:
        batches: to change.
        data: says how.
    """

    def __init__(self, batches: Iterable[tuple[Any, Any]], data: Data) -> None:
        self._batches, self._augment = batches, augmentation(data)

    def __len__(self) -> int:
        """As many as there were."""
        assert isinstance(self._batches, Sized)  # as all of ours are
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Changed anew in every epoch."""
        return (self._augment(*batch) for batch in self._batches)


def _made(one: Prepared) -> tuple[Any, Any, Any]:
    """A candidate's module, what records its logs, and its trainer."""
    module = make_model(one["model"])
    seen = recorder(check_module(module))
    return module, seen, own_trainer(one["trainer"], seen.package, seen)


def _feed(data: Data, seed: int, device: torch.device) -> dict[str, Any]:
    """What ``Trainer.fit`` is given to train and validate on: nothing that was used before."""
    if isinstance(data, OwnData):
        return {"datamodule": data.module()}
    return {
        "train_dataloaders": Augmented(data.train_batches(seed, device), data),
        "val_dataloaders": data.valid_batches(device),
    }


def _tested(module: Any, given: Mapping[str, Any], data: Data) -> dict[str, Any]:
    """What ``Trainer.test`` is given."""
    name = type(module).__name__
    if not says(type(module), "test_step"):
        raise ConfigError("search_space.model", f"{name} has no test_step, and cannot be tested")
    if isinstance(data, OwnData):
        return {"datamodule": given["datamodule"]}
    return {"dataloaders": data.test_batches()}


def state_of(module: torch.nn.Module) -> dict[str, Any]:
    """The weights, under the names that they have in a module that nobody has compiled."""
    return {name.replace("_orig_mod.", ""): part for name, part in module.state_dict().items()}


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Whatever a user's own module raises meanwhile, as the candidate's failure."""
    try:
        yield
    except NasHydraError:
        raise
    except Exception as error:
        raise CandidateError(f"the module fails in {what}: {in_one_line(error)}") from error


def _check_package(package: str, data: Data) -> None:
    """Make sure that module and data are of the same Lightning."""
    if isinstance(data, OwnData) and data.package != package:
        problem = f"{data.name} is of {data.package}, and the module of {package}"
        raise ConfigError("dataset._target_", f"{problem}; both must be of the same package")
