"""Residual networks for series."""

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
from nas_hydra.model.resnet_1d import Block, ResNet1d


def network(*strides, width=4, kernels=(7, 5, 3), channels=1, classes=2):
    blocks = [{"width": width, "kernel_sizes": kernels, "stride": one} for one in strides]
    return ResNet1d(blocks, channels, classes)


def test_parameters_are_those_of_the_paper():
    """Kernels of 7 instead of 8."""
    blocks = [{"width": width, "kernel_sizes": [7, 5, 3], "stride": 1} for width in (64, 128, 128)]
    first = 7 * 64 + 5 * 64**2 + 3 * 64**2 + 64 + 4 * 2 * 64
    second = 7 * 64 * 128 + 5 * 128**2 + 3 * 128**2 + 64 * 128 + 4 * 2 * 128
    third = 7 * 128**2 + 5 * 128**2 + 3 * 128**2 + 4 * 2 * 128
    assert count_parameters(ResNet1d(blocks, 1, 3)) == first + second + third + 3 * 129


@pytest.mark.parametrize("length", [1, 6, 7])
def test_a_stride_halves_the_steps_and_their_mask(length):
    mask = torch.ones(2, 1, length, dtype=torch.bool)
    features, steps = Block(1, 4, [3], 2)(torch.randn(2, 1, length), mask)
    assert features.shape[2] == steps.shape[2] == -(-length // 2)


@given(length=st.integers(1, 12), channels=st.integers(1, 3), stride=st.integers(1, 2))
@settings(max_examples=10, deadline=None)
def test_any_series_will_do(length, channels, stride):
    one = network(stride, 2, 2, channels=channels)
    assert one(torch.randn(2, channels, length)).shape == (2, 2)


def test_what_is_padded_counts_nowhere():
    assert_what_is_padded_counts_nowhere(network(1, 2, 1, channels=2), 2)


def test_a_program_takes_any_number_of_rows():
    assert_a_program_takes_any_number_of_rows(network(1, 2, channels=2), 2)


def test_a_program_takes_any_length():
    assert_a_program_takes_any_length(network(1, 2, 2, channels=2), 2, least=5)


@pytest.mark.long
def test_onnx_takes_any_number_of_rows():
    assert_onnx_takes_any_number_of_rows(network(1, 2, channels=2), 2)
