"""U-Nets."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from nas_hydra.model.unet import UNet

LEVEL = {"convs": 1, "kernel": 3}


@settings(max_examples=12)
@given(
    size=st.tuples(st.integers(1, 21), st.integers(1, 21)),
    depth=st.integers(1, 3),
    norm=st.sampled_from(["batch", "group", "none"]),
    up=st.sampled_from(["transposed", "bilinear"]),
    skip=st.sampled_from(["concat", "add", "none"]),
)
def test_every_pixel_of_an_image_of_any_size_gets_its_logits(size, depth, norm, up, skip):
    network = UNet([LEVEL] * depth, 4, norm, up, skip, in_channels=2, num_classes=3).eval()
    assert network(torch.zeros(2, 2, *size)).shape == (2, 3, *size)


def test_a_pixel_is_told_from_its_neighbour_by_the_skips_alone():
    """What the coarse view has lost comes back by the way across."""
    image = torch.zeros(1, 1, 16, 16)
    image[..., 4, 4] = 9.0
    for skip, differs in (("concat", True), ("add", True), ("none", False)):
        torch.manual_seed(0)
        network = UNet([{"convs": 1, "kernel": 1}] * 2, 8, "none", "bilinear", skip, 1, 2).eval()
        change = (network(image) - network(torch.zeros_like(image))).abs().sum(1)[0]
        own, row = float(change[4, 4]), change[4, 5:8].mean()
        assert (own > 3 * float(row)) is differs, skip


def test_the_papers_network_has_as_many_parameters_as_it_is_known_for():
    """31 million with 64 channels, four levels of two convolutions, and one class more."""
    network = UNet([{"convs": 2, "kernel": 3}] * 4, 64, "none", "transposed", "concat", 1, 2)
    assert sum(one.numel() for one in network.parameters()) == 31_030_658


def test_what_it_does_not_know_is_named():
    with pytest.raises(ValueError, match=r"'conkat' is no operation here; allowed: "):
        UNet([LEVEL], 8, "batch", "bilinear", "conkat", 1, 2)
