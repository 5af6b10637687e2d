"""Splits by time: nothing that is measured on is older than what is trained on."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.split.time import Time
from nas_hydra.errors import ConfigError


@given(st.lists(st.integers(0, 20), min_size=4, max_size=60), st.floats(0.05, 0.95))
def test_what_is_chosen_is_later_than_all_else(times, size):
    times = torch.tensor([*times, 30, -1], dtype=torch.float64)
    rest, chosen = Time().parted(times, size, 0, "key")
    assert sorted([*rest.tolist(), *chosen.tolist()]) == list(range(len(times)))
    assert float(times[rest].max()) < float(times[chosen].min())


def test_the_share_is_kept_and_the_seed_changes_nothing():
    times = torch.randperm(100, generator=torch.Generator().manual_seed(0)).double()
    _, chosen = Time().parted(times, 0.2, 0, "key")
    assert times[chosen].sort().values.tolist() == list(range(80, 100))
    assert torch.equal(chosen, Time().parted(times, 0.2, 1, "key")[1])
    assert len(Time().drawn(times, 30, 0, "key")) == 30


def test_one_time_alone_is_told():
    with pytest.raises(ConfigError, match=r"dataset\.time: cannot split rows: all of them have"):
        Time().parted(torch.ones(20).double(), 0.2, 0, "dataset.holdout")
