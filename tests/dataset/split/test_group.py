"""Splits by group: none is on two sides."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.split.group import Group
from nas_hydra.errors import ConfigError


@given(st.lists(st.integers(-1, 9), min_size=10, max_size=80), st.integers(0, 9))
def test_no_group_is_on_two_sides(groups, seed):
    groups = torch.tensor([0, 1, *groups])
    rest, chosen = Group().parted(groups, 0.3, seed, "key")
    assert sorted([*rest.tolist(), *chosen.tolist()]) == list(range(len(groups)))
    assert min(len(rest), len(chosen)) > 0
    assert not set(groups[rest].tolist()) & set(groups[chosen].tolist())
    assert torch.equal(chosen, Group().parted(groups, 0.3, seed, "key")[1])


def test_the_share_is_one_of_rows_and_not_of_groups():
    groups = torch.cat([torch.zeros(500), torch.arange(1, 501)]).long()  # one has half of the rows
    for seed in range(5):
        _, chosen = Group().parted(groups, 0.2, seed, "key")
        assert abs(len(chosen) - 200) < 150


def test_what_is_drawn_is_so_many_rows():
    assert len(Group().drawn(torch.arange(50) // 5, 20, 0, "key")) == 20


def test_one_group_alone_is_told():
    with pytest.raises(ConfigError, match=r"dataset\.group: cannot be split by group: all of them"):
        Group().parted(torch.zeros(20).long(), 0.2, 0, "dataset.holdout")
