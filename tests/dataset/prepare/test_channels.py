"""Standardised channels of rows of any shape."""

import hypothesis.strategies as st
import torch
from hypothesis import given

from nas_hydra.dataset.prepare.channels import StandardizeChannels
from nas_hydra.dataset.prepare.standardize import Standardize
from nas_hydra.dataset.tree import chunks


@given(shape=st.lists(st.integers(1, 4), min_size=1, max_size=3), size=st.integers(1, 9))
def test_channels_are_of_mean_0_and_deviation_1_however_they_are_cut(shape, size):
    rows = 5 + 3 * torch.randn(9, *shape, generator=torch.Generator().manual_seed(0))
    prepared = StandardizeChannels().fit(chunks(rows, size))(rows)
    each = prepared.movedim(1, 0).flatten(1)
    torch.testing.assert_close(each.mean(1), torch.zeros(shape[0]), atol=1e-4, rtol=0)
    torch.testing.assert_close(each.std(1), torch.ones(shape[0]), atol=1e-4, rtol=0)


def test_images_come_out_as_they_do_by_themselves():
    images = torch.rand(12, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    known = Standardize().fit([images])(images)
    torch.testing.assert_close(StandardizeChannels().fit([images])(images), known)


def test_whole_numbers_and_constant_channels_stay():
    tree = {"ids": torch.arange(8).view(4, 2), "x": torch.ones(4, 1), "flat": torch.ones(4)}
    prepared = StandardizeChannels().fit(chunks(tree, 3))(tree)
    assert torch.equal(prepared["ids"], tree["ids"])
    assert torch.equal(prepared["flat"], tree["flat"])
    assert not prepared["x"].any()
