"""Residual networks for tables, and the first layer."""

import pytest
import torch

from model.tables import table
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.model.embedding import LinearEmbedding
from nas_hydra.model.tabular import FlatTable, TabResNet, canonical


def test_plain_numbers_and_one_hot_categories_stand_side_by_side():
    rows = table(2)
    flat = FlatTable(3, [3, 5])
    assert torch.equal(flat(rows)[:, :3], rows["numbers"])
    assert flat(rows)[:, 3:].sum(dim=1).tolist() == [2, 2]


@pytest.mark.parametrize("embedded", [False, True])
@pytest.mark.parametrize("category_width", [None, 4])
def test_the_width_is_that_of_what_comes_out(embedded, category_width):
    embedding = LinearEmbedding(3, 8) if embedded else None
    flat = FlatTable(3, [3, 5], embedding, category_width)
    assert flat(table()).shape == (6, flat.width)


def test_a_table_without_columns_is_refused():
    with pytest.raises(ValueError, match="neither numbers nor categories"):
        FlatTable(0, [])


def test_parameters_of_a_residual_network_by_hand():
    """In, a block of a batch norm and two layers, a batch norm, out."""
    network = TabResNet(FlatTable(3, []), 8, [{"factor": 2, "dropout": 0.1}], 5)
    block = 16 + (8 * 16 + 16) + (16 * 8 + 8)
    assert count_parameters(network) == (3 * 8 + 8) + block + 16 + (8 * 5 + 5)


def test_what_works_on_columns_that_are_not_there_is_not_part_of_a_network():
    flat = {"features": 0, "cardinalities": [3], "embedding": {"width": 8}, "category_width": 4}
    assert canonical({"_args_": [flat]}) == {"_args_": [{**flat, "embedding": None}]}
    assert canonical({**flat, "cardinalities": []})["category_width"] is None
    assert canonical({**flat, "features": 1})["embedding"] == {"width": 8}
