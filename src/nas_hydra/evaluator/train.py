"""Evaluation by training: Lightning on real data."""

import logging
import signal
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from nas_hydra.component import build
from nas_hydra.dataset import ImageDataset
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.build import build_model, count_parameters, seeded
from nas_hydra.evaluator.classifier import Classifier
from nas_hydra.trial import Evaluation

logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
MEASURED = ("val_acc", "val_f1", "val_loss", "train_loss")


class TrainEvaluator:
    """Trains a candidate on the training split and measures it on the validation split.

    The test split is not touched.

    Args:
        seed: of initial weights, order of batches and dropout; the same for every candidate,
            plus the number of earlier evaluations of the same one.
    """

    metrics = (*MEASURED, "params")

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Build the network and everything that trains it, and pass two empty images through."""
        dataset = self._dataset(candidate)
        _ = dataset.train  # loads the images, or says what is missing or wrong about them
        build(candidate["trainer"], "trainer")
        with seeded(self._seed):
            model = build_model(candidate["model"], dataset.input_shape, dataset.num_classes)
            module = self._module(candidate, model, dataset)
            try:
                module.configure_optimizers()
            except (TypeError, ValueError) as error:
                raise ConfigError("optimizer", str(error)) from error

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        """Train from scratch; the weights after the last epoch go to the file."""
        dataset = self._dataset(candidate)
        seed = self._seed + repeat
        with seeded(seed):
            model = build_model(candidate["model"], dataset.input_shape, dataset.num_classes)
            module = self._module(candidate, model, dataset)
            trainer: pl.Trainer = build(candidate["trainer"], "trainer")
            fit(trainer, module, dataset, seed)
        measured = {name: float(trainer.callback_metrics[name]) for name in MEASURED}
        torch.save(module.model.state_dict(), weights)
        return Evaluation(
            {**measured, "params": float(count_parameters(model))}, trainer.current_epoch
        )

    def _dataset(self, candidate: Mapping[str, Any]) -> ImageDataset:
        dataset: ImageDataset = build(candidate["dataset"], "dataset")
        return dataset

    def _module(
        self, candidate: Mapping[str, Any], model: torch.nn.Module, dataset: ImageDataset
    ) -> Classifier:
        schedule = candidate["scheduler"]
        return Classifier(
            model,
            dataset.num_classes,
            build(candidate["optimizer"], "optimizer"),
            build(schedule, "scheduler") if schedule else None,
        )


def fit(trainer: pl.Trainer, module: Classifier, dataset: ImageDataset, seed: int) -> None:
    """Train and validate.

    Raises:
        CandidateError: if training ended before the metrics were measured.
        KeyboardInterrupt: as usual; Lightning alone would exit the process with code 1.
    """
    handler = signal.getsignal(signal.SIGINT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice about loggers and loaders, for each candidate
            trainer.fit(module, dataset.train_batches(seed), dataset.valid_batches())
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
