"""What a candidate costs, measured on demand: latency, flops, memory."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from evaluator.candidates import candidate
from evaluator.test_gate import NeedsValues, named
from nas_hydra.constraint import Candidate
from nas_hydra.dataset import Example
from nas_hydra.dataset.digits import Digits
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.final import FinalEvaluator
from nas_hydra.evaluator.footprint import footprint
from nas_hydra.evaluator.latency import Latency
from nas_hydra.evaluator.meta_network import MetaNetwork
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.search_space import SearchSpace
from networks import meta, two

FEW = Latency(batch_size=1, warmup=1, repeats=3)


class Watched(nn.Linear):
    """Notes how it is used."""

    seen: ClassVar[list[tuple[bool, bool, tuple[int, ...], torch.dtype]]] = []

    def __init__(self) -> None:
        super().__init__(64, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = super().forward(images.flatten(1))
        timed = torch.is_inference_mode_enabled()
        self.seen.append((self.training, timed, tuple(images.shape), logits.dtype))
        return logits


@pytest.fixture
def weights(tmp_path):
    return tmp_path / "weights.ckpt"


def test_a_larger_network_takes_longer():
    latency = Latency(batch_size=2, warmup=2, repeats=15)
    images = latency.batch(two(16, 32, 32), torch.device("cpu"))
    small, large = nn.Conv2d(16, 1, 1), nn.Sequential(*[nn.Conv2d(16, 16, 5, padding=2)] * 8)
    assert 0 < latency(small, images) < latency(large, images) < 1e4


def test_passes_are_of_one_batch_in_evaluation_mode():
    Watched.seen.clear()
    latency = Latency(batch_size=4, warmup=2, repeats=3)
    latency(Watched(), latency.batch(two(1, 8, 8), torch.device("cpu")))
    assert Watched.seen == [(False, True, (4, 1, 8, 8), torch.float32)] * 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 0}, r"evaluator\.latency\.batch_size: is 0; at least 1"),
        ({"warmup": -1}, r"evaluator\.latency\.warmup: is -1; at least 0"),
        ({"repeats": 0}, r"evaluator\.latency\.repeats: is 0; at least 1"),
    ],
)
def test_sizes_out_of_range_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        Latency(**{"batch_size": 1, "warmup": 1, "repeats": 1, **change})


def test_what_is_asked_for_is_measured_in_its_unit(weights):
    evaluator = TrainEvaluator(seed=0, measure=["flops", "latency", "memory"], latency=FEW)
    given = candidate()
    found = evaluator.evaluate(given, 0, weights).metrics
    assert set(found) == set(evaluator.metrics)
    assert found["flops"] == Candidate(given).flops == 2 * (8 * 9 * 64 + 8 * 10)
    needed = footprint(
        MetaNetwork(given["model"], two(1, 8, 8)).bare, meta(16, 1, 8, 8), given["optimizer"]
    )
    assert found["memory"] == needed.bytes
    assert 0 < found["latency"] < 1e4


def test_nothing_is_measured_that_nobody_asks_for(weights, monkeypatch):
    monkeypatch.setattr(Latency, "__call__", lambda *_: pytest.fail("measured"))
    evaluator = TrainEvaluator(seed=0, measure=["val_acc", "params"], latency=FEW)
    assert not {"flops", "latency", "memory"} & {*evaluator.metrics}
    evaluator.evaluate(candidate(), 0, weights)


def test_measuring_changes_no_training(weights):
    plain = TrainEvaluator(seed=0).evaluate(candidate(), 0, weights).metrics
    evaluator = TrainEvaluator(seed=0, measure=["flops", "latency", "memory"], latency=FEW)
    assert plain.items() <= evaluator.evaluate(candidate(), 0, weights).metrics.items()


def test_costs_are_measured_here_also_where_the_store_knows_the_training(
    weights, tmp_path, monkeypatch
):
    """A latency that another machine has put into the store would be no measurement."""
    store = str(tmp_path / "store")
    plain = TrainEvaluator(seed=0, store=store).evaluate(candidate(), 0, weights)
    here = TrainEvaluator(seed=0, store=store, measure=["latency", "memory"], latency=FEW)
    monkeypatch.setattr(Latency, "__call__", lambda *_: 12.5)
    found = here.evaluate(candidate(), 0, weights)
    assert found.source is not None  # from the store
    assert found.metrics["latency"] == 12.5
    assert plain.metrics.items() <= found.metrics.items()
    for file in (tmp_path / "store").rglob("*.json"):
        assert "latency" not in file.read_text()


def test_what_cannot_be_told_is_not_trained(weights):
    evaluator = TrainEvaluator(seed=0, measure=["memory"])
    with pytest.raises(CandidateError, match="memory cannot be told"):
        evaluator.evaluate(candidate(model=named(NeedsValues)), 0, weights)
    assert not weights.exists()


def test_a_half_precision_trainer_is_timed_in_half_precision(weights):
    Watched.seen.clear()
    trainer = {**candidate()["trainer"], "precision": "bf16-mixed"}
    evaluator = TrainEvaluator(seed=0, measure=["latency"], latency=FEW)
    evaluator.evaluate(candidate(trainer=trainer, model=named(Watched)), 0, weights)
    timed = [dtype for _, timed, _, dtype in Watched.seen if timed]
    assert timed[:4] == [torch.bfloat16] * 4


def test_only_a_run_that_measures_latency_belongs_to_a_machine():
    assert TrainEvaluator(seed=0, measure=["flops"]).machine is None
    assert TrainEvaluator(seed=0, measure=["latency"], latency=FEW).machine


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (["latncy"], r"evaluator\.measure: names 'latncy', .*did you mean 'latency'"),
        (["latency"], r"evaluator\.latency: is missing"),
    ],
)
def test_what_cannot_be_measured_is_named(measure, message):
    with pytest.raises(ConfigError, match=message):
        TrainEvaluator(seed=0, measure=measure).prepare(SearchSpace(OmegaConf.create({}), {}))


def test_the_latency_of_a_winner_is_that_of_its_own_stage(tmp_path):
    evaluator = TrainEvaluator(seed=0, measure=["latency"], latency=FEW)
    final = FinalEvaluator(evaluator, monitored=False)
    given = candidate(dataset={**candidate()["dataset"], "_target_": f"{__name__}.Loading"})
    assert final.evaluate(given, 0, tmp_path / "weights").metrics["latency"] > 0


@dataclass(frozen=True, kw_only=True)
class Loading(Digits):
    """Has to load its rows before it can show two of them."""

    @property
    def example(self) -> Example:
        return Example(*self.train[torch.tensor([0, 1])])


@pytest.mark.parametrize(
    ("trainer", "rows"),
    [
        ({"max_epochs": 1}, lambda data: data.rows),
        ({"max_epochs": 5}, lambda data: 5 * data.rows),
        ({"max_epochs": -1, "max_steps": 7}, lambda data: 7 * data.batch_size),
        ({"max_epochs": 1, "max_steps": 10_000}, lambda data: data.rows),
        ({"max_epochs": 2, "limit_train_batches": 3}, lambda data: 6 * data.batch_size),
        ({"max_epochs": 2, "limit_train_batches": 0.5}, lambda data: data.rows),
    ],
    ids=["one", "five", "steps", "few steps", "batches", "half"],
)
def test_a_training_costs_what_its_rows_take(trainer, rows):
    evaluator = TrainEvaluator(seed=0)
    one = evaluator.prepared(candidate(trainer={**candidate()["trainer"], **trainer}))
    assert evaluator.cost(one, "flops") == one.meta_network.flops * rows(one.data)
    assert evaluator.cost(one, "params") == one.meta_network.params


def test_a_training_of_slower_networks_costs_more(monkeypatch):
    evaluator = TrainEvaluator(seed=0, latency=Latency(batch_size=4, warmup=0, repeats=1))
    monkeypatch.setattr(Latency, "__call__", lambda *_: 12.0)
    one = evaluator.prepared(candidate())
    assert evaluator.cost(one, "latency") == 3.0 * one.data.rows * one["trainer"]["max_epochs"]
