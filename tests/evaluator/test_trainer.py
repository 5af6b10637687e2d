"""Trainers: each training has one that nobody has used, and that its config alone describes."""

import pytest
import torch

from evaluator.candidates import candidate
from nas_hydra.evaluator.trainer import build_trainer

TRAINER = candidate()["trainer"]


@pytest.fixture
def _flags_stay():
    benchmark = torch.backends.cudnn.benchmark
    yield
    torch.backends.cudnn.benchmark = benchmark


def test_each_training_has_a_trainer_of_its_own():
    first, second = build_trainer(TRAINER, parts=1), build_trainer(TRAINER, parts=1)
    first.fit_loop.max_epochs = 7
    first.callback_metrics["val_acc"] = torch.tensor(1.0)
    assert second.max_epochs == build_trainer(TRAINER, parts=1).max_epochs == 1
    assert not second.callback_metrics
    assert second.fit_loop.trainer is second
    assert second.strategy is not first.strategy


@pytest.mark.usefixtures("_flags_stay")
def test_flags_of_torch_are_those_of_the_config_also_when_others_were_trained_between():
    fast, plain = ({**TRAINER, "benchmark": chosen} for chosen in (True, False))
    for trainer in (fast, plain, fast, fast, plain):
        build_trainer(trainer, parts=1)
        assert torch.backends.cudnn.benchmark is trainer["benchmark"]


def test_micro_batches_are_added_up_to_the_batches_of_the_config():
    accumulating = {**TRAINER, "accumulate_grad_batches": 3}
    assert build_trainer(accumulating, parts=2).accumulate_grad_batches == 6
    assert build_trainer(TRAINER, parts=1).accumulate_grad_batches == 1
