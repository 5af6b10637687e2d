"""A LightningModule of one's own: nothing of it is changed, and nothing ignored."""

import math
from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.final import FinalEvaluator
from nas_hydra.evaluator.own import OwnEvaluator, OwnTraining, state_of
from nas_hydra.lightning import class_of, in_package, package_of
from nas_hydra.task.own import check_module

TEMPLATE = Path(__file__).parents[1] / "template"
MODULE = """
import torch
from pytorch_lightning import Callback, LightningModule
from src.models.mnist_module import MNISTLitModule
from torch.nn.functional import cross_entropy

SEEN = []


class Noting(Callback):
    def on_train_start(self, trainer, pl_module):
        SEEN.append(f"a callback sees {trainer.max_epochs} epochs")


class Hooked(LightningModule):
    def __init__(self, rate=0.1):
        super().__init__()
        self.net = torch.nn.Linear(64, 10)
        self.rate = rate

    def forward(self, x):
        return self.net(x.flatten(1))

    def training_step(self, batch, index):
        loss = cross_entropy(self(batch[0]), batch[1])
        self.log("loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", cross_entropy(self(batch[0]), batch[1]))

    def configure_callbacks(self):
        return [Noting()]

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), self.rate)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def optimizer_step(self, *args, **kwargs):
        super().optimizer_step(*args, **kwargs)
        SEEN.append("a step of its own")

    def on_train_end(self):
        SEEN.append(f"rate {self.optimizers().param_groups[0]['lr']:g}")


class Restoring(Hooked):
    def on_fit_end(self):
        with torch.no_grad():
            self.net.weight.zero_()
            self.net.bias.zero_()
"""
CANDIDATE = {
    "model": {
        "_target_": "src.models.mnist_module.MNISTLitModule",
        "net": {
            "_target_": "src.models.components.simple_dense_net.SimpleDenseNet",
            "lin1_size": 16,
        },
        "optimizer": {"_target_": "torch.optim.Adam", "_partial_": True, "lr": 0.01},
        "scheduler": None,
        "compile": False,
    },
    "dataset": {"_target_": "src.data.mnist_datamodule.MNISTDataModule", "batch_size": 128},
    "task": {"_target_": "nas_hydra.task.own.Own"},
    "trainer": {
        "_target_": "pytorch_lightning.Trainer",
        "accelerator": "cpu",
        "devices": 1,
        "max_epochs": 3,
    },
    "optimizer": {},
    "scheduler": {},
}
WEIGHTS = Path("weights.ckpt")


@pytest.fixture(autouse=True)
def modules(monkeypatch, own_modules):
    monkeypatch.syspath_prepend(TEMPLATE)
    Path("own_task_parts.py").write_text(MODULE)


def candidate(model: str | None = None, **trainer: object) -> dict:
    found = deepcopy(CANDIDATE)
    found["trainer"] |= trainer
    if model:
        found["model"] = {"_target_": f"own_task_parts.{model}"}
    return found


def test_metrics_and_their_directions_are_known_once_a_candidate_was_tried():
    evaluator = OwnEvaluator(0)
    assert [*evaluator.metrics] == []
    evaluator.check(candidate())
    names = ["val/loss", "val/acc", "val/acc_best", "train/loss", "train/acc", "params"]
    assert [*evaluator.metrics] == names
    assert evaluator.directions == {"val/acc": "maximize", "train/acc": "maximize"}


def test_a_value_is_that_of_the_last_weights_and_curves_have_gaps_where_nothing_was_measured():
    evaluator = OwnTraining(0)
    one = candidate(check_val_every_n_epoch=2)
    found = evaluator.evaluate(one, 0, WEIGHTS)
    again = evaluator.remeasure(one, WEIGHTS)
    assert {name: found.metrics[name] for name in again} == pytest.approx(again)
    assert found.epochs == 3
    assert [math.isnan(value) for value in found.curves["val/acc"]] == [True, False, True]
    assert not any(map(math.isnan, found.curves["train/loss"]))
    assert found.curves["val/loss"][1] != found.metrics["val/loss"]


def test_weights_that_are_changed_after_the_last_validation_are_measured_once_more():
    found = OwnTraining(0).evaluate(candidate("Restoring"), 0, WEIGHTS)
    assert found.metrics["val_loss"] == pytest.approx(math.log(10))
    assert found.curves["val_loss"][-1] < 2


def test_the_same_candidate_gives_the_same_numbers_and_repeats_give_others():
    evaluator = OwnTraining(0)
    first, again, other = (
        evaluator.evaluate(candidate(max_epochs=1), repeat, WEIGHTS).metrics for repeat in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_its_optimizer_scheduler_hooks_and_callbacks_run():
    found = OwnTraining(0).evaluate(candidate("Hooked"), 0, WEIGHTS)
    import own_task_parts

    seen = own_task_parts.SEEN
    assert seen[0] == "a callback sees 3 epochs"
    assert seen.count("a step of its own") == 3 * 10
    assert "rate 0.0125" in seen
    assert {*found.metrics} == {"loss", "loss_epoch", "val_loss", "params"}
    assert found.metrics["params"] == 650


def test_in_the_end_it_is_tested_by_its_own_test_step():
    one = candidate(max_epochs=1)
    found = OwnTraining(0).evaluate(one, 0, WEIGHTS).metrics
    tested = FinalEvaluator(OwnEvaluator(0), monitored=True).evaluate(one, 0, WEIGHTS).metrics
    assert tested["train/loss"] == found["train/loss"]
    assert {*tested} == {"train/loss", "train/acc", "test/loss", "test/acc", "params"}
    assert tested["test/acc"] == pytest.approx(round(tested["test/acc"] * 300) / 300)


def test_a_module_that_cannot_be_tested_is_told_so():
    with pytest.raises(ConfigError, match="Hooked has no test_step"):
        OwnTraining(0).at("final").evaluate(candidate("Hooked", max_epochs=1), 0, WEIGHTS)


@pytest.mark.long
def test_weights_of_a_compiled_network_have_the_names_of_one_that_is_not():
    module = nn.Sequential(torch.compile(nn.Linear(2, 2)))
    assert {*state_of(module)} == {"0.weight", "0.bias"}


def test_costs_are_measured_by_the_example():
    evaluator = OwnEvaluator(0, measure=["flops"])
    one = candidate("Hooked", max_epochs=1)
    evaluator.check(one)
    assert evaluator.evaluate(one, 0, WEIGHTS).metrics["flops"] == 2 * 640


def test_a_store_answers_for_own_modules_until_their_data_changes():
    evaluator = OwnEvaluator(0, store="store")
    one = candidate("Hooked", max_epochs=1)
    evaluator.check(one)
    first = evaluator.evaluate(one, 0, WEIGHTS)
    assert evaluator.evaluate(one, 0, WEIGHTS).source is not None
    assert evaluator.evaluate(one, 0, WEIGHTS).metrics == first.metrics


@pytest.mark.parametrize(
    ("model", "wanted"),
    [(nn.Flatten(), "is a Flatten, and no LightningModule"), (None, "has no training_step")],
)
def test_what_is_no_module_to_be_trained_is_refused(model, wanted):
    made = class_of("pytorch_lightning", "LightningModule")() if model is None else model
    with pytest.raises(CandidateError, match=wanted):
        check_module(made)


def test_which_lightning_a_class_is_of():
    assert package_of(class_of("pytorch_lightning", "Trainer"), "Trainer") == "pytorch_lightning"
    assert package_of(nn.Flatten, "LightningModule") is None
    assert (
        in_package("pytorch_lightning.Trainer", "lightning.pytorch") == "lightning.pytorch.Trainer"
    )
    assert in_package("my.pytorch_lightning.X", "lightning.pytorch") == "my.pytorch_lightning.X"
