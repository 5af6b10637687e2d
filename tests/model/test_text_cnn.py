"""Convolutional networks for texts."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from nas_hydra.evaluator.build import count_parameters
from nas_hydra.model.text_cnn import TextCnn


def network(kernels=(1, 3, 5)):
    torch.manual_seed(0)
    return TextCnn(20, 8, list(kernels), 6, 4).eval()


def test_parameters_are_those_of_the_paper():
    """Kim 2014: vectors of words, one convolution for each kernel, one layer of all maxima."""
    wanted = 20 * 8 + sum(6 * (8 * kernel + 1) for kernel in (1, 3, 5)) + 4 * (3 * 6 + 1)
    assert count_parameters(network()) == wanted


@given(
    texts=st.lists(st.lists(st.integers(1, 19), max_size=7), min_size=1, max_size=4),
    more=st.integers(0, 9),
)
def test_what_stands_behind_an_end_changes_nothing(texts, more):
    rows = [torch.tensor(text + [0] * (7 - len(text)), dtype=torch.int64) for text in texts]
    ids = torch.stack(rows)
    padded = torch.nn.functional.pad(ids, (0, more))
    torch.testing.assert_close(network()(padded), network()(ids))


def test_order_matters_to_wide_kernels_only():
    ids, turned = torch.tensor([[3, 4, 5, 6]]), torch.tensor([[6, 5, 4, 3]])
    assert torch.allclose(network([1])(ids), network([1])(turned))
    assert not torch.allclose(network([3])(ids), network([3])(turned))


@pytest.mark.parametrize("kernels", [[], [3, 4]])
def test_kernels_must_be_odd(kernels):
    with pytest.raises(ValueError, match="must be odd, and one at least"):
        network(kernels)
