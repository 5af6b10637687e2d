"""The networks of NAS-Bench-101."""

from itertools import combinations

import pytest
import torch

from model.networks import parameters
from nas_hydra.cell.nasbench101 import Graph
from nas_hydra.model.nasbench101 import NasBench101, NasBench101Cell

INCEPTION = {(0, 1), (0, 2), (0, 3), (0, 5), (1, 6), (2, 6), (3, 4), (4, 6), (5, 6)}


def cell(edges, *operations):
    return {
        **{f"edge_{i}_{j}": int((i, j) in edges) for i, j in combinations(range(7), 2)},
        **{f"vertex_{i}": name for i, name in enumerate(operations, start=1)},
    }


def inception():
    return cell(INCEPTION, "conv1x1", "conv3x3", "conv3x3", "conv3x3", "maxpool3x3")


def test_the_benchmarks_parameters():
    """What the benchmark's own notebook prints for its inception-like cell."""
    assert parameters(NasBench101(inception(), 128, 3, 3, 3, 10)) == 2_694_282


def test_what_is_pruned_has_no_parameters():
    small = cell({(0, 1), (1, 6)}, *["conv3x3"] * 5)
    dead = cell({(0, 1), (1, 6), (0, 2), (2, 3), (4, 6), (4, 5)}, *["conv3x3"] * 5)
    networks = [NasBench101(one, 8, 2, 1, 3, 10) for one in (small, dead)]
    assert parameters(networks[0]) == parameters(networks[1])


def test_the_input_is_projected_and_added_to_the_output():
    images = torch.randn(2, 3, 4, 4)
    only = NasBench101Cell(Graph((), ((0, 1),)), 3, 8)
    assert torch.equal(only(images), only.projections["1"](images))
    both = NasBench101Cell(Graph(("conv1x1",), ((0, 1), (0, 2), (1, 2))), 3, 8).eval()
    inner = both.vertices[0](both.projections["1"](images))
    assert torch.equal(both(images), inner + both.projections["2"](images))


def test_vertices_are_put_side_by_side_and_cut_to_width():
    """Vertex 1 has 4 of the 7 channels, vertex 2 has 3: it takes 3 of those 4."""
    graph = Graph(("maxpool3x3", "maxpool3x3"), ((0, 1), (1, 2), (1, 3), (2, 3)))
    one = NasBench101Cell(graph, 3, 7).eval()
    images = torch.randn(2, 3, 4, 4)
    first = one.vertices[0](one.projections["1"](images))
    second = one.vertices[1](first[:, :3])
    assert torch.equal(one(images), torch.cat([first, second], dim=1))


def test_a_cell_without_a_way_cannot_be_built():
    with pytest.raises(ValueError, match="no way leads"):
        NasBench101(cell({(0, 1), (2, 6)}, *["conv1x1"] * 5), 8, 1, 1, 3, 10)
