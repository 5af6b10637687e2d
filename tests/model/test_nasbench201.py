"""The networks of NAS-Bench-201."""

import pytest
import torch

from model.networks import parameters
from nas_hydra.model.nasbench201 import NasBench201, NasBench201Cell, Reduction

EDGES = ("edge_0_1", "edge_0_2", "edge_1_2", "edge_0_3", "edge_1_3", "edge_2_3")


def all_of(operation):
    return dict.fromkeys(EDGES, operation)


def test_the_benchmarks_parameters():
    """Counted from the description in the paper (Dong and Yang 2020): batch norm is affine."""
    cells = sum(5 * 6 * (9 * c * c + 2 * c) for c in (16, 32, 64))
    reductions = sum(9 * c * 2 * c + 4 * c + 9 * 4 * c * c + 4 * c + 2 * c * c for c in (16, 32))
    stem, last, linear = 9 * 3 * 16 + 2 * 16, 2 * 64, 65 * 10
    assert stem + cells + reductions + last + linear == 1_531_546
    assert parameters(NasBench201(all_of("nor_conv_3x3"), 16, 5, 3, 10)) == 1_531_546


@pytest.mark.parametrize("operation", ["none", "skip_connect", "avg_pool_3x3"])
def test_only_convolutions_have_parameters(operation):
    convolutions = 5 * 6 * sum(c * c + 2 * c for c in (16, 32, 64))
    bare = parameters(NasBench201(all_of(operation), 16, 5, 3, 10))
    assert parameters(NasBench201(all_of("nor_conv_1x1"), 16, 5, 3, 10)) == bare + convolutions


def test_a_node_is_the_sum_of_its_edges():
    images = torch.randn(2, 4, 5, 5)
    assert torch.equal(NasBench201Cell(all_of("skip_connect"), 4)(images), 4 * images)
    assert torch.equal(NasBench201Cell(all_of("none"), 4)(images), torch.zeros_like(images))


def test_pooling_does_not_count_the_padding():
    ones = torch.ones(1, 1, 4, 4)
    pooled = NasBench201Cell(all_of("none") | {"edge_0_3": "avg_pool_3x3"}, 1)(ones)
    assert torch.allclose(pooled, ones)


def test_cells_of_one_canonical_form_compute_the_same():
    direct = NasBench201Cell(all_of("none") | {"edge_0_3": "nor_conv_3x3"}, 4)
    around = NasBench201Cell(
        all_of("none") | {"edge_0_1": "skip_connect", "edge_1_3": "nor_conv_3x3"}, 4
    )
    around.edges["edge_1_3"].load_state_dict(direct.edges["edge_0_3"].state_dict())
    images = torch.randn(2, 4, 6, 6)
    assert torch.equal(direct(images), around(images))


@pytest.mark.parametrize(("size", "half"), [(8, 4), (7, 4), (1, 1)])
def test_between_stages_the_resolution_is_halved(size, half):
    assert Reduction(4, 8).eval()(torch.zeros(2, 4, size, size)).shape == (2, 8, half, half)


def test_an_unknown_operation_is_named():
    with pytest.raises(ValueError, match=r"'nor_conv_3x2' is no operation here.*nor_conv_3x3"):
        NasBench201Cell(all_of("nor_conv_3x2"), 4)
