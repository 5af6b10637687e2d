"""Strategies through the command: resumed, exhausted, swept, warm started."""

import csv
import json
import shutil
from itertools import product
from pathlib import Path

import pytest

from command import nas_hydra, rows

MINE = """# two numbers, 64 candidates
model:
  a: {_int_: {low: 0, high: 7}, _name_: a}
  b: {_int_: {low: 0, high: 7}, _name_: b}
"""
COMMON = (
    *("--config-dir", "mine", "search_space=numbers", "budget.trials=20"),
    *("tracker=none", "report=false"),
    *("evaluator=tabular", "evaluator.table=numbers.csv", "evaluator.value=acc"),
)
SETTINGS = {
    "random": (),
    "evolution": (),
    "regularized_evolution": (),
    "mu_comma_lambda": (),
    "nsga2": (),
    "local_search": (),
    "surrogate_evolution": (),
    "tpe": (),
    "gp": ("strategy.sampler.n_startup_trials=17",),
    "cmaes": (),
    "nsgaii_optuna": (),
    "random_optuna": (),
    "optuna": ("strategy.sampler._target_=optuna.samplers.QMCSampler",),
}


@pytest.fixture(autouse=True)
def numbers():
    """A table of all candidates, and the space that it is of."""
    Path("mine/search_space").mkdir(parents=True)
    Path("mine/search_space/numbers.yaml").write_text(MINE)
    with Path("numbers.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["a", "b", "acc"])
        table.writerows([a, b, 99 - (a - 5) ** 2 - (b - 2) ** 2] for a, b in pairs())


def pairs():
    return product(range(8), range(8))


@pytest.fixture
def search(monkeypatch):
    """A search in a folder; its summary."""

    def run(folder: str, *overrides: str) -> dict:
        assert nas_hydra(monkeypatch, *COMMON, f"hydra.run.dir={folder}", *overrides) == 0
        return json.loads(Path(folder, "summary.json").read_text())

    return run


def cut(whole: str, folder: str, trials: int) -> None:
    """What a search leaves that is killed while it writes its next trial after so many."""
    shutil.copytree(whole, folder)
    Path(folder, "summary.json").unlink()
    journal = Path(folder, "journal.log")
    lines = journal.read_bytes().splitlines(keepends=True)
    ends = [place for place, line in enumerate(lines) if b'"state"' in line]
    kept = b"".join(lines[: ends[trials]])
    journal.write_bytes(kept + lines[ends[trials]][:20])


@pytest.mark.long
@pytest.mark.parametrize("ahead", [pytest.param(1, marks=pytest.mark.long), 3])
@pytest.mark.parametrize("strategy", SETTINGS)
def test_a_killed_search_ends_as_an_uninterrupted_one(search, strategy, ahead):
    common = (f"strategy={strategy}", *SETTINGS[strategy], f"engine.ahead={ahead}")
    search("whole", *common)
    cut("whole", "killed", trials=13)
    search("killed", *common)
    assert len(rows(Path("whole"))) == 20
    assert rows(Path("killed")) == rows(Path("whole"))


@pytest.mark.long
def test_a_larger_budget_goes_on_with_the_founders_that_the_search_began_with(search):
    search("run", "strategy=regularized_evolution", "budget.trials=12")
    search("run", "strategy=regularized_evolution", "budget.trials=30")
    fixed = ("strategy=regularized_evolution", "strategy.founders=4")
    search("whole", *fixed, "budget.trials=30")
    assert rows(Path("run")) == rows(Path("whole"))
    assert [row["origin"] for row in rows(Path("run"))[:5]] == ["random"] * 4 + ["mutation"]


def test_a_search_that_never_gets_beyond_its_founders_says_so(search, capsys):
    search("run", "strategy=evolution", "strategy.founders=20")
    assert "strategy.founders is 20 and budget.trials 20, so every" in capsys.readouterr().err


@pytest.mark.parametrize(
    "strategy",
    [
        "random",
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in ("evolution", "local_search", "tpe")
        ),
    ],
)
def test_an_exhausted_space_ends_the_search_early_and_says_so(search, strategy, capsys):
    summary = search("run", f"strategy={strategy}", "budget.trials=100", "engine.ahead=4")
    assert summary["exhausted"]
    assert summary["trials"]["complete"] == 64
    assert summary["regret"] == {"acc": 0.0}
    assert "the search space is exhausted: no candidate is left after 64" in capsys.readouterr().err
    assert search("run", f"strategy={strategy}", "budget.trials=100", "engine.ahead=4") == summary
    assert "is finished already" in capsys.readouterr().err


def test_a_search_within_its_budget_is_not_exhausted(search):
    assert search("run")["exhausted"] is False


@pytest.mark.long
def test_parts_are_swept_from_the_command_line(monkeypatch):
    sweep = ("strategy=regularized_evolution", "strategy.population_size=10,12")
    parts = ("strategy/survivors=youngest,best", "strategy/parents=large_tournament,uniform")
    command = (*COMMON[:2], "-m", *COMMON[2:], "hydra.sweep.dir=sweep")
    assert nas_hydra(monkeypatch, *command, *sweep, *parts) == 0
    found = [rows(folder.parent) for folder in Path("sweep").glob("*/summary.json")]
    assert len(found) == 8
    assert {len(run) for run in found} == {20}
    assert len({str(run) for run in found}) > 4


def test_a_run_goes_on_from_another_without_evaluating_it_anew(search, capsys):
    search("first", "strategy=random")
    summary = search("second", "strategy=local_search", "strategy.initial=first")
    first, second = rows(Path("first")), rows(Path("second"))
    assert [row["key"] for row in second[:20]] == [row["key"] for row in first]
    assert {row["origin"] for row in second[:20]} == {"initial"}
    assert len(second) == 40
    assert len({row["key"] for row in second}) == 40
    best = max(first, key=lambda row: float(row["acc"]))
    assert second[20]["parents"] == best["number"]
    assert summary["trials"]["complete"] == 40
    printed = capsys.readouterr().err
    assert "20 trials of" in printed
    assert "known from trial 19 of" in printed


@pytest.mark.long
def test_a_warm_started_run_resumes(search):
    search("first", "strategy=random", "budget.trials=8")
    common = ("strategy=evolution", "strategy.initial=first", "engine.ahead=3")
    search("whole", *common)
    cut("whole", "killed", trials=12)
    search("killed", *common)
    assert rows(Path("killed")) == rows(Path("whole"))
    shutil.rmtree("killed")
    cut("whole", "killed", trials=4)
    search("killed", *common)
    assert rows(Path("killed")) == rows(Path("whole"))


@pytest.mark.parametrize("given", ["first/trials.csv", "[{a: 5, b: 1}, {a: 0, b: 0}]"])
def test_given_candidates_are_evaluated_first(search, given):
    search("first", "strategy=random", "budget.trials=2")
    search("run", "strategy=tpe", f"strategy.initial={given}")
    origins = [row["origin"] for row in rows(Path("run"))]
    assert origins == ["initial"] * 2 + ["sampler"] * 18


def test_a_candidate_outside_the_space_is_refused_by_gene_and_value(monkeypatch, capsys):
    wrong = ("strategy.initial=[{a: 1, b: 1}, {a: 8, b: 1}]", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *COMMON, *wrong) == 2
    assert (
        "error: strategy.initial: entry 2 is outside the space: a: is 8; it must be a whole number"
        " from 0 to 7" in capsys.readouterr().err
    )
    assert not Path("run/journal.log").exists()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ("strategy=optuna", "strategy.sampler._target_=optuna.samplers.TPE"),
            "did you mean 'TPESampler'?",
        ),
        (("strategy=optuna",), "strategy.sampler._target_: has no value yet"),
        (
            ("strategy=regularized_evolution", "strategy.population_size=5"),
            "strategy.population_size: is 5; parent selection draws 10 at a time",
        ),
        (
            ("strategy=evolution", "strategy.founders=0"),
            "strategy.founders: is 0; at least 1 is needed",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(monkeypatch, capsys, overrides, message):
    assert nas_hydra(monkeypatch, *COMMON, "hydra.run.dir=run", *overrides) == 2
    assert message in capsys.readouterr().err
