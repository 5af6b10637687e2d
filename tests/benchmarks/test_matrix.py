"""Every case is run once, and an interrupted matrix ends as an uninterrupted one."""

from dataclasses import replace

import pytest
from efficiency.config import digest, settings
from efficiency.matrix import PerStrategy, Results, attempt, cases, measure, read

from benchmark_runs import run

SEEDS = PerStrategy(range(2), {})
SMALL = (["random", "evolution"], ["numbers_synthetic"], SEEDS, [1, 2], PerStrategy(12, {}))


def timeless(runs):
    return {one.case: replace(one, seconds=0, late=0) for one in runs.values()}


def test_a_run_outlives_its_process_as_it_was(tmp_path):
    one = run("any", "any", 3, (1, 0.1, 0.25), (7, 1 / 3, -2.0))
    Results(tmp_path / "new" / "runs.jsonl").add(one)
    assert Results(tmp_path / "new" / "runs.jsonl").runs == {one.case: one}
    assert read(one.line()) == one


@pytest.mark.long
def test_an_interrupted_matrix_ends_as_an_uninterrupted_one(tmp_path):
    wanted = cases(*SMALL)
    assert len(wanted) == 8
    whole = Results(tmp_path / "whole.jsonl")
    assert measure(wanted, whole, workers=2) == []
    lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    file = tmp_path / "torn.jsonl"
    file.write_text("".join(lines[:3]) + lines[3][:50])
    resumed = Results(file)
    assert len(resumed.runs) == 3
    assert measure(wanted, resumed, workers=1) == []
    assert timeless(resumed.runs) == timeless(whole.runs)
    assert timeless(Results(file).runs) == timeless(whole.runs)
    before = file.read_text()
    measure(wanted, Results(file), workers=1)
    assert file.read_text() == before


def test_forgetting_leaves_the_others(tmp_path):
    results = Results(tmp_path / "runs.jsonl")
    ours, others = run("ours", "any", 0, (1, 1, 1)), run("others", "any", 0, (1, 1, 1))
    results.add(ours)
    results.add(others)
    results.forget([ours.case])
    assert list(Results(tmp_path / "runs.jsonl").runs) == [others.case]


def test_other_settings_are_other_cases():
    name = "regularized_evolution"
    assert digest(name, 1, 300) != digest(f"{name} strategy.population_size=7", 1, 300)
    assert settings(f"{name} strategy.population_size=7", 0, 1, 300)["population_size"] == 7
    assert settings("tpe", 5, 1, 300)["seed"] == 5
    with pytest.raises(ValueError, match=r"there is no strategy=evolutoin; allowed: .*evolution"):
        settings("evolutoin", 0, 1, 300)
    with pytest.raises(ValueError, match="a comparison starts from nothing"):
        settings("random strategy.initial=some.csv", 0, 1, 300)


def test_seeds_and_budget_of_one_strategy():
    seeds, budget = PerStrategy(range(3), {"random": range(1)}), PerStrategy(30, {"random": 9})
    found = cases(["evolution", "random"], ["numbers_synthetic"], seeds, [1], budget)
    told = [(case.strategy, case.seed, case.budget) for case in found]
    assert told == [
        *(("evolution", 0, 30), ("random", 0, 9)),
        *(("evolution", 1, 30), ("evolution", 2, 30)),
    ]


def test_a_strategy_that_does_not_fit_ends_no_others(tmp_path):
    few = (PerStrategy(range(1), {}), [1], PerStrategy(5, {}))
    fails, fits = cases(["cmaes", "random"], ["darts_synthetic"], *few)
    assert "ConfigError: normal_2_first" in attempt(fails)
    assert attempt(fits).evaluations == 5
