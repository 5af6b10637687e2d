"""Training a candidate on real images."""

import json
import math
import signal

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from evaluator import candidates
from evaluator.own import hostile
from nas_hydra.dataset.digits import Digits
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.search_space import SearchSpace

HEAD = {"_target_": "nas_hydra.model.ClassifierHead", "num_classes": 10}
MODEL = {
    "_target_": "torch.nn.Sequential",
    "_args_": [
        {"_target_": "nas_hydra.model.ConvBlock", "out_channels": 16, "kernel_size": 5},
        HEAD,
    ],
}


class Exploding(nn.Module):
    """A network whose logits become NaN in training."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = self.linear(images.flatten(1))
        return logits * math.nan if self.training else logits


class Interrupting(Exploding):
    """A network whose user presses Ctrl-C during training."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training:
            signal.raise_signal(signal.SIGINT)
        return self.linear(images.flatten(1))


def candidate(**changes) -> dict:
    """One that learns something: two epochs on 800 images."""
    few = candidates.candidate()
    parts = {
        "model": MODEL,
        "optimizer": {**few["optimizer"], "momentum": 0.9},
        "trainer": {**few["trainer"], "max_epochs": 2},
        "dataset": {**few["dataset"], "limit": 800},
    }
    return {**few, **parts, **changes}


def model(target: type[nn.Module]) -> dict:
    return candidate(model={"_target_": f"{target.__module__}.{target.__qualname__}"})


@pytest.fixture
def weights(tmp_path):
    return tmp_path / "weights.ckpt"


def test_a_network_learns_and_everything_is_measured(weights):
    evaluator = TrainEvaluator(seed=0)
    found = evaluator.evaluate(candidate(), 0, weights)
    assert set(found.metrics) == set(evaluator.metrics)
    assert found.epochs == 2
    assert found.metrics["val_acc"] > 0.3  # guessing gives 0.1
    assert 0 < found.metrics["val_f1"] <= 1
    assert found.metrics["params"] == 16 * 25 + 2 * 16 + 16 * 10 + 10


def test_curves_have_every_epoch_and_end_at_the_metrics(weights):
    given = candidate()
    trainer = {**given["trainer"], "max_epochs": 3, "num_sanity_val_steps": 2}
    found = TrainEvaluator(seed=0).evaluate({**given, "trainer": trainer}, 0, weights)
    assert {name: len(curve) for name, curve in found.curves.items()} == dict.fromkeys(
        ("val_loss", "val_acc", "val_f1", "train_loss"), 3
    )
    assert all(curve[-1] == found.metrics[name] for name, curve in found.curves.items())
    assert found.curves["train_loss"][0] > found.curves["train_loss"][-1]


def trained_by(**changes) -> dict:
    given = candidate()
    return {**given, "trainer": {**given["trainer"], "max_epochs": 3, **changes}}


def callback(name: str, **arguments) -> dict:
    return {"callbacks": [{"_target_": name, **arguments}]}


LIGHTNINGS = "pytorch_lightning.callbacks"
TRAINERS = {
    "plain": {},
    "validates now and then": {"check_val_every_n_epoch": 2},
    "validates within an epoch": {"val_check_interval": 4},
    "stops within an epoch": {"max_epochs": -1, "max_steps": 25, "val_check_interval": 5},
    "accumulates": {"accumulate_grad_batches": 3, "check_val_every_n_epoch": 2},
    "averages": callback(f"{LIGHTNINGS}.StochasticWeightAveraging", swa_lrs=0.01),
    "averages always": callback(f"{LIGHTNINGS}.EMAWeightAveraging", decay=0.9),
    "prunes": callback(f"{LIGHTNINGS}.ModelPruning", pruning_fn="l1_unstructured", amount=0.3),
    "stops early": callback(f"{LIGHTNINGS}.EarlyStopping", monitor="val_loss", patience=0),
    "is changed in the end": callback("evaluator.own.Doubling"),
}


@pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS)
def test_metrics_are_those_of_the_saved_weights(weights, trainer):
    evaluator, given = TrainEvaluator(seed=0), trained_by(**trainer)
    found = evaluator.evaluate(given, 0, weights)
    network = instantiate(MODEL)
    network.load_state_dict(torch.load(weights, weights_only=True))
    images = instantiate(given["dataset"]).valid
    with torch.no_grad():
        logits = network.eval()(images.inputs)
    accuracy = (logits.argmax(dim=1) == images.target).double().mean().item()
    assert found.metrics["val_acc"] == pytest.approx(accuracy, abs=1e-6)
    assert found.metrics["val_loss"] == pytest.approx(
        torch.nn.functional.cross_entropy(logits, images.target).item(), rel=1e-5
    )
    again = evaluator.remeasure(given, weights)
    assert again == {name: found.metrics[name] for name in ("val_acc", "val_f1", "val_loss")}


def test_a_curve_has_gaps_where_nothing_was_measured(weights):
    found = TrainEvaluator(seed=0).evaluate(trained_by(check_val_every_n_epoch=2), 0, weights)
    measured = [not math.isnan(value) for value in found.curves["val_acc"]]
    assert measured == [False, True, False]
    assert len(found.curves["train_loss"]) == 3


def test_a_loss_and_a_score_of_ones_own(weights):
    given = trained_by(max_epochs=4)
    own = TrainEvaluator(seed=0, measure=["val_zeros"])
    own.prepare(SearchSpace(OmegaConf.create({"task": hostile()}), {"task": ("task",)}))
    found = own.evaluate({**given, "task": hostile()}, 0, weights)
    usual = TrainEvaluator(seed=0).evaluate(given, 0, weights)
    assert set(found.metrics) == set(own.metrics) == {*usual.metrics, "val_zeros"}
    assert found.metrics["val_acc"] < 0.2 < usual.metrics["val_acc"]


def test_tasks_of_ones_own_have_identities_of_their_own():
    given, evaluator = candidate(), TrainEvaluator(seed=0)
    own = evaluator.identity({**given, "task": hostile()})
    assert json.dumps(own) != json.dumps(evaluator.identity(given))
    assert "evaluator.own" in own["code"]
    assert own == evaluator.identity({**given, "task": hostile()})
    assert own != evaluator.identity({**given, "task": hostile(strength=2.0)})


def test_the_default_task_is_the_one_of_candidates_that_name_none():
    given, default = candidate(), {"_target_": "nas_hydra.task.classification.Classification"}
    identities = [
        TrainEvaluator(seed=0).identity(one) for one in (given, {**given, "task": default})
    ]
    assert identities[0] == identities[1]


def test_a_module_that_says_how_it_is_trained_is_no_network():
    given = candidate(model={"_target_": "evaluator.own.Trained"})
    with pytest.raises(CandidateError, match="LightningModule Trained, whose own training_step"):
        TrainEvaluator(seed=0).check(given)


def test_the_same_seed_gives_the_same_numbers_whatever_went_before(weights):
    first = TrainEvaluator(seed=0).evaluate(candidate(), 0, weights)
    torch.rand(17)
    again = TrainEvaluator(seed=0).evaluate(candidate(), 0, weights)
    assert first.metrics == again.metrics


def test_another_repeat_is_another_seed(weights):
    evaluator = TrainEvaluator(seed=0)
    first, second = (evaluator.evaluate(candidate(), repeat, weights) for repeat in (0, 1))
    assert first.metrics["val_loss"] != second.metrics["val_loss"]


def test_global_randomness_is_left_as_it_was(weights):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    TrainEvaluator(seed=0).evaluate(candidate(), 0, weights)
    assert torch.equal(torch.rand(1), expected)


def test_the_test_split_is_not_touched(weights, monkeypatch):
    monkeypatch.setattr(Digits, "opened_parts", lambda self: pytest.fail("test split read"))
    TrainEvaluator(seed=0).evaluate(candidate(), 0, weights)


def test_the_scheduler_is_stepped_every_epoch(weights):
    step = {
        "_target_": "torch.optim.lr_scheduler.StepLR",
        "_partial_": True,
        "step_size": 1,
        "gamma": 0.0,
    }
    frozen = TrainEvaluator(seed=0).evaluate(candidate(scheduler=step), 0, weights)
    short = candidate(trainer={**candidate()["trainer"], "max_epochs": 1})
    one = TrainEvaluator(seed=0).evaluate(short, 0, weights)
    free = TrainEvaluator(seed=0).evaluate(candidate(), 0, weights)
    # Batch norm's statistics still move, so the loss is near that of one epoch, not equal to it.
    assert abs(frozen.metrics["train_loss"] - free.metrics["train_loss"]) > 1e-3
    assert abs(frozen.metrics["val_loss"] - one.metrics["val_loss"]) < 0.2


def test_divergence_ends_the_candidate_with_the_reason(weights):
    with pytest.raises(CandidateError, match=r"diverged: the training loss is nan at epoch 0"):
        TrainEvaluator(seed=0).evaluate(model(Exploding), 0, weights)
    assert not weights.exists()


def test_interrupts_are_passed_on(weights):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        TrainEvaluator(seed=0).evaluate(model(Interrupting), 0, weights)
    assert signal.getsignal(signal.SIGINT) is before


def test_check_accepts_what_works():
    TrainEvaluator(seed=0).check(candidate())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (
            {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torch.nn.Flatten"}]},
            r"outputs of shape \(16, 64\) for 16 images; \(16, 10\) is needed",
        ),
        (
            {"_target_": "torch.nn.Linear", "in_features": 5, "out_features": 10},
            r"fails in its own forward \(Linear\) on an input of shape \(2, 1, 8, 8\), "
            r"given 2 images of shape \(1, 8, 8\): RuntimeError",
        ),
        (
            {"_target_": "torch.nn.Conv2d", "in_channels": 1},
            r"cannot be built: torch\.nn\.modules\.conv\.Conv2d: TypeError: .*'out_channels'",
        ),
        ({"_target_": "builtins.dict"}, r"is a dict, not a torch\.nn\.Module"),
    ],
)
def test_check_says_why_a_candidate_cannot_work(broken, message):
    with pytest.raises(CandidateError, match=message):
        TrainEvaluator(seed=0).check(candidate(model=broken))


def test_check_finds_an_optimizer_that_refuses_its_settings():
    sgd = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": -1.0}
    with pytest.raises(ConfigError, match=r"optimizer: .*learning rate"):
        TrainEvaluator(seed=0).check(candidate(optimizer=sgd))


def test_training_without_an_epoch_is_no_evaluation(weights):
    none = candidate(trainer={**candidate()["trainer"], "max_epochs": 0})
    with pytest.raises(CandidateError, match="at least one epoch"):
        TrainEvaluator(seed=0).evaluate(none, 0, weights)
