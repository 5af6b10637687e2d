"""What the report says follows from the runs, and the command makes all of it."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from efficiency.figures import Figures
from efficiency.goals import goals
from efficiency.markdown import markdown
from efficiency.report import conditions, plain
from efficiency.task import COLUMNS, column, table_file

from benchmark_runs import run

COMMAND = Path(__file__).parents[2] / "benchmarks" / "search_efficiency.py"
SEEDS = range(20)
FLAGSHIP = "surrogate_evolution"


@pytest.fixture
def table():
    file = table_file()
    if not file.exists():
        pytest.skip(f"needs {file}; NAS_HYDRA_SHARED says where the folder is")
    return file


def finds(strategy, evaluation, task, seed, **changes):
    """A run that finds the optimum at an evaluation, or never."""
    best = column(task).optimum
    found = [(evaluation, best, 70.0)] if math.isfinite(evaluation) else []
    return run(strategy, task, seed, (1, best - 3, 60.0), *found, **changes)


def columns(flagship, tpe, evolution, pending=1):
    """Runs of three strategies on every column; each is called with the seed."""
    strategies = {FLAGSHIP: flagship, "tpe": tpe, "regularized_evolution": evolution}
    return [
        finds(strategy, evaluations(seed), task, seed, pending=pending)
        for strategy, evaluations in strategies.items()
        for task in COLUMNS
        for seed in SEEDS
    ]


def verdicts(runs):
    return {goal.what: goal.reached for goal in goals(Figures(runs, ["tpe"]))}


def ends(verdicts, text):
    (found,) = [reached for what, reached in verdicts.items() if text in what]
    return found


def test_goals_are_judged_by_the_runs(table):
    good = verdicts(columns(lambda s: 10 + s // 2, lambda s: 100 + s, lambda s: 90 + s))
    assert ends(good, "median seed") is True
    assert ends(good, "nine seeds in ten") is True
    assert ends(good, "every seed") is True
    assert ends(good, "the best Optuna sampler") is True
    assert ends(good, "than regularized_evolution") is True
    assert ends(good, "ahead of every Optuna sampler") is None  # nothing synthetic was run
    slow = verdicts(columns(lambda s: 40 + 7 * s, lambda s: 200 + s, lambda s: 90 + s))
    assert ends(slow, "median seed") is False
    assert ends(slow, "nine seeds in ten") is False
    assert ends(slow, "every seed") is False
    assert ends(slow, "than regularized_evolution") is False


def test_one_seed_that_never_arrives_is_one_too_many(table):
    never = {3: math.inf}
    found = verdicts(columns(lambda s: never.get(s, 10), lambda s: 100, lambda s: 100))
    assert ends(found, "every seed") is False
    assert ends(found, "nine seeds in ten") is True


def test_four_times_fewer_by_chance_is_not_reached(table):
    """A median that is far ahead does not count where nearly as many seeds are far behind."""
    runs = columns(lambda s: 10 if s < 11 else 250, lambda s: 60, lambda s: 60)
    found = verdicts(runs)
    assert ends(found, "than regularized_evolution") is False
    assert {test.effect for test in Figures(runs, ["tpe"]).flagship_sooner} == {6}


def test_pending_trials_have_limits_of_their_own(table):
    runs = columns(lambda s: 25, lambda s: 200 + s, lambda s: 200 + s, pending=8)
    found = verdicts(runs)
    assert ends(found, "8 pending: median seed at the optimum within 30") is True
    assert not any("1 pending" in what for what in found)


def test_what_late_results_cost_is_a_goal(table):
    def with_eight(evaluations):
        runs = columns(lambda s: 20, lambda s: 200, lambda s: 200)
        runs += columns(lambda s: evaluations, lambda s: 200, lambda s: 200, pending=8)
        return ends(verdicts(runs), "at most 1.5 times")

    assert with_eight(30) is True
    assert with_eight(31) is False


def test_ratios_say_when_a_median_is_beyond_the_budget(table):
    figures = Figures(columns(lambda s: 20, lambda s: math.inf, lambda s: 80), ["tpe"])
    found = {
        (test.strategy, test.reference): (test.bound, test.effect)
        for test in figures.against_baselines
        if test.task == COLUMNS[0]
    }
    assert found[FLAGSHIP, "regularized_evolution"] == ("", 4)
    assert found[FLAGSHIP, "tpe"] == (">", 301 / 20)
    assert found["tpe", "regularized_evolution"] == ("<", 80 / 301)
    assert ("tpe", "tpe") not in found


def synthetic(strategy, best, seed, **changes):
    return run(strategy, "darts_synthetic", seed, (1, 0.0, 0.0), (60, best, best), **changes)


def test_the_flagship_is_compared_on_the_large_space():
    lead = [synthetic(FLAGSHIP, 5 + s / 100, s, late=90.0) for s in SEEDS]
    lead += [synthetic("tpe", 4 + s / 50, s) for s in SEEDS]
    figures = Figures(lead, ["tpe"])
    found = verdicts(lead)
    assert ends(found, "ahead of every Optuna sampler") is True
    assert ends(found, "at most 100 ms") is True
    assert ends(found, "the best Optuna sampler") is None
    hundred, _ = figures.flagship_better
    assert hundred.effect == pytest.approx(1 - 0.095)
    assert hundred.p == pytest.approx(2 * 2 / 2**20)  # all in one direction; two tests
    behind = [synthetic(FLAGSHIP, 3, s, late=110.0) for s in SEEDS] + lead[len(SEEDS) :]
    assert ends(verdicts(behind), "ahead of every Optuna sampler") is False
    assert ends(verdicts(behind), "at most 100 ms") is False


def test_rows_name_their_seeds_and_few_evaluations_compare_at_what_both_have(table):
    runs = columns(lambda s: 20, lambda s: 200, lambda s: 80)
    runs += [finds("gp", 60, task, seed, budget=100) for task in COLUMNS for seed in range(5)]
    figures = Figures(runs, ["tpe", "gp"])
    text = markdown(figures, goals(figures), ["conditions"])
    assert "| gp | 5 | 60 | 60 | 60 | 0.00 | 0.00 |  |  |" in text
    assert f"| {FLAGSHIP} | 20 | 20 | 20 | 20 | 1.00 | 1.00 | 1.00 | 1.00 |" in text
    (test,) = [
        test
        for test in figures.against_baselines
        if (test.strategy, test.reference, test.task) == ("gp", "tpe", COLUMNS[0])
    ]
    assert (test.seeds, test.bound, test.effect) == (5, ">", 101 / 60)


def test_the_protocol_reports_the_incumbents_test_accuracy(table):
    figures = Figures(columns(lambda s: 150, lambda s: 20, lambda s: 400), ["tpe"])
    key = (1, "cifar10_val_12")
    assert figures.protocol[*key, FLAGSHIP] == {100: (60, 0), 300: (70, 0)}
    assert figures.protocol[*key, "tpe"] == {100: (70, 0), 300: (70, 0)}


def test_the_report_says_what_is_missing_or_mixed():
    runs = [run("tpe", "darts_synthetic", seed, (1, 0, 0), code=f"c{seed}") for seed in range(2)]
    runs += [run("random", "darts_synthetic", seed, (1, 0, 0)) for seed in range(2)]
    absent = run("cmaes", "darts_synthetic", 0, (1, 0, 0)).case
    told = "\n".join(conditions(runs, [*(one.case for one in runs), absent], "the command"))
    assert "`the command`" in told
    assert "more than one state of the code: tpe." in told
    assert "No run was finished of cmaes on darts_synthetic (1 pending)." in told


def test_json_has_no_infinity():
    assert json.dumps(plain({1: [math.inf, math.nan, 1 / 3]})) == '{"1": [null, null, 0.33333]}'


@pytest.mark.long
def test_the_command_measures_resumes_and_reports(table, tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs the extra [bench]")
    runs, output = tmp_path / "runs.jsonl", tmp_path / "results"

    def command(*arguments):
        where = ["--runs", str(runs), "--output", str(output)]
        what = ["--quick", "--strategies", "random,evolution strategy.population_size=4"]
        tasks = ["--tasks", "cifar10_val_12,numbers_synthetic", "--pending", "1"]
        typed = [sys.executable, str(COMMAND), *what, *tasks, *where, *arguments]
        return subprocess.run(typed, check=True, capture_output=True, text=True).stdout

    assert "12 runs, 12 of them to do" in command("--workers", "2")
    before = runs.read_text()
    printed = command("--report-only")
    assert runs.read_text() == before
    assert printed.endswith((output / "search_efficiency.md").read_text() + "\n")
    data = json.loads((output / "search_efficiency.json").read_text())
    labels = ["random", "evolution strategy.population_size=4"]
    assert [row["strategy"] for row in data["reach"]] == labels
    assert [len(row["regret"]) for row in data["curves"]] == [len(data["points"])] * 2
    picture = (output / "search_efficiency.png").read_bytes()
    assert int.from_bytes(picture[16:20], "big") == 900  # pixels wide
    assert "12 runs, 12 of them to do" in command("--fresh", "--seeds", "0:3")
