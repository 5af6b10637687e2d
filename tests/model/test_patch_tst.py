"""Transformers on patches of series."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.series import (
    assert_a_program_takes_any_number_of_rows,
    assert_onnx_takes_any_number_of_rows,
    assert_what_is_padded_counts_nowhere,
    settled,
)
from nas_hydra.model.patch_tst import PatchTst

BLOCK = {"ffn": 2, "dropout": 0.1}


def network(length=24, patch=4, stride=2, norm="batch", pool="mean", channels=1, **more):
    sizes = {"width": 8, "heads": 2, "blocks": [BLOCK, BLOCK], "num_classes": 3, **more}
    return PatchTst(length, patch, stride, norm=norm, pool=pool, in_channels=channels, **sizes)


@given(data=st.data(), length=st.integers(1, 20), channels=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_patches_cover_every_step(data, length, channels):
    """The last one too: another value there gives other logits."""
    patch = data.draw(st.integers(1, length))
    stride = data.draw(st.integers(1, patch))
    one = network(length, patch, stride, "layer", "flatten", channels).eval()
    series = torch.randn(2, channels, length)
    step = data.draw(st.integers(0, length - 1))
    other = series.clone()
    other[:, :, step] += 3
    with torch.no_grad():
        assert not torch.allclose(one(series), one(other), atol=1e-6)


def test_channels_know_nothing_of_each_other():
    """One network for all: channels that change places change only the last layer's inputs."""
    one = network(channels=2).eval()
    series = torch.randn(2, 2, 24)
    with torch.no_grad():
        weight = one.linear.weight.view(3, 2, 8)
        weight[:, 1] = weight[:, 0].clone()
        torch.testing.assert_close(one(series), one(series.flip(1)))


def test_patches_know_where_they_are():
    one = network(stride=4).eval()
    series = torch.randn(1, 1, 24)
    assert not torch.allclose(one(series), one(series.roll(4, dims=-1)), atol=1e-5)


@pytest.mark.parametrize("pool", ["mean", "flatten"])
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_what_is_padded_counts_nowhere(norm, pool):
    assert_what_is_padded_counts_nowhere(network(norm=norm, pool=pool, channels=2), 2)


def test_a_series_without_values_gives_numbers():
    """As a model's folder is tried with."""
    empty = {"series": torch.zeros(2, 1, 24), "mask": torch.zeros(2, 24, dtype=torch.bool)}
    assert settled(network(), empty)(empty).isfinite().all()


EXPORTED = [
    pytest.param("batch", "mean"),
    pytest.param("layer", "flatten", marks=pytest.mark.long),
]


@pytest.mark.parametrize(("norm", "pool"), EXPORTED)
def test_a_program_takes_any_number_of_rows(norm, pool):
    one = network(norm=norm, pool=pool, channels=2, stride=3)
    assert_a_program_takes_any_number_of_rows(one, 2)


@pytest.mark.long
@pytest.mark.parametrize(("norm", "pool"), EXPORTED)
def test_onnx_takes_any_number_of_rows(norm, pool):
    one = network(norm=norm, pool=pool, channels=2, stride=3)
    assert_onnx_takes_any_number_of_rows(one, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"patch": 25}, "stride 2, patch 25 and length 24 must ascend"),
        ({"stride": 5}, "stride 5, patch 4 and length 24 must ascend"),
        ({"heads": 3}, "heads 3 do not divide width 8"),
        ({"norm": "none"}, "'none' is no operation here; allowed: 'batch', 'layer'"),
        ({"pool": "max"}, "'max' is no operation here; allowed: 'mean', 'flatten'"),
    ],
)
def test_sizes_must_fit(given, said):
    with pytest.raises(ValueError, match=said):
        network(**given)
