"""Inception networks for series."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.series import (
    assert_a_program_takes_any_length,
    assert_a_program_takes_any_number_of_rows,
    assert_onnx_takes_any_number_of_rows,
    assert_what_is_padded_counts_nowhere,
)
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.model.inception_time import InceptionTime

BLOCK = {"filters": 2, "kernel_size": 9, "bottleneck": 3, "shortcut": True}


def network(*blocks, channels=1, classes=2):
    return InceptionTime([{**BLOCK, **block} for block in blocks], channels, classes)


def test_parameters_are_those_of_the_paper():
    """Six modules of 32 filters, bottleneck 32; of kernels 39, 19 and 9 instead of 40, 20, 10."""
    block = {"filters": 32, "kernel_size": 39, "bottleneck": 32, "shortcut": True}
    taps, out = 39 + 19 + 9, 4 * 32
    first = 32 * taps + 32 + 2 * out  # convolutions, the pooled branch, batch norm
    later = 5 * (out * 32 + 32 * 32 * taps + out * 32 + 2 * out)
    shortcuts = (out + 2 * out) + (out * out + 2 * out)
    expected = first + later + shortcuts + 2 * out + 2
    assert count_parameters(network(block, block)) == expected


@given(length=st.integers(1, 12), channels=st.integers(1, 3), shortcut=st.booleans())
@settings(max_examples=10, deadline=None)
def test_any_series_will_do(length, channels, shortcut):
    """Also one shorter than the kernels."""
    one = network({"shortcut": shortcut}, {"kernel_size": 2}, channels=channels, classes=3)
    assert one(torch.randn(2, channels, length)).shape == (2, 3)


def test_what_is_padded_counts_nowhere():
    assert_what_is_padded_counts_nowhere(network({}, {"shortcut": False}, channels=2), 2)


def test_a_program_takes_any_number_of_rows():
    assert_a_program_takes_any_number_of_rows(network({}, channels=2), 2)


def test_a_program_takes_any_length():
    assert_a_program_takes_any_length(network({}, channels=2), 2)


@pytest.mark.long
def test_onnx_takes_any_number_of_rows():
    assert_onnx_takes_any_number_of_rows(network({}, channels=2), 2)
