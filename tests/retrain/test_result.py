"""Means, spreads and intervals over seeds, against what statisticians' tables say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.candidates import candidate
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.retrain.baseline import nearest_in_size, size, with_baseline
from nas_hydra.retrain.result import spread
from nas_hydra.task.report import wilson
from nas_hydra.task.torchvision import KNOWN


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
