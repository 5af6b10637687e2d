"""What is known of the cells of NAS-Bench-201."""

import csv
import gzip
import json
import os
from itertools import product
from pathlib import Path
from statistics import fmean, pstdev

import pytest

from nas_hydra.cell.nasbench201 import canonical, describe

EDGES = ("edge_0_1", "edge_0_2", "edge_1_2", "edge_0_3", "edge_1_3", "edge_2_3")
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
REPOSITORY = Path(__file__).parents[2]


def model(*operations, channels=16):
    return {"cell": dict(zip(EDGES, operations, strict=True)), "channels": channels}


def form(*operations):
    return json.dumps(canonical(model(*operations)), sort_keys=True)


def test_of_all_cells_6466_are_different():
    """The number that Dong and Yang (2020) give."""
    assert len({form(*cell) for cell in product(OPERATIONS, repeat=6)}) == 6466


def test_a_skip_is_what_it_copies():
    through_node_1 = form("skip_connect", "none", "none", "none", "nor_conv_3x3", "none")
    direct = form("none", "none", "none", "nor_conv_3x3", "none", "none")
    assert through_node_1 == direct


def test_an_operation_on_nothing_is_nothing():
    conv_of_zero = form("none", "none", "nor_conv_3x3", "skip_connect", "none", "none")
    assert conv_of_zero == form("none", "none", "none", "skip_connect", "none", "none")


def test_sums_have_no_order():
    first = form("skip_connect", "none", "none", "nor_conv_3x3", "avg_pool_3x3", "none")
    assert first == form("skip_connect", "none", "none", "avg_pool_3x3", "nor_conv_3x3", "none")


def test_two_convolutions_are_not_one():
    twice = form("skip_connect", "none", "none", "nor_conv_3x3", "nor_conv_3x3", "none")
    assert twice != form("none", "none", "none", "nor_conv_3x3", "none", "none")


def test_other_settings_of_the_model_count():
    cell = ["skip_connect"] * 6
    assert canonical(model(*cell)) != canonical(model(*cell, channels=32))


def test_cells_of_one_form_are_equally_accurate_in_the_benchmark():
    """Retraining one cell gives accuracies about as far apart as those of one form are."""
    shared = REPOSITORY / os.environ.get("NAS_HYDRA_SHARED", "../shared")
    table = shared / "data/nasbench201.csv.gz"
    if not table.is_file():
        pytest.skip(f"needs {table}; NAS_HYDRA_SHARED says where the folder is")
    groups: dict[str, list[float]] = {}
    with gzip.open(table, "rt") as stream:
        for row in csv.DictReader(stream):
            key = form(*(row[edge] for edge in EDGES))
            groups.setdefault(key, []).append(float(row["cifar10_test_200"]))
    assert len(groups) == 6466
    within = [x - fmean(group) for group in groups.values() if len(group) > 1 for x in group]
    assert fmean(x * x for x in within) ** 0.5 < 0.25  # points of per cent
    assert pstdev(x for group in groups.values() for x in group) > 10


def features(*operations):
    return describe(model(*operations))["paths"]


def test_there_are_84_paths():
    assert len(features(*["none"] * 6)) == 4 + 16 + 64
    assert sum(features(*["none"] * 6)) == 0


def test_paths_by_hand():
    # 0 -> 3 by a skip; 0 -> 1 -> 2 -> 3 by conv 1x1, conv 3x3, pooling; 0 -> 1 -> 3 leads nowhere
    found = features(
        *("nor_conv_1x1", "none", "nor_conv_3x3", "skip_connect", "none", "avg_pool_3x3")
    )
    order = ["skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    long = 16 * order.index("nor_conv_1x1") + 4 * order.index("nor_conv_3x3")
    expected = {order.index("skip_connect"), 4 + 16 + long + order.index("avg_pool_3x3")}
    assert {place for place, there in enumerate(found) if there} == expected


def test_dead_edges_are_in_no_view():
    """Node 1 leads nowhere, so what leads to it does not matter."""
    one = ("nor_conv_3x3", "skip_connect", "none", "none", "none", "nor_conv_1x1")
    other = ("avg_pool_3x3", *one[1:])
    assert describe(model(*one)) == describe(model(*other))
    assert describe(model(*one))["operations"] == [1, 1, 0, 0]
