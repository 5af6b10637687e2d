"""Stratified splits: complete, disjoint, with every class on both sides."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.errors import ConfigError


@given(st.lists(st.integers(0, 3), max_size=150), st.floats(0.2, 0.8), st.integers(0, 9))
def test_every_row_is_on_one_side_and_every_class_on_both(labels, size, seed):
    target = torch.tensor([*labels, *[0, 1, 2, 3] * 5])
    rest, chosen = Stratified().parted(target, size, seed, "key")
    assert sorted([*rest.tolist(), *chosen.tolist()]) == list(range(len(target)))
    for side in (rest, chosen):
        assert target[side].unique().tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "target", [torch.rand(9), torch.zeros(9, 127, dtype=torch.int64), {"a": torch.zeros(9)}]
)
def test_what_is_no_label_is_refused_in_short(target):
    with pytest.raises(ConfigError, match=r"^dataset\.split: is stratified, .*split=random$") as it:
        Stratified().parted(target, 0.2, 0, "key")
    assert len(str(it.value)) < 250
