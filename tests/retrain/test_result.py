"""Means, spreads and intervals over seeds, against what statisticians' tables say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.candidates import candidate
from nas_hydra.document.markdown import content
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.objective import Objective
from nas_hydra.retrain.training import nearest_in_size, size, with_baseline
from nas_hydra.retrain.verdict import NetworkResult, compared, interval, spread, verdict
from nas_hydra.task.image_network import KNOWN
from nas_hydra.task.report import wilson


def test_three_values_and_students_t():
    found = spread([0.9, 0.92, 0.94])
    assert found.mean == pytest.approx(0.92)
    assert found.std == pytest.approx(0.02)
    half = 4.302653 * 0.02 / 3**0.5  # t with 2 degrees of freedom
    assert found.interval == pytest.approx((0.92 - half, 0.92 + half))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10))
def test_a_mean_lies_in_its_interval(values):
    found = spread(values)
    assert min(values) - 1e-6 <= found.mean <= max(values) + 1e-6
    if len(values) == 1:
        assert found.std is None
        assert found.interval is None
    else:
        low, high = found.interval
        assert low <= found.mean <= high


def test_the_interval_of_a_share():
    assert wilson(90, 100) == pytest.approx((0.8256, 0.9448), abs=1e-4)  # Newcombe 1998
    assert wilson(100, 100)[1] == 1.0


def test_the_baseline_is_of_like_size():
    own = Prepared(candidate(), "search")
    sizes = {name: size(with_baseline(own, name)) for name in KNOWN}
    assert sizes["resnet18"] == 11_181_642
    assert own.task.baselines(own.example) == KNOWN
    assert nearest_in_size(own, KNOWN) == min(sizes, key=sizes.__getitem__)
    assert nearest_in_size(with_baseline(own, "resnet18"), KNOWN) == "resnet18"


SCORE = Objective("test_acc", "maximize")


def result(name: str, *values: float) -> NetworkResult:
    return NetworkResult("winner", name, {"test_acc": spread(values)}, 1.0, [])


def test_a_verdict_says_who_is_better_and_whether_that_may_be_chance():
    own, near = (
        result("trial 4", 0.93, 0.931, 0.932),
        result("a random candidate", 0.92, 0.93, 0.95),
    )
    far = result("torchvision's resnet18", 0.5, 0.501, 0.502)
    assert verdict([own, near, far], SCORE, ["acc"]) == (
        "Trial 4 has a test_acc of 93.10 %: a random candidate was better by 0.23 points (their"
        " intervals overlap, so that may be chance), and it beats torchvision's resnet18 by 43"
        " points (their intervals do not overlap)."
    )
    assert (
        verdict([own], SCORE, []) == "Trial 4 has a test_acc of 0.931; it is compared with nothing."
    )


def test_fewer_than_three_seeds_have_no_interval():
    two = [result("trial 4", 0.93, 0.95), result("a random candidate", 0.92, 0.9)]
    told = verdict(two, SCORE, ["acc"])
    assert told.endswith("by 3 points. With fewer than 3 seeds, that may be chance.")
    assert content(compared(two, ["acc"])).splitlines()[-1] == (
        "| a random candidate | 91.00 % ± 1.4 |"
    )


def test_an_interval_of_a_share_ends_at_all():
    assert interval(spread([0.99, 1.0, 0.97]), True)[1] == 1.0
    assert interval(spread([0.99, 1.0, 0.97]), False)[1] > 1.0


def reference(name: str, value: float) -> NetworkResult:
    return NetworkResult("reference", name, {"test_acc": spread([value] * 3)}, 1.0, [])


def test_of_simpler_methods_the_best_speaks_for_all():
    own = result("trial 4", 0.93, 0.931, 0.932)
    simpler = [reference("the best constant answer", 0.2), reference("a linear model", 0.95)]
    told = verdict([own, *simpler], SCORE, ["acc"])
    assert "a linear model was better by 1.9 points" in told
    assert "constant" not in told


def test_what_is_not_measured_of_a_simpler_method_has_not_failed():
    own = NetworkResult("winner", "trial 4", {"params": spread([7.0])}, 1.0, [])
    failed = NetworkResult("random", "a random candidate", {}, 1.0, ["diverged"])
    told = content(compared([own, failed, reference("a linear model", 0.9)], [])).splitlines()
    assert told[-2:] == ["| a random candidate | failed |", "| a linear model |  |"]
