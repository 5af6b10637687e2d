"""The benchmark of costs: what a search needs, and what is told of it."""

import math

import cost_table
import pytest
from cost_table import OURS, Cell, Search, Step, cells, goals, needed, ratio, read, run

FOUND = [Step(1, 3.0, 0.5), Step(4, 10.0, 0.04), Step(9, 30.0, 0.04)]


def test_what_is_needed_is_all_that_was_spent_until_then():
    assert needed(FOUND, 0.5) == 3.0
    assert needed(FOUND, 0.05) == 10.0
    assert needed(FOUND, 0.01) == math.inf


def test_medians_count_what_was_never_reached():
    runs = {Search("mlp_car", OURS, seed): FOUND for seed in range(2)}
    runs[Search("mlp_car", OURS, 2)] = [Step(7, 50.0, 0.9)]
    by_within = {cell.within: cell for cell in cells(runs)}
    assert (by_within[0.05].cost, by_within[0.05].unreached) == (10.0, 1)
    assert (by_within[0.01].cost, by_within[0.01].unreached) == (math.inf, 3)


@pytest.fixture
def budget(monkeypatch):
    class Known:
        budget = 100.0

    monkeypatch.setattr(cost_table, "table", lambda name: Known)


@pytest.mark.usefixtures("budget")
def test_a_ratio_is_of_the_budget_where_a_rival_never_was_there():
    def cell(method, cost):
        return Cell("mlp_car", method, 0.05, 3, cost, 0, 9)

    assert ratio([cell("tpe", 40.0), cell(OURS, 10.0)], "mlp_car", "tpe", 0.05) == 4.0
    assert ratio([cell("tpe", math.inf), cell(OURS, 10.0)], "mlp_car", "tpe", 0.05) == 10.0
    assert ratio([cell("tpe", math.inf), cell(OURS, math.inf)], "mlp_car", "tpe", 0.05) is None
    assert ratio([cell("tpe", 40.0)], "mlp_car", "tpe", 0.05) is None
    (line,) = goals([cell("tpe", 5.0), cell(OURS, 10.0)])
    assert "more than 1.1 times slower on mlp_car" in line


def test_finished_searches_are_kept(monkeypatch, tmp_path):
    class Here:
        def __init__(self, workers): ...
        def __enter__(self):
            return self

        def __exit__(self, *_): ...

        map = staticmethod(map)

    monkeypatch.setattr(cost_table, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(cost_table, "steps", lambda search: FOUND)
    wanted = [Search("mlp_car", OURS, seed) for seed in range(2)]
    run(wanted, tmp_path / "runs" / "found.jsonl", workers=1)
    assert read(tmp_path / "runs" / "found.jsonl") == dict.fromkeys(wanted, FOUND)
