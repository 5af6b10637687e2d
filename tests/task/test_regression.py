"""Regression: what it learns does not depend on units, and what it measures is in the target's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from torch import nn
from torch.nn.functional import huber_loss, l1_loss, mse_loss
from torchmetrics.regression import MeanAbsolutePercentageError, PearsonCorrCoef

from command import SMALL, nas_hydra, rows
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.task.regression import Regression
from task.data import data

PLAIN = {"delta": 1.0, "quantiles": [0.1, 0.5, 0.9], "transform": None, "outputs": None}
SEEDS = st.integers(0, 2**16)


def regression(loss="mse", metrics=None, **changes):
    return Regression(loss=loss, metrics=metrics or {}, **{**PLAIN, **changes})


def drawn(seed, number=40, targets=1, scale=3.0, shift=50.0):
    """Standardised outputs, and targets with a shift and a scale."""
    generator = torch.Generator().manual_seed(seed)
    target = shift + scale * torch.randn(number, targets, generator=generator)
    return torch.randn(number, targets, generator=generator), target


def told(task, output):
    return task.last_layer()(output)


@given(SEEDS, st.sampled_from([1, 3]))
@settings(max_examples=20, deadline=None)
def test_scores_are_those_of_scikit_learn_in_the_targets_units(seed, targets):
    output, target = drawn(seed, targets=targets)
    task = regression().bound(data(target))
    found, point = task.score(output, target), told(task, output)
    assert float(found["rmse"]) == pytest.approx(
        metrics.root_mean_squared_error(target, point), rel=1e-4
    )
    assert float(found["mae"]) == pytest.approx(
        metrics.mean_absolute_error(target, point), rel=1e-4
    )
    assert float(found["r2"]) == pytest.approx(metrics.r2_score(target, point), rel=1e-3, abs=1e-3)


@given(SEEDS, st.sampled_from(["mean", "sum"]))
@settings(max_examples=20, deadline=None)
def test_losses_are_those_of_torch_on_the_standardised_target(seed, reduction):
    output, target = drawn(seed)
    scaled = (target - target.mean()) / target.std(correction=0)
    for kind, loss in (
        ("mse", mse_loss),
        ("mae", l1_loss),
        ("huber", lambda *pair, **how: huber_loss(*pair, delta=0.5, **how)),
    ):
        task = regression(kind, delta=0.5).bound(data(target[:, 0]))
        found = task.loss(output, target[:, 0], reduction)
        torch.testing.assert_close(found, loss(output, scaled, reduction=reduction))


@given(SEEDS, st.floats(0.01, 0.99))
@settings(max_examples=20, deadline=None)
def test_the_quantile_loss_is_scikit_learns_pinball(seed, level):
    output, target = drawn(seed)
    scaled = (target - target.mean()) / target.std(correction=0)
    task = regression("quantile", quantiles=[level]).bound(data(target))
    wanted = metrics.mean_pinball_loss(scaled, output, alpha=level)
    assert float(task.loss(output, target)) == pytest.approx(wanted, rel=1e-4)


@given(SEEDS, st.floats(1e-3, 1e3), st.floats(-100, 100))
@settings(max_examples=20, deadline=None)
def test_a_target_in_other_units_is_learned_just_as_well(seed, factor, shift):
    output, target = drawn(seed, shift=0.0)
    other = target * factor + shift * factor
    one, same = regression().bound(data(target)), regression().bound(data(other))
    assert float(same.loss(output, other)) == pytest.approx(
        float(one.loss(output, target)), rel=1e-3
    )
    expected = told(one, output) * factor + shift * factor
    torch.testing.assert_close(told(same, output), expected, rtol=1e-3, atol=1e-3 * factor)


def test_a_logarithm_is_undone_in_what_is_told_and_measured():
    target = torch.tensor([1.0, 10.0, 100.0, 1000.0])
    task = regression(transform="log").bound(data(target))
    logs = target.log()
    right = ((logs - logs.mean()) / logs.std(correction=0))[:, None]
    torch.testing.assert_close(told(task, right)[:, 0], target)
    assert float(task.loss(right, target)) == pytest.approx(0, abs=1e-10)
    with pytest.raises(ConfigError, match="takes targets above 0, and the smallest is -1"):
        regression(transform="log").bound(data(target, torch.tensor([3.0, -1.0])))


@pytest.mark.parametrize("changes", [{}, {"transform": "log"}, {"loss": "quantile"}])
def test_numbers_in_the_targets_units_have_an_output(changes):
    _, target = drawn(0, targets=2)
    task = regression(**changes).bound(data(target))
    found = task.score(task.output_of(target), target)
    assert float(found["rmse"]) == pytest.approx(0, abs=1e-3)
    if changes.get("transform"):
        assert task.output_of(-target).isfinite().all()


def test_quantiles_are_told_in_order_and_the_middle_one_is_measured():
    target = torch.arange(8.0)
    task = regression("quantile").bound(data(target))
    output = torch.tensor([[0.5, 0.1, -0.3]]).repeat(8, 1)
    found = told(task, output)
    assert (found.diff(dim=1) > 0).all()
    middle = 0.1 * target.std(correction=0) + target.mean()
    assert float(task.score(output, target)["mae"]) == pytest.approx(
        float((target - middle).abs().mean())
    )
    wide = torch.tensor([[-9.0, 0.0, 9.0]]).repeat(8, 1)
    assert task.report(wide, target).figures["test_coverage"] == 1
    assert task.facts(None)["task"]["outputs"] == ["target q0.1", "target q0.5", "target q0.9"]


def test_what_a_folder_says_of_the_task_is_enough_to_answer():
    output, target = drawn(0, targets=2)
    task = regression().bound(data(target, target_names=["height", "weight"]))
    again = regression().restored(task.facts(None))
    torch.testing.assert_close(told(again, output), told(task, output))
    assert again.title("12") == "A regression network for 'height', 'weight' with 12 parameters"


def test_a_report_has_intervals_around_its_figures_and_residuals_of_each_target():
    output, target = drawn(3, number=200, targets=2)
    task = regression().bound(data(target, target_names=["a", "b"]))
    report, again = task.report(output, target), task.report(output, target)
    assert report == again
    for name in ("rmse", "mae", "r2"):
        low, high = report.figures[f"test_{name}_interval"]
        assert low < report.figures[f"test_{name}"] < high
    residuals = np.quantile((told(task, output) - target)[:, 1], 0.95)
    assert report.parts["targets"]["b"]["residuals"]["0.95"] == pytest.approx(residuals, rel=1e-4)
    assert report.found("houses").startswith("has an rmse of ")
    assert "bootstrap" in report.sentence("houses")


def test_own_metrics_are_in_the_targets_units_and_know_their_direction():
    output, target = drawn(1)
    task = regression(metrics={"mape": MeanAbsolutePercentageError()}).bound(data(target[:, 0]))
    wanted = metrics.mean_absolute_percentage_error(target, told(task, output))
    for _ in range(2):  # one validation knows nothing of another
        found = float(task.score(output, target[:, 0])["mape"])
        assert found == pytest.approx(wanted, rel=1e-4)
    assert task.directions["val_mape"] == "minimize"
    assert "test_mape" in task.report(output, target[:, 0]).figures


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"loss": "msa"}, "task.loss: is 'msa'; allowed: 'mse', .*did you mean"),
        ({"loss": "huber", "delta": 0.0}, "task.delta: is 0.0; it must be above 0"),
        ({"loss": "quantile", "quantiles": [0.5, 1.0]}, "task.quantiles: .*below 1"),
        ({"loss": "quantile", "quantiles": []}, "task.quantiles: is "),
        ({"transform": "ln"}, "task.transform: is 'ln'; allowed: null, 'log'"),
        ({"metrics": {"p": PearsonCorrCoef()}}, "task.metrics.p: .*higher_is_better = True"),
        ({"metrics": {"mae": MeanAbsolutePercentageError()}}, "task.metrics.mae: .*already"),
        ({"metrics": {"x": nn.Identity()}}, "task.metrics.x: gives a Identity"),
    ],
)
def test_settings_without_a_meaning_are_refused(changes, wanted):
    with pytest.raises(ConfigError, match=wanted):
        regression(**changes)


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (torch.tensor([1.0, float("nan"), 2.0]), "no finite numbers: 1 of 3, the first in row 1"),
        (torch.ones(4), r"nothing to learn from: its target is \[1.0\]"),
        (torch.ones(4, 2, 2), "numbers are float32"),
        ({"a": torch.ones(4)}, "numbers are float32"),
    ],
)
def test_targets_that_are_no_numbers_are_refused(target, wanted):
    with pytest.raises(ConfigError, match=wanted):
        regression().bound(data(target))


def test_another_number_of_outputs_is_refused_with_the_one_that_is_needed():
    target = torch.arange(4.0)
    with pytest.raises(ConfigError, match=r"task.outputs: is 3; .*so that 1 is needed"):
        regression(outputs=3).bound(data(target))
    task = regression().bound(data(target))
    for output in (torch.zeros(4, 10), torch.zeros(4), torch.zeros(4, 1, dtype=torch.int64), {}):
        with pytest.raises(CandidateError, match=r"\(4, 1\) are needed|not a tensor of numbers"):
            task.check(output, target)
    task.check(torch.zeros(4, 1), target)


def test_how_many_outputs_there_are_follows_from_the_data():
    quantile = {"loss": "quantile", "quantiles": [0.1, 0.9], "outputs": None}
    assert Regression.found(quantile, {"num_targets": 3}) == {"outputs": 6}
    assert Regression.found({**quantile, "loss": "mae"}, {}) == {"outputs": 1}
    assert Regression.found({**quantile, "outputs": 4}, {"num_targets": 3}) == {}


def test_a_search_for_numbers(monkeypatch):
    words = ("task=regression", "search_space=mlp", "hydra.run.dir=run", "budget.trials=2")
    loss = "task.loss={_choice_:[mse,mae],_name_:loss}"
    assert nas_hydra(monkeypatch, *SMALL, *words, loss) == 0
    for row in rows(Path("run")):
        assert {"val_rmse", "val_mae", "val_r2", "loss"} <= row.keys()
        assert 0 < float(row["val_mae"]) <= float(row["val_rmse"])
