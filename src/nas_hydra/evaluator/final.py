"""Evaluation of a winner: trained on everything but the test split, which is touched at the end."""

from collections.abc import Mapping, Sequence
from typing import Any

from pytorch_lightning import Trainer

from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.split import Splits
from nas_hydra.evaluator.classifier import Classifier
from nas_hydra.evaluator.fit import fit, measure
from nas_hydra.evaluator.train import TrainEvaluator


class FinalEvaluator(TrainEvaluator):
    """Trains a candidate on the training and validation images together, and tests it once.

    Nothing is measured during training, so that nothing can be chosen by it: no callback sees a
    ``val_`` metric. The ``val_`` metrics of a search have their counterparts in ``test_acc``,
    ``test_f1`` and ``test_loss``; all others are the same.

    This is not for a search, whose evaluator is ``TrainEvaluator``.
    """

    @property
    def metrics(self) -> Sequence[str]:
        """Names of everything that it measures."""
        return [renamed(name) for name in super().metrics]

    def _fit(
        self, trainer: Trainer, module: Classifier, dataset: ImageDataset, seed: int, parts: int
    ) -> dict[str, float]:
        device = trainer.strategy.root_device
        fit(trainer, module, dataset.final_batches(seed, device, parts), None)
        loss = float(trainer.callback_metrics["train_loss"])
        tested = measure(trainer, module, dataset.test_batches(device, parts))
        return {**{renamed(name): value for name, value in tested.items()}, "train_loss": loss}

    def _rehearse(
        self, candidate: Mapping[str, Any], module: Classifier, dataset: ImageDataset
    ) -> None:
        """Nothing: the search has rehearsed, with the validation that is not there any more."""

    def _load(self, dataset: ImageDataset) -> Splits:
        return dataset.final


def renamed(metric: str) -> str:
    """``val_acc`` as ``test_acc``; other names as they are."""
    return metric.replace("val_", "test_", 1) if metric.startswith("val_") else metric
