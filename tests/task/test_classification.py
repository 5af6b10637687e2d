"""What the module that trains a candidate measures."""

from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.nn.functional import cross_entropy
from torchmetrics.classification import (
    MulticlassAUROC,
    MulticlassConfusionMatrix,
    MulticlassMatthewsCorrCoef,
)
from torchmetrics.functional.classification import multiclass_f1_score

from command import SMALL, nas_hydra, rows
from evaluator.candidates import candidate
from nas_hydra.dataset import Batches, Order, Rows
from nas_hydra.dataset.augment import Augmentation
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.fit import fit, measure_weights
from nas_hydra.evaluator.trainer import build_trainer
from nas_hydra.task import Recipe
from nas_hydra.task.classification import Classification
from nas_hydra.task.module import TaskModule
from networks import Known
from task.data import labelled


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


SEEDS = st.integers(0, 2**16)


def drawn(seed, number=40, classes=5):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(number, classes, generator=generator)
    labels = torch.cat([torch.arange(classes), torch.randint(classes, (number - classes,))])
    return logits, labels


@given(SEEDS, st.floats(0, 0.9), st.sampled_from(["mean", "sum"]))
@settings(max_examples=20, deadline=None)
def test_the_loss_is_torchs_with_smoothing_and_weights(seed, smoothing, reduction):
    logits, labels = drawn(seed)
    how = {"label_smoothing": smoothing, "reduction": reduction}
    known = labelled(labels, 5)
    plain = Classification(label_smoothing=smoothing).bound(known)
    assert plain.loss(logits, labels, reduction) == cross_entropy(logits, labels, **how)
    balanced = Classification("balanced", smoothing).bound(known)
    weights = compute_class_weight("balanced", classes=np.arange(5), y=labels.numpy())
    wanted = cross_entropy(logits, labels, torch.tensor(weights).float(), **how)
    # Over all training rows, of which each weighs 1 in the mean, both means are the same.
    torch.testing.assert_close(balanced.loss(logits, labels, reduction), wanted)


def test_parts_of_a_batch_have_together_the_loss_of_the_whole():
    logits, labels = drawn(0)
    task = Classification([1, 2, 3, 4, 5]).bound(labelled(labels, 5))
    halves = [task.loss(*part) for part in ((logits[:20], labels[:20]), (logits[20:], labels[20:]))]
    torch.testing.assert_close(sum(halves) / 2, task.loss(logits, labels))


def test_only_ratios_of_weights_count_and_classes_go_by_their_names():
    logits, labels = drawn(1)
    known = labelled(labels, 5, class_names=["a", "b", "c", "d", "e"])
    losses = [
        Classification(weights).bound(known).loss(logits, labels)
        for weights in ([1, 1, 6, 1, 1], [2, 2, 12, 2, 2], {"c": 6})
    ]
    assert losses[0] == pytest.approx(losses[1]) == pytest.approx(losses[2])


def test_a_validation_is_measured_without_what_candidates_may_differ_in():
    logits, labels = drawn(2)
    task = Classification("balanced", 0.3).bound(labelled(labels, 5))
    wanted = cross_entropy(logits, labels, reduction="sum")
    assert task.validation_loss(logits, labels) == wanted


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_further_scores_are_those_of_scikit_learn(seed):
    logits, labels = drawn(seed)
    own = {"mcc": MulticlassMatthewsCorrCoef(5), "auroc": MulticlassAUROC(5)}
    task = Classification(top_k=[2, 3], metrics=own).bound(labelled(labels, 5))
    found = task.score(task.kept(logits), labels)
    told = logits.softmax(dim=1)
    assert found.keys() == task.scores.keys()
    for k in (2, 3):
        assert float(found[f"top{k}"]) == pytest.approx(
            sklearn.metrics.top_k_accuracy_score(labels, told, k=k)
        )
    mcc = sklearn.metrics.matthews_corrcoef(labels, told.argmax(dim=1))
    assert float(found["mcc"]) == pytest.approx(mcc, abs=1e-5)
    exactly = logits.double().softmax(dim=1)
    auroc = sklearn.metrics.roc_auc_score(labels, exactly, multi_class="ovr")
    assert float(found["auroc"]) == pytest.approx(auroc, abs=1e-5)
    assert {"test_top2", "test_mcc"} <= task.report(task.kept(logits), labels).figures.keys()


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"class_weights": "balnced"}, "task.class_weights: is 'balnced'; .*did you mean"),
        ({"class_weights": {"cat": 1, "dgo": 2}}, "names 'dgo', .*'cat', 'dog'.*mean 'dog'"),
        ({"class_weights": [1, 2, 3]}, "has 3 numbers, and there are 2 classes"),
        ({"class_weights": [1, -2]}, "weights are finite, at least 0"),
        ({"class_weights": [0, 0]}, "not all 0"),
        ({"label_smoothing": 1.0}, "task.label_smoothing: is 1.0; allowed: from 0"),
        ({"top_k": 2}, "task.top_k: has 2; allowed with 2 classes: 1 to 1"),
        ({"metrics": {"c": MulticlassConfusionMatrix(2)}}, "task.metrics.c: .*which way"),
    ],
)
def test_settings_without_a_meaning_are_refused(settings, wanted):
    known = labelled(torch.tensor([0, 1, 1]), 2, class_names=["cat", "dog"])
    with pytest.raises(ConfigError, match=wanted):
        Classification(**settings).bound(known)


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (torch.tensor([0, -1, 1]), "training targets from -1 to 1"),
        (torch.tensor([0, 1, 2]), "training targets from 0 to 2"),
        (torch.tensor([0.0, 1.0]), "training targets float32"),
        ({"a": torch.tensor([0, 1])}, "training targets {a: int64"),
    ],
)
def test_targets_that_are_no_labels_are_refused(target, wanted):
    with pytest.raises(ConfigError, match=rf"{wanted}.*labels are int64 \(N,\), from 0 to 1"):
        Classification().bound(labelled(target, 2))


def test_a_metric_that_cannot_take_what_is_told_is_refused_before_a_training():
    class Wide(MulticlassMatthewsCorrCoef):
        def compute(self):
            return torch.zeros(3)

    labels = torch.tensor([0, 1, 1])
    known = labelled(labels, 2)
    for metric, wanted in (
        (MulticlassMatthewsCorrCoef(7), r"the metric 'mine' \(MulticlassMatthewsCorrCoef\) cannot"),
        (Wide(2), "'mine' gives float32 of shape .*must give one number"),
    ):
        task = Classification(metrics={"mine": metric}).bound(known)
        with pytest.raises(CandidateError, match=wanted):
            task.check(torch.zeros(3, 2), labels)


def test_a_search_with_more_to_measure(monkeypatch):
    mcc = "{_target_:torchmetrics.classification.MulticlassMatthewsCorrCoef,num_classes:10}"
    words = (
        f"task.metrics.mcc={mcc}",
        "objective=none",
        "objective.val_mcc=maximize",
        "task.top_k=[3]",
        "task.class_weights=balanced",
        "task.label_smoothing={_choice_:[0.0,0.1],_name_:smoothing}",
    )
    kept = [word for word in SMALL if not word.startswith("budget")]
    run = ("search_space=mlp", "hydra.run.dir=run", "budget.trials=1")
    assert nas_hydra(monkeypatch, *kept, *run, *words) == 0
    (row,) = rows(Path("run"))
    assert float(row["val_top3"]) >= float(row["val_acc"])
    assert -1 <= float(row["val_mcc"]) <= 1
    assert row["smoothing"] in ("0.0", "0.1")
