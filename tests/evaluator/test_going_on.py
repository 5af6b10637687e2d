"""A training that ends and goes on is the one that goes straight through."""

import shutil
from pathlib import Path

import pytest
import torch

from evaluator.candidates import candidate, convolutions, sequential
from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.going_on import levels_of, planned
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.trial import FULL, Course, Fidelity, Thresholds

EPOCHS = 4
DROPOUT = sequential(
    {"_target_": "nas_hydra.model.ConvBlock", "out_channels": 8, "kernel_size": 3, "pool": 2},
    {"_target_": "torch.nn.Dropout", "p": 0.3},
    {"_target_": "nas_hydra.model.ClassifierHead", "num_classes": 10},
)
CLASSES = {"_target_": "nas_hydra.task.classification.Classification"}


def scheduler(name: str, **arguments) -> dict:
    return {"_target_": f"torch.optim.lr_scheduler.{name}", "_partial_": True, **arguments}


ADAM = {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 0.01, "fused": True}
MOMENTUM = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1, "momentum": 0.9}
COSINE = scheduler("CosineAnnealingLR", T_max=EPOCHS)
ONE_CYCLE = scheduler("OneCycleLR", max_lr=0.05, total_steps="trainer.total_steps")
PLATEAU = scheduler("ReduceLROnPlateau", patience=0) | {"monitor": "val_loss"}
TURNS = {"_target_": "nas_hydra.dataset.augment.Crop", "padding": 2}
AUGMENT = {"_target_": "nas_hydra.dataset.augment.Augmentation", "transforms": [TURNS]}


def trained(**trainer) -> dict:
    return candidate()["trainer"] | {"max_epochs": EPOCHS} | trainer


WAYS = {
    "plain": {"optimizer": MOMENTUM},
    "dropout and cosine": {"model": DROPOUT, "optimizer": ADAM, "scheduler": COSINE},
    "plateau": {"optimizer": MOMENTUM, "scheduler": PLATEAU},
    "best": {"optimizer": MOMENTUM, "task": {**CLASSES, "keep": "best"}},
    "average": {"optimizer": ADAM, "task": {**CLASSES, "average": 0.9}},
    "patience": {"optimizer": MOMENTUM, "task": {**CLASSES, "patience": 1}},
    "one cycle": {"optimizer": MOMENTUM, "scheduler": ONE_CYCLE},
    "augmented": {"dataset": {**candidate()["dataset"], "augment": AUGMENT}},
    "accumulated": {"trainer": trained(accumulate_grad_batches=3), "optimizer": ADAM},
    "bf16": {"trainer": trained(precision="bf16-mixed"), "optimizer": ADAM},
}


def config(way: str) -> dict:
    return candidate(**{"trainer": trained(), **WAYS[way]})


def evaluated(closed: dict, name: str, fidelity: Fidelity = FULL, begin: str = ""):
    """An evaluation, its checkpoint left under its name, its weights beside it."""
    at = Path(begin) if begin else None
    course = None if fidelity is FULL else Course(fidelity, Path(f"{name}.ckpt"), at)
    evaluation = TrainEvaluator(seed=3).evaluate(closed, 0, Path(f"{name}.pt"), course)
    return evaluation, torch.load(f"{name}.pt")


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("way", WAYS)
def test_in_parts_it_is_what_it_is_straight_through(way):
    closed = config(way)
    straight, weights = evaluated(closed, "straight")
    first, _ = evaluated(closed, "first", Fidelity(epochs=1))
    second, _ = evaluated(closed, "second", Fidelity(epochs=2, continues=0), "first.ckpt")
    last, end = evaluated(closed, "last", Fidelity(epochs=EPOCHS, continues=1), "second.ckpt")
    assert last.metrics == straight.metrics
    assert same(end, weights)
    assert first.epochs + second.epochs + last.epochs == straight.epochs
    curves = {name: (*first.curves[name], *second.curves[name], *last.curves.get(name, ()))
              for name in first.curves}  # fmt: skip
    assert repr(curves) == repr(straight.curves)


def test_it_can_end_where_it_is_validated():
    assert levels_of(trained()) == [1, 2, 3, 4]
    assert levels_of(trained(max_epochs=5, check_val_every_n_epoch=2)) == [2, 4, 5]
    assert levels_of(trained(max_steps=100)) == levels_of(trained(max_epochs=-1)) == []


def test_without_its_checkpoint_it_begins_anew_and_comes_to_the_same():
    closed = config("dropout and cosine")
    straight, weights = evaluated(closed, "straight")
    again, end = evaluated(closed, "again", Fidelity(epochs=EPOCHS, continues=0), "gone.ckpt")
    assert again.metrics == straight.metrics
    assert same(end, weights)


def test_what_it_has_left_itself_is_not_trained_again():
    """As after a kill: a checkpoint of the second epoch is there when the trial begins."""
    closed = config("dropout and cosine")
    whole, weights = evaluated(closed, "whole", Fidelity(epochs=3))
    evaluated(closed, "part", Fidelity(epochs=2))
    shutil.copy("part.ckpt", "resumed.ckpt")
    resumed, end = evaluated(closed, "resumed", Fidelity(epochs=3))
    assert (resumed.metrics, resumed.epochs, resumed.curves) == (
        whole.metrics,
        whole.epochs,
        whole.curves,
    )
    assert same(end, weights)
    finished, end = evaluated(closed, "whole", Fidelity(epochs=3))  # was over, and not recorded
    assert (finished.metrics, finished.epochs) == (whole.metrics, whole.epochs)
    assert same(end, weights)


def test_a_training_ends_below_its_thresholds():
    closed = config("plain")
    never = Thresholds("val_acc", "maximize", {2: 1.1})
    stopped, _ = evaluated(closed, "stopped", Fidelity(thresholds=never))
    assert (stopped.stopped, stopped.epochs) == (True, 2)
    assert len(stopped.curves["val_acc"]) == 2
    passed = Thresholds("val_acc", "maximize", {2: 0.0, EPOCHS: 1.1})  # the last epoch ends it
    whole, _ = evaluated(closed, "passed", Fidelity(thresholds=passed))
    assert (whole.stopped, whole.epochs) == (False, EPOCHS)


def test_a_longer_plan_reaches_the_scheduler():
    closed = planned(config("dropout and cosine"), 9)
    assert (closed["trainer"]["max_epochs"], closed["scheduler"]["T_max"]) == (9, 9)
    longer, weights = evaluated(config("dropout and cosine"), "longer", Fidelity(epochs=6, of=6))
    planned_so, end = evaluated(planned(config("dropout and cosine"), 6), "planned")
    assert longer.metrics == planned_so.metrics
    assert same(end, weights)


def test_what_goes_on_longer_than_it_was_planned_gets_a_schedule_for_the_rest():
    closed = config("dropout and cosine")
    evaluated(closed, "short", Fidelity(epochs=EPOCHS))
    longer = Fidelity(epochs=8, of=8, continues=0)
    found, weights = evaluated(closed, "longer", longer, "short.ckpt")
    left = torch.load("longer.ckpt")
    assert (found.epochs, left["epoch"], left["since"]) == (4, 8, EPOCHS)
    (state,) = left["schedulers"]
    assert (state["T_max"], state["last_epoch"]) == (4, 4)
    Path("longer.ckpt").unlink()
    evaluated(closed, "longer", Fidelity(epochs=6, of=8, continues=0), "short.ckpt")
    again, end = evaluated(closed, "longer", longer, "short.ckpt")  # after an interruption
    assert again.metrics == found.metrics
    assert same(end, weights)


def test_a_damaged_checkpoint_fails_its_trial_and_is_named():
    Path("damaged.ckpt").write_bytes(b"no checkpoint")
    with pytest.raises(CandidateError, match=r"damaged\.ckpt cannot be read; delete it"):
        evaluated(config("plain"), "again", Fidelity(epochs=2, continues=0), "damaged.ckpt")


def test_what_was_planned_otherwise_needs_its_checkpoint():
    with pytest.raises(CandidateError, match=r"gone\.ckpt is gone.*finalists\.start=anew"):
        evaluated(config("plain"), "again", Fidelity(epochs=6, of=6, continues=0), "gone.ckpt")


def test_the_store_tells_rungs_apart():
    closed = config("plain")
    metrics = {}
    for name, fidelity in {
        "one": Fidelity(epochs=1),
        "two": Fidelity(epochs=2),
        "all": FULL,
    }.items():
        for turn in ("first", "again"):
            course = None if fidelity is FULL else Course(fidelity, Path(f"{name}-{turn}.ckpt"))
            evaluator = TrainEvaluator(seed=3, store="store")
            found = evaluator.evaluate(closed, 0, Path(f"{turn}.pt"), course)
            assert (found.source is None) == (turn == "first")
            metrics.setdefault(name, found.metrics)
            assert found.metrics == metrics[name]
    assert metrics["one"] != metrics["two"] != metrics["all"]


def test_checkpoints_run_no_code():
    class Code:
        def __reduce__(self):
            return Path.touch, (Path("ran"),)

    torch.save({"epoch": Code()}, "strange.ckpt")
    with pytest.raises(CandidateError):
        evaluated(config("plain"), "again", Fidelity(epochs=2, continues=0), "strange.ckpt")
    assert not Path("ran").exists()


def test_a_narrow_network_is_evaluated_as_before():
    """No course, no checkpoint."""
    closed = candidate(model=convolutions(1, 4))
    evaluated(closed, "plain")
    assert not list(Path().glob("*.ckpt"))
