"""The networks of DARTS."""

import pytest
import torch

from model.networks import parameters
from nas_hydra.model.darts import OPERATIONS, Darts, FactorizedReduce


def cell(*pairs):
    """From the paper's own notation: two (operation, input) pairs for each node."""
    found = zip(pairs[::2], pairs[1::2], strict=True)
    return [{"inputs": [a[1], b[1]], "operations": [a[0], b[0]]} for a, b in found]


DARTS_V2_NORMAL = cell(
    *(("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1)),
    *(("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2)),
)
DARTS_V2_REDUCTION = cell(
    *(("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1)),
    *(("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1)),
)


def test_the_papers_network_has_the_papers_parameters():
    """3.3 million (Liu et al. 2019, table 1); their code prints 3.349342 MB."""
    network = Darts(DARTS_V2_NORMAL, DARTS_V2_REDUCTION, 36, 20, in_channels=3, num_classes=10)
    assert parameters(network) == 3_349_342


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("size", [7, 8])
def test_every_operation_keeps_or_halves_the_resolution(operation, size):
    images = torch.zeros(2, 4, size, size)
    assert OPERATIONS[operation](4, 1)(images).shape == (2, 4, size, size)
    assert OPERATIONS[operation](4, 2)(images).shape == (2, 4, 4, 4)


def test_factorized_reduction_sees_every_other_diagonal_pixel():
    """On even images it is the paper's own: one half sees (0, 0), the other (1, 1)."""
    reduce, images = FactorizedReduce(3, 4).eval(), torch.randn(2, 3, 6, 6)
    both = [reduce.even(images.relu()), reduce.odd(images[:, :, 1:, 1:].relu())]
    assert torch.equal(reduce(images), reduce.norm(torch.cat(both, dim=1)))


@pytest.mark.parametrize("cells", [1, 2, 3, 5])
def test_any_number_of_cells_works(cells):
    network = Darts(DARTS_V2_NORMAL, DARTS_V2_REDUCTION, 4, cells, in_channels=1, num_classes=5)
    assert network(torch.zeros(2, 1, 13, 13)).shape == (2, 5)


def test_an_unknown_operation_is_named():
    broken = [{"inputs": [0, 1], "operations": ["sep_conv_3x3", "zero"]}]
    with pytest.raises(ValueError, match="'zero' is no operation here; allowed: 'skip_connect'"):
        Darts(broken, broken, 4, 1, in_channels=3, num_classes=5)
