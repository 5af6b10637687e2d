"""What the module that trains a candidate measures."""

import pytest
import pytorch_lightning as pl
import torch
from sklearn.metrics import f1_score
from torch import nn
from torchmetrics.functional.classification import multiclass_f1_score

from evaluator.candidates import candidate
from nas_hydra.dataset import Batches, Order, Rows
from nas_hydra.dataset.augment import Augmentation
from nas_hydra.evaluator.fit import fit, measure_weights
from nas_hydra.evaluator.trainer import build_trainer
from nas_hydra.task import Recipe
from nas_hydra.task.classification import Classification
from nas_hydra.task.module import TaskModule
from networks import Known


def made(network: nn.Module, classes: int) -> TaskModule:
    recipe = Recipe(
        lambda known: torch.optim.SGD(known, 0.1), None, Augmentation([]), lambda network: network
    )
    return TaskModule(Classification().bound(Known(classes)), network, recipe)


def measured(predicted: list[int], labels: list[int], classes: int) -> dict[str, float]:
    """The metrics of a network that gives what it is given."""
    module = made(nn.Flatten(), classes)
    logits = nn.functional.one_hot(torch.tensor(predicted), classes).float()
    images = Rows(logits[:, None, None], torch.tensor(labels))
    trainer = build_trainer(candidate()["trainer"], parts=1)
    return measure_weights(trainer, module, Batches(images, Order(len(labels), 5)), whole=True)


@pytest.mark.parametrize(
    ("predicted", "labels", "wanted"),
    [
        ([0, 1, 2], [0, 1, 2], 1),
        ([0, 1, 1], [0, 1, 1], 2 / 3),  # nobody knows how well class 2 would be told
        ([0, 1, 2], [0, 1, 1], (1 + 2 / 3) / 3),
        ([0, 0, 0], [0, 1, 1], 0.5 / 3),
    ],
)
def test_macro_f1_is_a_mean_over_all_classes(predicted, labels, wanted):
    found = measured(predicted, labels, 3)["val_f1"]
    assert found == pytest.approx(wanted)
    given = {"labels": [0, 1, 2], "average": "macro", "zero_division": 0}
    assert found == pytest.approx(f1_score(labels, predicted, **given))


def test_where_every_class_has_images_macro_f1_is_that_of_torchmetrics():
    generator = torch.Generator().manual_seed(0)
    labels = torch.cat([torch.arange(7), torch.randint(7, (90,), generator=generator)])
    predicted = torch.where(
        torch.rand(97, generator=generator) < 0.6, labels, torch.randint(7, (97,))
    )
    found = measured(predicted.tolist(), labels.tolist(), 7)["val_f1"]
    assert found == float(multiclass_f1_score(predicted, labels, 7, "macro"))


class Reading(pl.Callback):
    """Reads the training loss where a callback may want it."""

    def __init__(self) -> None:
        self.read: list[tuple[str, int, float]] = []

    def on_validation_end(self, trainer, module):
        self._read("validation", trainer)

    def on_train_epoch_end(self, trainer, module):
        self._read("epoch", trainer)

    def _read(self, where, trainer):
        self.read.append(
            (where, trainer.current_epoch, float(trainer.callback_metrics["train_loss"]))
        )


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, [("validation", 0), ("epoch", 0), ("validation", 1), ("epoch", 1)]),
        ({"check_val_every_n_epoch": 2}, [("epoch", 0), ("validation", 1), ("epoch", 1)]),
        ({"val_check_interval": 2, "max_epochs": 1}, [*[("validation", 0)] * 2, ("epoch", 0)]),
    ],
)
def test_callbacks_know_the_training_loss_of_the_epoch_that_ends(settings, wanted):
    images = Rows(torch.rand(20, 1, 2, 2), torch.arange(20) % 2)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    module = made(network, 2)
    quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    stopping = pl.callbacks.EarlyStopping("train_loss", patience=9)
    trainer = pl.Trainer(
        callbacks=[reading := Reading(), stopping],
        accelerator="cpu",
        **{"max_epochs": 2, "num_sanity_val_steps": 0, **dict.fromkeys(quiet, False), **settings},
    )
    fit(trainer, module, Batches(images, Order(20, 5)), Batches(images, Order(20, 10)))
    assert [(where, epoch) for where, epoch, _ in reading.read] == wanted
    ends = [loss for where, _, loss in reading.read if where == "epoch"]
    assert ends == pytest.approx(module.curves["train_loss"])
