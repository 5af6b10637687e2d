"""Evaluation by training: Lightning on real data."""

import json
import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from nas_hydra.component import build, build_function, plain
from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.held import adopt, share
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.alone import occupied
from nas_hydra.evaluator.build import build_model, count_parameters, seeded
from nas_hydra.evaluator.classifier import Classifier
from nas_hydra.evaluator.device import device_of
from nas_hydra.evaluator.gate import Gate
from nas_hydra.evaluator.identity import identity
from nas_hydra.evaluator.probe import in_one_line
from nas_hydra.evaluator.store import Store
from nas_hydra.trial import Evaluation

logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
log = logging.getLogger(__name__)

MEASURED = ("val_acc", "val_f1", "val_loss", "train_loss")


class TrainEvaluator:
    """Trains a candidate on the training split and measures it on the validation split.

    The test split is not touched. A candidate that a GPU has no memory for is trained once more,
    alone on the GPU and with batches cut in two, whose gradients are added up.

    Args:
        seed: of initial weights, order of batches, augmentation and dropout; the same for every
            candidate, plus the number of earlier evaluations of the same one.
        channels_last: keep images and weights in the layout that convolutions are fastest in.
        tf32: let GPUs that can multiply matrices of float32 in TF32.
        compile: ``torch.compile`` each network, which takes many seconds.
        store: folder that keeps evaluations across runs; None or ``none`` keeps none.
        memory_limit: what would need more is not trained, see ``Gate``.
    """

    metrics = (*MEASURED, "params")

    def __init__(
        self,
        seed: int,
        channels_last: bool = True,
        tf32: bool = True,
        compile: bool = False,
        store: str | None = None,
        memory_limit: int | str | None = None,
    ) -> None:
        self._seed, self._tf32, self._compile = seed, tf32, compile
        self._settings = {"channels_last": channels_last, "tf32": tf32, "compile": compile}
        self._store = None if store in (None, "none") else Store(str(store))
        self._gate = Gate(memory_limit)
        self._channels_last = channels_last

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Build the network and everything that trains it, and pass two empty images through."""
        dataset = self._dataset(candidate)
        _ = dataset.train  # loads the images, or says what is missing or wrong about them
        build(candidate["trainer"], "trainer")
        self._gate(candidate, dataset, device_of(candidate["trainer"]))
        with seeded(self._seed):
            module = self._module(candidate, dataset)
            try:
                module.configure_optimizers()
            except (TypeError, ValueError, RuntimeError) as error:
                raise ConfigError("optimizer", str(error)) from error

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        """Train from scratch unless the store knows it; the last epoch's weights go to the file."""
        dataset, device = self._dataset(candidate), device_of(candidate["trainer"])
        self._gate(candidate, dataset, device)
        if self._store is None:
            return self._trained(candidate, repeat, weights)
        settings = {**self._settings, "seed": self._seed + repeat}
        known = identity(candidate, dataset, settings, device, __name__)
        return self._store(known, weights, lambda: self._trained(candidate, repeat, weights))

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
        trainer = build_trainer(candidate["trainer"], parts)
        device = trainer.strategy.root_device
        with occupied(device, alone=parts > 1), multiplying(device, self._tf32), seeded(seed):
            module = self._module(candidate, dataset)
            batches = (
                dataset.train_batches(seed, device, parts),
                dataset.valid_batches(device, parts),
            )
            fit(trainer, module, *batches)
        measured = {name: float(trainer.callback_metrics[name]) for name in MEASURED}
        torch.save(module.model.state_dict(), weights)
        return Evaluation(
            {**measured, "params": float(count_parameters(module.model))}, trainer.current_epoch
        )

    def _dataset(self, candidate: Mapping[str, Any]) -> ImageDataset:
        return build_dataset(json.dumps(candidate["dataset"]))

    def _module(self, candidate: Mapping[str, Any], dataset: ImageDataset) -> Classifier:
        model = build_model(candidate["model"], dataset.input_shape, dataset.num_classes)
        layout = torch.channels_last if self._channels_last else torch.contiguous_format
        model = model.to(memory_format=layout)
        if self._compile:
            model.compile()
        schedule = candidate["scheduler"]
        return Classifier(
            model,
            dataset.num_classes,
            build_function(candidate["optimizer"], "optimizer"),
            build_function(schedule, "scheduler") if schedule else None,
            dataset.augment,
        )


@lru_cache(maxsize=8)
def build_dataset(config: str) -> ImageDataset:
    """The dataset of a config written as JSON; nearly always the one before."""
    dataset: ImageDataset = build(json.loads(config), "dataset")
    return dataset


def build_trainer(config: Mapping[str, Any], parts: int) -> pl.Trainer:
    """A trainer that takes so many micro-batches for each batch of its config."""
    steps = parts * config.get("accumulate_grad_batches", 1)
    config = {**config, "accumulate_grad_batches": steps}
    arguments = {name: value for name, value in config.items() if name != "_target_"}
    # A callback or a plugin has a state of its own, and is made for each trainer.
    if plain(arguments):
        return trainer_maker(json.dumps(config))()
    trainer: pl.Trainer = build(config, "trainer")
    return trainer


@lru_cache(maxsize=8)
def trainer_maker(config: str) -> Callable[[], pl.Trainer]:
    """What makes trainers of a config, written as JSON, that is checked once."""
    return build_function({**json.loads(config), "_partial_": True}, "trainer")


@contextmanager
def multiplying(device: torch.device, tf32: bool) -> Iterator[None]:
    """On a GPU, matrices of float32 multiplied in TF32 for a while, or not."""
    if device.type != "cuda":
        yield
        return
    earlier = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(earlier)


def fit(trainer: pl.Trainer, module: Classifier, train: Any, valid: Any) -> None:
    """Train and validate.

    Args:
        trainer: used once.
        module: what it trains.
        train: batches ``(images, labels)``, anew in each epoch.
        valid: likewise.

    Raises:
        CandidateError: if training ended before the metrics were measured.
        KeyboardInterrupt: as usual; Lightning alone would exit the process with code 1.
    """
    handler = signal.getsignal(signal.SIGINT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice about loggers and loaders, for each candidate
            trainer.fit(module, train, valid)
    except SystemExit as error:
        signal.signal(signal.SIGINT, handler)
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    missing = [name for name in MEASURED if name not in trainer.callback_metrics]
    if missing:
        raise CandidateError(
            f"training ended without {', '.join(missing)}; the trainer must train and validate at"
            " least one epoch"
        )
