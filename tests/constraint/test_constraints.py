"""The constraints that come along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.constraint import AtMost, Candidate, Divisible, MaxFlops, MaxParams

NOBODY = Candidate({})
LINEAR = Candidate(
    {
        "model": {"_target_": "torch.nn.Linear", "in_features": 8, "out_features": 10},
        "dataset": {"input_shape": [1, 8, 8], "num_classes": 10},
    }
)


@given(st.integers(-50, 50), st.integers(1, 20))
def test_multiples_and_only_they_are_divisible(number, by):
    assert Divisible(number * by, by)(NOBODY)
    assert Divisible(number, by)(NOBODY) == (number in range(-50 * by, 51 * by, by))


@given(st.integers(), st.integers())
def test_a_number_at_most_a_limit(value, limit):
    assert AtMost(value, limit)(NOBODY) == (value <= limit)


@given(st.lists(st.booleans(), max_size=21), st.integers(0, 21))
def test_a_list_of_edges_is_counted(edges, limit):
    assert AtMost(edges, limit)(NOBODY) == (edges.count(True) <= limit)
    assert AtMost([int(edge) for edge in edges], limit)(NOBODY) == (edges.count(True) <= limit)


@pytest.mark.parametrize(
    ("value", "total"),
    [
        ([[0, 1, 1], [0, 0, 1]], 3),
        ({"stages": [{"depth": 2, "width": 8}, {"depth": 3}]}, 13),
        ([1, "conv3x3", None, 0.5], 1.5),
        ([], 0),
    ],
)
def test_numbers_are_summed_wherever_they_stand(value, total):
    assert AtMost(value, total)(NOBODY)
    assert not AtMost(value, total - 0.25)(NOBODY)


def test_parameters():
    assert MaxParams(90)(LINEAR)
    assert not MaxParams(89)(LINEAR)


def test_flops():
    """8 rows of 8 pixels, each to 10 features."""
    assert MaxFlops(2 * 8 * 8 * 10)(LINEAR)
    assert not MaxFlops(2 * 8 * 8 * 10 - 1)(LINEAR)
