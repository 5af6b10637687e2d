"""The best that a trial of a search in a table could have."""

import math
import os
from pathlib import Path

import pytest

from evaluator.tables import ACC, MIXED, SIMPLE, TWO, evaluator, found, grid, space_of, write
from nas_hydra.objective import Limit, Objective, Objectives
from nas_hydra.search_space import Hooks


@pytest.fixture
def table(tmp_path) -> str:
    return write(tmp_path / "table.csv", grid())


def test_of_each_objective_in_its_direction(table):
    made = evaluator(table, space_of(TWO), value=["acc", "cost"])
    both = Objectives((Objective("acc", "maximize"), Objective("cost", "minimize")))
    assert made.optimum(space_of(TWO), both) == {"acc": 0.9, "cost": 10.0}


def test_rows_outside_of_the_space_do_not_count(table):
    narrow = space_of({**SIMPLE, "width": {"_choice_": [1, 3], "_name_": "width"}})
    assert evaluator(table, narrow).optimum(narrow, ACC) == {"acc": 0.8}


def test_rows_that_break_a_constraint_do_not_count(table):
    limited = space_of(
        TWO,
        Hooks(feasible=lambda config, constraints: config["model"]["op"] == "pool"),
        constraints=[{"_target_": "some.constraint"}],
    )
    assert evaluator(table, limited).optimum(limited, ACC) == {"acc": 0.8}


def test_it_is_unknown_where_constraints_refuse_whatever_is_good(table, monkeypatch):
    monkeypatch.setattr("nas_hydra.evaluator.tabular.MOST_REFUSED", 2)
    refusing = Hooks(feasible=lambda config, constraints: config["model"]["width"] == 3)
    limited = space_of(TWO, refusing, constraints=[{"_target_": "some.constraint"}])
    assert evaluator(table, limited).optimum(limited, ACC) == {}


def test_rows_that_break_a_limit_do_not_count(table):
    made = evaluator(table, space_of(TWO), report=["cost"])
    cheap = Objectives(ACC.optimised, (Limit("cost", at_most=15),))
    assert made.optimum(space_of(TWO), cheap) == {"acc": 0.8}
    free = Objectives(ACC.optimised, (Limit("cost", at_most=5),))
    assert made.optimum(space_of(TWO), free) == {}


def test_rows_without_a_number_do_not_count(tmp_path):
    rows = [*grid()[:3], {**grid()[3], "acc": math.inf}, {**grid()[4], "acc": None}]
    made = evaluator(write(tmp_path / "t.csv", rows), space_of(TWO), missing="fail")
    assert made.optimum(space_of(TWO), ACC) == {"acc": 0.9}
    assert math.isnan(found(made, op="pool", width=2)["acc"])


def test_rows_that_decide_inactive_genes_do_not_count(tmp_path):
    space = space_of({"pool": MIXED["pool"]})
    pool = "search_space.model.pool"
    rows = [
        {pool: "no", "size": None, "acc": 1},
        {pool: "no", "size": 3, "acc": 9},
        {pool: "yes", "size": None, "acc": 8},
        {pool: "yes", "size": 2, "acc": 2},
    ]
    made = evaluator(write(tmp_path / "t.csv", rows), space)
    assert made.optimum(space, ACC) == {"acc": 2.0}


def test_the_optima_of_nasbench201_are_those_published():
    shared = Path(__file__).parents[2] / os.environ.get("NAS_HYDRA_SHARED", "../shared")
    file = shared / "data/nasbench201.csv.gz"
    if not file.is_file():
        pytest.skip(f"needs {file}; NAS_HYDRA_SHARED says where the folder is")
    best = {"cifar10_val_12": 84.892, "cifar10_test_200": 94.3733, "cifar100_val_12": 61.32}
    edges = [f"edge_{edge}" for edge in ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3")]
    operations = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    space = space_of({edge: {"_choice_": operations, "_name_": edge} for edge in edges})
    made = evaluator(str(file), space, value=list(best))
    objectives = Objectives(tuple(Objective(name, "maximize") for name in best))
    assert made.optimum(space, objectives) == best
    assert found(made, **dict.fromkeys(edges, "none"))["cifar10_test_200"] == 10.0
