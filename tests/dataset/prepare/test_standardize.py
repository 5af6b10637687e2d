"""Standardised images: by the training split's mean and deviation, and no others'."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.prepare.standardize import Standardize


@given(st.integers(2, 40), st.integers(1, 4), st.integers(1, 50))
def test_each_channel_has_mean_0_and_deviation_1(number, channels, size):
    random = torch.Generator().manual_seed(number)
    images = (
        torch.rand(number, channels, 4, 4, generator=random)
        * torch.arange(1, channels + 1)[:, None, None]
    )
    fitted = Standardize().fit(torch.split(images, size))
    found = fitted(images)
    torch.testing.assert_close(found.mean((0, 2, 3)), torch.zeros(channels), atol=1e-4, rtol=0)
    torch.testing.assert_close(found.std((0, 2, 3)), torch.ones(channels), atol=1e-4, rtol=0)


def test_the_module_has_buffers_and_no_parameters():
    fitted = Standardize().fit([torch.rand(5, 3, 4, 4)])
    assert {name: tuple(one.shape) for name, one in fitted.state_dict().items()} == {
        "mean": (3, 1, 1),
        "std": (3, 1, 1),
    }
    assert not list(fitted.parameters())
    assert Standardize() == Standardize()
