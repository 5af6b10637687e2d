"""Budgets through the command: what ends a search is said, and a larger one goes on."""

import json
from pathlib import Path

import pytest

from command import nas_hydra, rows

FUNCTION = """
def value(config):
    return {"loss": (config["x"] - 0.4) ** 2}
"""
SPACE = "search_space.model={x:{_float_:{low:0,high:1}}}"
WORDS = (
    *("evaluator=function", "evaluator.function=budget_own.value", "objective.loss=minimize"),
    *("engine=serial", "tracker=none", "hydra.run.dir=run", SPACE),
)


@pytest.fixture
def search(monkeypatch, tmp_path, own_modules, capsys):
    """The exit code of a search, and what it told."""
    Path("budget_own.py").write_text(FUNCTION)

    def run(*words: str) -> tuple[int, str]:
        code = nas_hydra(monkeypatch, *WORDS, *words)
        return code, capsys.readouterr().err

    return run


def summary() -> dict:
    return json.loads(Path("run/summary.json").read_text())


def test_patience_ends_a_search_of_any_number_of_trials(search):
    code, told = search("budget.trials=null", "budget.seconds=60", "budget.patience=4")
    assert code == 0
    assert ": 60 seconds, 1 genes" in told
    assert "budget.patience: the last 4 trials are no better" in told
    assert summary()["ended"] == "budget.patience"
    assert summary()["exhausted"] is False
    assert "ended by its budget.patience" in Path("run/report.html").read_text()
    table = rows(Path("run"))
    again = search("budget.trials=null", "budget.seconds=60", "budget.patience=4")
    assert "is finished already" in again[1]
    code, _ = search("budget.trials=null", "budget.seconds=60", "budget.patience=7")
    assert code == 0
    assert rows(Path("run"))[: len(table)] == table
    assert len(rows(Path("run"))) > len(table)


def test_seconds_end_a_search_and_its_resumption_does_not_end_before_it(search):
    words = ("budget.trials=null", "budget.seconds=0.2", "report=false")
    assert search(*words)[0] == 0
    table = rows(Path("run"))
    assert summary()["ended"] == "budget.seconds"
    Path("run/summary.json").unlink()
    assert search(*words)[0] == 0
    assert rows(Path("run"))[: len(table)] == table


def test_all_that_was_asked_for_is_no_news(search):
    code, told = search("budget.trials=3", "budget.seconds=60")
    assert code == 0
    assert "budget." not in told
    assert summary()["ended"] == "budget.trials"


MISTAKES = {
    "no end": (["budget.trials=null"], ["budget.trials: is null", "'budget.epochs'"]),
    "patience alone": (
        ["budget.trials=null", "budget.patience=3"],
        ["budget.trials: is null", "'budget.seconds'"],
    ),
    "no seconds": (["budget.seconds=0"], ["budget.seconds: is 0", "greater than 0"]),
    "no patience": (["budget.patience=0"], ["budget.patience: is 0"]),
    "regret in words": (["budget.regret=little"], ["budget.regret", "little"]),
    "misspelt": (["+budget.second=3"], ["budget.second", "did you mean 'seconds'?"]),
    "regret without a surrogate": (
        ["budget.regret=0.1"],
        ["budget.regret: needs a strategy with a surrogate", "strategy=surrogate_evolution"],
    ),
    "epochs that nobody counts": (
        ["budget.epochs=5"],
        ["budget.epochs: needs an evaluator that says how many epochs it trains"],
    ),
    "finalists that cannot go on": (
        ["finalists.number=2"],
        ["finalists.number: needs an evaluator that can end a training and go on with it"],
    ),
    "no such start": (["finalists.start=again"], ["finalists.start: is 'again'", "'go_on'"]),
    "no number of finalists": (["finalists.number=-1"], ["finalists.number: is -1"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_message_and_nothing_is_evaluated(name, search):
    words, parts = MISTAKES[name]
    code, told = search(*words)
    assert code == 2
    assert [part for part in parts if part not in told] == []
    assert len(told.strip().splitlines()) <= 3
    assert not Path("run/journal.log").exists()
