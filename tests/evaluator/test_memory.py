"""A candidate that a GPU has no memory for: once more, alone, with half of the batch."""

import logging
import multiprocessing

import pytest
import torch
from torch import nn

from evaluator.test_train import candidate
from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.fit import gpu_lock
from nas_hydra.evaluator.train import TrainEvaluator


class Greedy(nn.Module):
    """A linear network without memory for more than ``most`` images in training."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.linear, self.most = nn.Linear(64, 10), most

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training and len(images) > self.most:
            raise torch.OutOfMemoryError(f"no memory for {len(images)} images")
        return self.linear(images.flatten(1))


def greedy(most: int) -> dict:
    return candidate(model={"_target_": f"{__name__}.Greedy", "most": most})


def test_half_the_batch_twice_is_the_whole_batch(tmp_path, caplog):
    """The network has no batch norm, so that micro-batches give the same gradients."""
    whole = TrainEvaluator(seed=0).evaluate(greedy(16), 0, tmp_path / "whole")
    assert "once more" not in caplog.text
    with caplog.at_level(logging.WARNING):
        cut = TrainEvaluator(seed=0).evaluate(greedy(8), 0, tmp_path / "cut")
    assert "once more alone and with batches cut in two" in caplog.text
    assert cut.metrics == pytest.approx(whole.metrics, rel=1e-3)
    for one, other in zip(
        *(torch.load(tmp_path / name).values() for name in ("whole", "cut")), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    "trainer",
    [
        {},
        {"accumulate_grad_batches": 3},
        {"limit_train_batches": 4, "limit_val_batches": 1},
        {"max_epochs": 2, "val_check_interval": 4, "num_sanity_val_steps": 1},
    ],
    ids=str,
)
def test_batches_cut_unevenly_train_as_whole_ones(trainer, tmp_path):
    """Of 15 images, halves of 8 and 7; an epoch's last step may be of fewer batches."""
    found = []
    for most in (15, 8):
        one = greedy(most)
        one["dataset"] = {**one["dataset"], "batch_size": 15}
        one["trainer"] = {**one["trainer"], **trainer}
        weights = tmp_path / str(most)
        curves = TrainEvaluator(seed=0).evaluate(one, 0, weights).curves
        found.append((curves, torch.load(weights).values()))
    (whole, one), (cut, other) = found
    assert cut.keys() == whole.keys()
    assert all(cut[name] == pytest.approx(whole[name], rel=1e-3) for name in whole)
    assert all(torch.allclose(*both, atol=1e-5) for both in zip(one, other, strict=True))


def test_a_batch_of_one_image_is_not_cut(tmp_path):
    one = greedy(0)
    one["dataset"] = {**one["dataset"], "batch_size": 1}
    with pytest.raises(CandidateError, match=r"out of memory, also alone .*no memory for 1 images"):
        TrainEvaluator(seed=0).evaluate(one, 0, tmp_path / "weights")


def test_a_candidate_too_large_for_half_a_batch_fails_with_the_reason(tmp_path):
    with pytest.raises(CandidateError, match=r"out of memory, also alone .*no memory for 8 images"):
        TrainEvaluator(seed=0).evaluate(greedy(7), 0, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def hold(name: str, alone: bool, order, label: str) -> None:
    with gpu_lock(name, alone):
        order.put(label)


@pytest.mark.parametrize("alone", [True, False])
def test_alone_is_alone(tmp_path, monkeypatch, alone):
    """One of the two that want the GPU at the same time wants it alone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    context = multiprocessing.get_context("fork")
    order = context.SimpleQueue()
    with gpu_lock("gpu", alone):
        other = context.Process(target=hold, args=("gpu", not alone, order, "other"))
        other.start()
        other.join(timeout=0.5)  # it would be through, were it not kept waiting
        order.put("first")
    other.join()
    assert [order.get(), order.get()] == ["first", "other"]


def test_others_share(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    context = multiprocessing.get_context("fork")
    order = context.SimpleQueue()
    with gpu_lock("gpu", alone=False):
        other = context.Process(target=hold, args=("gpu", False, order, "other"))
        other.start()
        other.join()  # would hang if it had to wait
    assert order.get() == "other"
