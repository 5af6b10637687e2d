"""The evaluation of a winner: whatever the evaluator, it is measured on test images alone."""

import pytest
import torch
from hydra.utils import instantiate

from evaluator.candidates import candidate
from evaluator.own import hostile
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.final import FinalEvaluator, monitoring
from nas_hydra.evaluator.train import TrainEvaluator

CALLBACKS = "pytorch_lightning.callbacks"


def watched(name: str, **arguments) -> dict:
    given = candidate()
    callbacks = [{"_target_": name, **arguments}]
    return {**given, "trainer": {**given["trainer"], "callbacks": callbacks}}


@pytest.mark.parametrize("monitored", [False, True])
def test_scores_of_ones_own_are_of_the_test_images(tmp_path, monitored):
    evaluator, weights = FinalEvaluator(TrainEvaluator(seed=0), monitored), tmp_path / "weights"
    given = candidate(task=hostile())
    evaluator.check(given)
    found = evaluator.evaluate(given, 0, weights)
    assert set(found.metrics) == set(evaluator.metrics)
    network = instantiate(given["model"])
    network.load_state_dict(torch.load(weights, weights_only=True))
    stage = "monitored" if monitored else "final"
    images = instantiate(given["dataset"]).at(stage).test
    taken = network.eval()(images.inputs).argmax(dim=1)
    assert found.metrics["test_zeros"] == pytest.approx((taken == 0).double().mean().item())
    right = (taken == images.target).double().mean().item()
    assert found.metrics["test_acc"] == pytest.approx(right)
    assert evaluator.remeasure(given, weights)["test_acc"] == found.metrics["test_acc"]


def test_images_of_the_search_are_not_given_out(tmp_path):
    evaluator = FinalEvaluator(TrainEvaluator(seed=0), monitored=False)
    given = candidate(task={"_target_": "evaluator.own.Headstrong"})
    with pytest.raises(ConfigError, match="evaluator: asks for images as of a search while"):
        evaluator.evaluate(given, 0, tmp_path / "weights")
    TrainEvaluator(seed=0).check(candidate())


def test_what_watches_a_training():
    assert monitoring(candidate()) == []
    assert monitoring(watched(f"{CALLBACKS}.EarlyStopping", monitor="train_loss")) == []
    assert monitoring(watched(f"{CALLBACKS}.Timer", duration="00:01:00:00")) == []
    early = watched(f"{CALLBACKS}.EarlyStopping", monitor="val_f1")
    assert monitoring(early) == ["EarlyStopping"]
    assert monitoring(watched("evaluator.own.Doubling")) == ["Doubling"]
    plateau = {"_target_": "torch.optim.lr_scheduler.ReduceLROnPlateau", "monitor": "val_loss"}
    assert monitoring(candidate(scheduler=plateau)) == ["ReduceLROnPlateau"]
