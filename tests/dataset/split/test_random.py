"""Splits at random: complete and disjoint, whatever is to be told of the rows."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.split.random import Random
from nas_hydra.errors import ConfigError

SEEDS = st.integers(0, 9)


def targets(number: int) -> list:
    """Of a regression, of texts, and of two heads."""
    return [
        torch.rand(number),
        torch.randint(9, (number, 5)),
        {"age": torch.rand(number, 1), "kind": torch.arange(number)},
    ]


@given(st.integers(20, 200), st.floats(0.05, 0.95), SEEDS)
def test_every_row_is_on_one_side(number, size, seed):
    for target in targets(number):
        rest, chosen = Random().parted(target, size, seed, "key")
        assert sorted([*rest.tolist(), *chosen.tolist()]) == list(range(number))
        assert min(len(rest), len(chosen)) > 0
        again = Random().parted(target, size, seed, "key")
        assert torch.equal(rest, again[0])


@given(st.integers(10, 200), SEEDS)
def test_what_is_drawn_is_so_many_rows_and_keeps_a_given_share(number, seed):
    target, within = torch.rand(number), torch.arange(number) % 5 == 0
    drawn = Random().drawn(target, number // 2, seed, "key", within)
    assert len(drawn) == len(set(drawn.tolist())) == number // 2
    assert abs(int(within[drawn].sum()) - int(within.sum()) / 2) <= 1


def test_too_few_rows_are_told():
    with pytest.raises(ConfigError, match=r"key: is 0\.2, which 1 rows do not allow: "):
        Random().parted(torch.rand(1), 0.2, 0, "key")
