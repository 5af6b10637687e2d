"""Evaluation by training: Lightning on real data."""

import json
import logging
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from copy import copy
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import torch
from pytorch_lightning import Trainer
from torch.optim import Optimizer

from nas_hydra.component import build, build_function
from nas_hydra.dataset import Data, ImageDataset, Tree
from nas_hydra.dataset.cache import adopt, share
from nas_hydra.dataset.images import Order
from nas_hydra.dataset.split import Stage
from nas_hydra.errors import CandidateError, ConfigError, in_one_line, listing, nearest
from nas_hydra.evaluator.alone import occupied
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.evaluator.build import build_model, count_parameters, seeded
from nas_hydra.evaluator.classifier import Classifier, check_bare
from nas_hydra.evaluator.device import device_of, processors
from nas_hydra.evaluator.fit import MEASURED, fit, is_measured, measure, multiplying
from nas_hydra.evaluator.footprint import Footprint
from nas_hydra.evaluator.gate import Gate
from nas_hydra.evaluator.identity import identity
from nas_hydra.evaluator.latency import Latency
from nas_hydra.evaluator.noted_images import NotedImages, same_images
from nas_hydra.evaluator.outlook import tell_outlook
from nas_hydra.evaluator.rehearsal import (
    PARAMETERS,
    check_augmentation,
    check_optimizer,
    local,
    rehearse,
)
from nas_hydra.evaluator.schedule import Schedule, check_elsewhere
from nas_hydra.evaluator.sketch import Sketch
from nas_hydra.evaluator.store import Store
from nas_hydra.evaluator.trainer import build_trainer
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Evaluation

log = logging.getLogger(__name__)

LARGEST_SEED = 2**62
"""Of torch's generators, with room for as many repeats as one likes."""

OPTIMIZER = Callable[..., Optimizer]
ALWAYS = (*MEASURED, "params")
ON_DEMAND = ("flops", "latency", "memory")

ATTRIBUTES = {
    *("_seed", "_tf32", "_compile", "_settings", "_channels_last"),
    *("_store", "_gate", "_measure", "_latency", "_stage", "_alike", "_noted"),
}
"""Of the evaluator itself: settings, and what changes no number."""


class TrainEvaluator(Evaluator):
    """Trains a candidate on the training split and measures it on the validation split.

    The test split is not touched. A candidate that a GPU has no memory for is trained once more,
    alone on the GPU and with batches cut in two, whose gradients are added up.

    Measured are ``val_acc``, ``val_f1`` (shares; the latter is the unweighted mean of the F1 of all
    ``num_classes`` classes, where one without an image counts 0), ``val_loss``, ``train_loss``
    (nats) and ``params`` (trainable ones), and on demand ``flops`` (of one image's forward pass,
    two for each multiply-accumulate, see ``Candidate.flops``), ``latency`` (milliseconds of a
    forward pass, see ``Latency``; with the weights, layout and precision of training) and
    ``memory`` (bytes that the training of one batch takes at its peak, see ``Footprint``: an
    estimate, the same on every device). A candidate of which this cannot be told is not trained,
    and fails.

    Args:
        seed: of initial weights, order of batches, augmentation and dropout; the same for every
            candidate, plus the number of earlier evaluations of the same one.
        channels_last: keep images and weights in the layout that convolutions are fastest in.
        tf32: let GPUs that can multiply matrices of float32 in TF32.
        compile: ``torch.compile`` each network, which takes many seconds.
        store: folder that keeps evaluations across runs; None or ``none`` keeps none.
        memory_limit: what would need more is not trained, see ``Gate``.
        measure: metrics to measure beside those of training; names of the latter change nothing.
        latency: how it is measured; needed only where ``measure`` names it.
    """

    counted = ("params", "flops", "memory")

    def __init__(
        self,
        seed: int,
        channels_last: bool = True,
        tf32: bool = True,
        compile: bool = False,
        store: str | None = None,
        memory_limit: int | str | None = None,
        measure: Sequence[str] = (),
        latency: Latency | None = None,
    ) -> None:
        if abs(seed) > LARGEST_SEED:
            problem = f"is {seed}; allowed: -{LARGEST_SEED:,} to {LARGEST_SEED:,}"
            raise ConfigError("evaluator.seed", problem)
        self._seed, self._tf32, self._compile = seed, tf32, compile
        self._settings = {"channels_last": channels_last, "tf32": tf32, "compile": compile}
        self._store = None if store in (None, "none") else Store(str(store))
        self._gate = Gate(memory_limit)
        self._channels_last = channels_last
        self._measure, self._latency = measure, latency
        self._stage: Stage = "search"
        self._alike = True
        self._noted: NotedImages | None = None

    @property
    def metrics(self) -> Sequence[str]:
        """Names of everything that it measures."""
        return [*ALWAYS, *(name for name in ON_DEMAND if name in self._measure)]

    @property
    def machine(self) -> str | None:
        """The processors, if latency is measured."""
        return processors() if "latency" in self._measure else None

    @property
    def data(self) -> Mapping[str, Any] | None:
        """How many development images each class has, and digests of the splits."""
        return None if self._noted is None else self._noted.data

    def remember(self, folder: Path) -> None:
        """Keep a digest of every image that the search sees; unless candidates differ in them."""
        if self._noted is not None and self._alike:
            self._noted.save(folder)

    def changed(self, folder: Path) -> str:
        """Which images are others than those that were kept there."""
        return "" if self._noted is None else self._noted.changed(folder)

    def at(self, stage: Stage) -> Self:
        """The same evaluator for another stage; it knows no evaluations of a search."""
        evaluator = copy(self)
        evaluator._stage, evaluator._store = stage, None
        return evaluator

    def prepare(self, space: SearchSpace) -> None:
        """See whether all candidates have the same images.

        Raises:
            ConfigError: if something is asked for that is not measured, naming what is.
        """
        check_measure(self._measure, self.metrics, self._latency)
        self._alike = same_images(space)

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Build the network and everything that trains it, and pass two empty images through.

        The training itself is rehearsed with a network of one weight.
        """
        check_elsewhere(candidate)
        dataset = self._dataset(candidate)
        self._noted = NotedImages(dataset.splits)
        trainer = local(candidate["trainer"])
        build_trainer(trainer, parts=1)
        self._gate(candidate, dataset, device_of(trainer))
        with seeded(self._seed):
            module = self._module(candidate, dataset)
            check_optimizer(module)
            check_augmentation(dataset.augment, dataset.input_shape, dataset.num_classes)
            steps = self._rehearse(candidate, module, dataset)
        if dataset.stage == "search":
            tell_outlook(dataset, steps)

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        """Train from scratch unless the store knows it; the last epoch's weights go to the file."""
        dataset, device = self._dataset(candidate), device_of(candidate["trainer"])
        needed = self._gate(candidate, dataset, device)
        # Not kept in the store, whose latencies would be those of other machines.
        costs = self._costs(candidate, needed)
        evaluation = self._known_or_trained(candidate, repeat, weights)
        if evaluation.error is not None:
            return evaluation
        return replace(evaluation, metrics={**evaluation.metrics, **costs})

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the outcome of a training depends on, JSON-like.

        Raises:
            ConfigError: if a class derived from this one has an attribute that cannot be told from
                others.
        """
        dataset, device = self._dataset(candidate), device_of(candidate["trainer"])
        settings: dict[str, Any] = {**self._settings, "seed": self._seed + repeat}
        modules = {type(self).__module__}
        if own := {name: value for name, value in vars(self).items() if name not in ATTRIBUTES}:
            settings["own"] = {name: pickled(name, value) for name, value in sorted(own.items())}
            modules |= {module_of(value) for value in own.values()}
        return identity(candidate, dataset, settings, device, modules)

    def remeasure(self, candidate: Mapping[str, Any], weights: Path) -> Mapping[str, float]:
        """The ``val_`` metrics of a network with these weights, without training it."""
        dataset, trainer = self._dataset(candidate), build_trainer(candidate["trainer"], parts=1)
        device = trainer.strategy.root_device
        with occupied(device, alone=False), multiplying(device, self._tf32), seeded(self._seed):
            module = self._module(candidate, dataset)
            module.model.load_state_dict(torch.load(weights, weights_only=True))
            test = dataset.stage != "search"
            return measure(trainer, module, measured_batches(dataset, device), whole=test)

    def _known_or_trained(
        self, candidate: Mapping[str, Any], repeat: int, weights: Path
    ) -> Evaluation:
        """What training gives, from the store if that knows it."""
        if self._store is None:
            return self._trained(candidate, repeat, weights)
        known = self.identity(candidate, repeat)
        return self._store(
            known, weights, lambda: self._trained(candidate, repeat, weights), ALWAYS
        )

    def _costs(self, candidate: Mapping[str, Any], needed: Footprint | None) -> dict[str, float]:
        """What of ``ON_DEMAND`` is asked for, here and now."""
        dataset = self._dataset(candidate)
        costs: dict[str, float] = {}
        if "flops" in self._measure:
            costs["flops"] = float(Sketch(candidate["model"], dataset.input_shape).flops)
        if "memory" in self._measure:
            if needed is None:
                raise CandidateError(
                    "its memory cannot be told: it takes values to build or run it"
                )
            costs["memory"] = float(needed.bytes)
        if "latency" in self._measure:
            costs["latency"] = self._time(candidate, dataset)
        return costs

    def _time(self, candidate: Mapping[str, Any], dataset: ImageDataset) -> float:
        """Milliseconds of a forward pass; weights do not matter, so fresh ones are good enough."""
        assert self._latency is not None  # or it would not have been built
        trainer = build_trainer(candidate["trainer"], parts=1)
        device, precision = trainer.strategy.root_device, trainer.precision_plugin
        with occupied(device, alone=False), multiplying(device, self._tf32), seeded(self._seed):
            model = precision.convert_module(self._module(candidate, dataset).model).to(device)
            images = precision.convert_input(self._latency.images(dataset.input_shape, device))
            with precision.val_step_context():
                return self._latency(model, images)

    def _trained(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        """Train with whole batches, and if a GPU has no memory for them once more with less."""
        try:
            return self._train(candidate, repeat, weights, parts=1)
        except torch.OutOfMemoryError as error:
            reason = in_one_line(error)
        # Outside of the handler, where nothing holds the failed network any more.
        log.warning("out of memory, once more alone and with batches cut in two: %s", reason)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        try:
            return self._train(candidate, repeat, weights, parts=2)
        except torch.OutOfMemoryError as error:
            raise CandidateError(
                f"out of memory, also alone and with batches cut in two: {in_one_line(error)}"
            ) from error

    def share(self) -> Any:
        """The datasets in memory, in shared memory."""
        return share()

    def adopt(self, shared: Any) -> None:
        """Use the parent's datasets as they are."""
        adopt(shared)

    def _train(
        self, candidate: Mapping[str, Any], repeat: int, weights: Path, parts: int
    ) -> Evaluation:
        """Train with batches cut into so many parts; cut ones are trained alone on a GPU."""
        dataset, seed = self._dataset(candidate), self._seed + repeat
        images = len(dataset.train)
        alone, parts = parts > 1, min(parts, dataset.batch_size, images)
        trainer = build_trainer(candidate["trainer"], parts)
        device = trainer.strategy.root_device
        with occupied(device, alone), multiplying(device, self._tf32), seeded(seed):
            module = self._module(candidate, dataset)
            if parts > 1:
                module.weights = Order(images, dataset.batch_size, parts=parts).weights
            measured = self._fit(trainer, module, dataset, seed, parts)
        torch.save(module.model.state_dict(), weights)
        return Evaluation(
            {**measured, "params": float(count_parameters(module.model))},
            trainer.current_epoch,
            curves=module.curves,
        )

    def _fit(
        self, trainer: Trainer, module: Classifier, dataset: ImageDataset, seed: int, parts: int
    ) -> dict[str, float]:
        """Train, and measure the weights that training has left."""
        device = trainer.strategy.root_device
        train = dataset.train_batches(seed, device, parts)
        fit(trainer, module, train, dataset.valid_batches(device, parts))
        measured: dict[str, Any] = dict(trainer.callback_metrics)
        test = dataset.stage != "search"
        if test or not is_measured(trainer, module):
            batches = measured_batches(dataset, device, parts)
            measured |= measure(trainer, module, batches, whole=test)
        module.eval()  # whatever else is measured of it must not change it
        return {name: float(measured[name]) for name in self.metrics if name in measured}

    def _rehearse(
        self, candidate: Mapping[str, Any], module: Classifier, dataset: ImageDataset
    ) -> float:
        """Find what every trial would fail of, whatever its candidate; the steps of a training."""
        train, monitor = dataset.train_batches(self._seed), dataset.valid_batches()
        monitored = None if monitor is None else length(monitor)
        return rehearse(candidate["trainer"], module, (length(train), monitored))

    def _dataset(self, candidate: Mapping[str, Any]) -> ImageDataset:
        return build_dataset(json.dumps(candidate["dataset"])).at(self._stage)

    def _module(self, candidate: Mapping[str, Any], dataset: ImageDataset) -> Classifier:
        model = build_model(candidate["model"], dataset.input_shape, dataset.num_classes)
        check_bare(model)
        layout = torch.channels_last if self._channels_last else torch.contiguous_format
        model = model.to(memory_format=layout)
        if self._compile:
            model.compile()
        schedule = candidate["scheduler"]
        return Classifier(
            model,
            dataset.num_classes,
            build_function(candidate["optimizer"], "optimizer", OPTIMIZER, PARAMETERS),
            Schedule(schedule) if schedule else None,
            dataset.augment,
        )


def pickled(name: str, value: Any) -> str:
    """A digest of an attribute of an evaluator.

    Raises:
        ConfigError: if it has none.
    """
    try:
        return sha256(pickle.dumps(value)).hexdigest()
    except Exception as error:  # whatever its classes raise
        raise ConfigError(
            "evaluator.store",
            f"cannot tell evaluations apart by the evaluator's own {name!r}, which cannot be"
            f" pickled ({in_one_line(error)}); say evaluator.store=none",
        ) from error


def module_of(value: Any) -> str:
    """Where a function or class is defined, or else a value's class."""
    return str(getattr(value, "__module__", None) or type(value).__module__)


def measured_batches(
    data: Data, device: torch.device, parts: int = 1
) -> Iterable[tuple[Tree, Tree]] | None:
    """What a trained network is measured on: the test split if its stage has it."""
    search = data.stage == "search"
    return (data.valid_batches if search else data.test_batches)(device, parts)


def length(batches: Iterable[Any]) -> int:
    """How many batches there are; one, if they do not say."""
    return len(batches) if isinstance(batches, Sized) else 1


def check_measure(measure: Sequence[str], metrics: Sequence[str], latency: Latency | None) -> None:
    """Make sure that everything asked for can be measured.

    Args:
        measure: what is asked for.
        metrics: what the evaluator measures.
        latency: how latency is measured.

    Raises:
        ConfigError: naming what can.
    """
    allowed = list(dict.fromkeys([*metrics, *ON_DEMAND]))
    for name in measure:
        if name not in allowed:
            raise ConfigError(
                "evaluator.measure",
                f"names '{name}', which is not measured; allowed: {listing(allowed)}"
                f"{nearest(name, allowed)} (it has the names of the objective, here"
                f" objective.{name}, unless it is given)",
            )
    if "latency" in measure and latency is None:
        raise ConfigError("evaluator.latency", "is missing, and says how latency is measured")


@lru_cache(maxsize=8)
def build_dataset(config: str) -> ImageDataset:
    """The dataset of a config written as JSON; nearly always the one before."""
    dataset: ImageDataset = build(json.loads(config), "dataset", ImageDataset)
    return dataset
