"""One store for several searches: each network is trained once."""

import json
from pathlib import Path

import optuna
import pytest
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from command import SMALL, nas_hydra, rows, start
from nas_hydra.evaluator.training import Training

STORED = (*SMALL, "evaluator.store=store", "budget.trials=5")
SWEEP = ("-m", *STORED, "hydra.sweep.dir=sweep", "seed=0")


@pytest.fixture
def trainings(monkeypatch):
    """The models that were really trained."""
    seen, evaluate = [], Training.evaluate

    def counted(self, candidate, repeat, weights):
        seen.append(json.dumps(candidate["model"]))
        return evaluate(self, candidate, repeat, weights)

    monkeypatch.setattr(Training, "evaluate", counted)
    return seen


def facts(folder: Path) -> list[dict]:
    """What the record says of each trial, in ask order."""
    storage = JournalStorage(JournalFileBackend(str(folder / "journal.log")))
    (study,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=study, storage=storage).trials
    return sorted((trial.user_attrs for trial in trials), key=lambda found: found["number"])


@pytest.mark.long
def test_a_sweep_of_strategies_trains_each_network_once(monkeypatch, trainings):
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=evolution,random") == 0
    folders = sorted(Path("sweep").glob("*-*"))
    keys = [{row["key"] for row in rows(folder)} for folder in folders]
    assert len(trainings) == len(set(trainings)) == len(keys[0] | keys[1])
    assert keys[0] & keys[1]  # the first candidates of both are drawn with the same seed
    first, second = ({fact["key"]: fact for fact in facts(folder)} for folder in folders)
    for key in keys[0] & keys[1]:
        assert first[key]["source"] is None
        number = first[key]["number"]
        assert second[key]["source"] == f"trial {number} of {folders[0].absolute()}"
        for name in ("seconds", "epochs", "metrics"):
            assert second[key][name] == first[key][name]


def test_a_search_out_of_the_store_ends_like_the_one_that_trained(monkeypatch, trainings, capsys):
    searches = [("hydra.run.dir=first",), ("hydra.run.dir=second",)]
    for search in searches:
        assert nas_hydra(monkeypatch, *STORED, *search) == 0
    assert len(trainings) == 5 - sum(fact["duplicate_of"] is not None for fact in facts_of("first"))
    printed = capsys.readouterr().err
    assert f"known from trial 0 of {Path('first').absolute()}" in printed
    assert rows(Path("first")) == rows(Path("second"))
    summaries = [json.loads(Path(name, "summary.json").read_text()) for name in ("first", "second")]
    assert summaries[0] == summaries[1]
    weights = [torch.load(f"{name}/best.ckpt", weights_only=True) for name in ("first", "second")]
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())
    assert "not trained again" in Path("second/nas-hydra.log").read_text()


def facts_of(name: str) -> list[dict]:
    return facts(Path(name))


@pytest.mark.long
def test_other_epochs_are_trained(monkeypatch, trainings):
    for epochs in (1, 2):
        words = ("strategy=random", f"hydra.run.dir=epochs{epochs}", f"trainer.max_epochs={epochs}")
        assert nas_hydra(monkeypatch, *STORED, *words) == 0
    assert len(trainings) == 2 * len(set(trainings))


@pytest.mark.long
def test_other_threads_are_another_evaluation(monkeypatch, trainings):
    for threads in (1, 2):
        folder = f"hydra.run.dir=threads{threads}"
        assert nas_hydra(monkeypatch, *STORED, folder, f"engine.threads={threads}") == 0
    assert len(trainings) == 2 * len(set(trainings))


@pytest.mark.long
def test_without_a_store_nothing_is_kept(monkeypatch, trainings):
    for name in ("first", "second"):
        overrides = ("evaluator.store=none", f"hydra.run.dir={name}")
        assert nas_hydra(monkeypatch, *STORED, *overrides) == 0
    assert len(trainings) == 2 * len(set(trainings))
    assert not Path("store").exists()
    assert not Path("none").exists()


def test_a_store_that_is_a_file_is_a_mistake(monkeypatch, capsys):
    Path("store").write_text("")
    assert nas_hydra(monkeypatch, *STORED) == 2
    assert "error: evaluator.store: is" in capsys.readouterr().err


@pytest.mark.long
def test_two_searches_at_a_time_share_a_store(monkeypatch):
    searches = [
        start(*STORED, f"hydra.run.dir={name}", "strategy=random") for name in ("one", "two")
    ]
    for search in searches:
        assert search.wait() == 0, search.stderr.read()
        search.stdout.close()
        search.stderr.close()
    assert rows(Path("one")) == rows(Path("two"))
    assert len(list(Path("store").glob("??/*.json"))) == len({r["key"] for r in rows(Path("one"))})
    assert not list(Path("store").rglob("*.new"))


@pytest.mark.long
def test_workers_use_the_store_and_the_gate(monkeypatch):
    pool = ("engine=processes", "engine.workers=2")
    for name in ("first", "second"):
        assert nas_hydra(monkeypatch, *STORED, *pool, f"hydra.run.dir={name}") == 0
    assert all(
        fact["source"] or fact["duplicate_of"] is not None or fact["error"]
        for fact in facts_of("second")
    )


def test_what_does_not_fit_fails_with_the_figures_and_the_search_goes_on(monkeypatch, trainings):
    wide = "search_space.width._choice_=[8,3000000]"
    overrides = (wide, "strategy=random", "budget.trials=8", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *STORED, *overrides) == 0
    failed = [row for row in rows(Path("run")) if row["state"] == "failed"]
    assert failed
    for row in failed:
        assert row["width"] == "3000000"
        assert "does not fit: training takes about" in row["error"]
        assert "parameters" in row["error"]
        assert "batch size 16" in row["error"]
    assert not any("3000000" in model for model in trainings)
