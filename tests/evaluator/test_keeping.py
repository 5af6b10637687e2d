"""Which weights of a training are kept."""

from pathlib import Path

import pytest
import torch

from command import SMALL, nas_hydra, rows
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.final import monitoring
from nas_hydra.task.classification import Classification

RUN = (*SMALL, "search_space=mlp", "dataset.limit=200", "trainer.max_epochs=6", "budget.trials=2")
WILD = ("optimizer=sgd", "optimizer.lr=0.05", "scheduler=none")
"""A rate by which the validation goes up and down."""


def test_the_best_weights_are_those_of_the_best_epoch(monkeypatch):
    """The value of a trial is the best of its curve; with the last ones it is the last."""
    found = {}
    for keep in ("last", "best"):
        assert (
            nas_hydra(monkeypatch, *RUN, *WILD, f"task.keep={keep}", f"hydra.run.dir={keep}") == 0
        )
        found[keep] = [float(row["val_acc"]) for row in rows(Path(keep))]
    assert all(best >= last for best, last in zip(found["best"], found["last"], strict=True))
    assert found["best"] != found["last"]


def test_weights_are_averaged(monkeypatch):
    for average in ("null", "0.9"):
        words = f"task.average={average}", f"hydra.run.dir=run-{average}"
        assert nas_hydra(monkeypatch, *RUN, *words) == 0
    first, second = (torch.load(f"run-{one}/best.ckpt") for one in ("null", "0.9"))
    assert any(not torch.equal(first[name], second[name]) for name in first.keys() & second.keys())


def test_a_training_ends_when_its_validation_gets_no_better(monkeypatch):
    words = (*RUN, *WILD, "trainer.max_epochs=40", "task.patience=2", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *words) == 0
    assert all(int(row["epochs"]) < 40 for row in rows(Path("run")))


def test_whoever_watches_the_validation_leaves_its_rows_for_that(trained_part):
    assert monitoring({**trained_part, "task": CLASSES}) == []
    assert monitoring({**trained_part, "task": {**CLASSES, "keep": "best"}}) == ["BestWeights"]
    assert monitoring({**trained_part, "task": {**CLASSES, "patience": 3}}) == ["EarlyStopping"]


CLASSES = {"_target_": "nas_hydra.task.classification.Classification"}


@pytest.fixture
def trained_part():
    trainer = {"_target_": "pytorch_lightning.Trainer", "logger": False, "max_epochs": 1}
    return {"trainer": {**trainer, "enable_checkpointing": False}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"keep": "first"}, r"task\.keep: is 'first'; allowed: last, best"),
        ({"patience": 0}, r"task\.patience: is 0; allowed: 1 or more"),
        ({"average": 1.0}, r"task\.average: is 1\.0; allowed: above 0 and below 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        Classification(**given)
