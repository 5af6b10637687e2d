"""Texts from a file to a model that is checked again and exported."""

import json
from pathlib import Path

import pytest

from command import nas_hydra, rows
from made import text, tokens
from nas_hydra.cli.export import run as export
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain

QUICK = (
    *("engine=serial", "tracker=none", "report=false", "trainer.max_epochs=1"),
    *("budget.trials=1", "hydra.run.dir=run"),
)
SMALL = {
    "text_cnn": "search_space.model.width._choice_=[8]",
    "text_transformer": "search_space.model.width._choice_=[16]",
    "causal_transformer": "search_space.model.width._choice_=[16]",
}


def search(monkeypatch, kind, space, *more: str) -> dict:
    overrides = kind.write(Path())
    assert nas_hydra(monkeypatch, *QUICK, *overrides, SMALL[space], *more) == 0
    return json.loads(Path("run/summary.json").read_text())


@pytest.mark.parametrize(
    ("kind", "more", "space", "metrics"),
    [
        (text, (), "text_cnn", {"val_acc", "val_f1"}),
        pytest.param(
            *(text, ("search_space=text_transformer",), "text_transformer", {"val_acc"}),
            marks=pytest.mark.long,
        ),
        (tokens, (), "causal_transformer", {"val_perplexity", "val_acc"}),
    ],
)
def test_data_and_task_choose_a_space_and_a_search_trains(kind, more, space, metrics, monkeypatch):
    summary = search(monkeypatch, kind, space, *more)
    assert summary["trials"]["complete"] == 1
    assert metrics <= rows(Path("run"))[0].keys()


@pytest.mark.long
@pytest.mark.parametrize("kind", [text, tokens])
def test_a_model_of_texts_is_checked_again_and_exported(kind, monkeypatch, capsys):
    search(monkeypatch, kind, "text_cnn" if kind is text else "causal_transformer")
    again = ["run=run", "seeds=1", "random=false", "baseline=none"]
    assert retrain(["nas-hydra-retrain", *again]) == 0
    found = json.loads(Path("run/retrain/metrics.json").read_text())
    assert found["rows"]["tested_on"] > 20
    capsys.readouterr()
    assert retrain(["nas-hydra-retrain", "--verify", "run/retrain"]) == 0
    for name in ("torch_export", "onnx"):
        assert export(["nas-hydra-export", "run=run/retrain", f"format={name}"]) == 0
        assert "the same as torch on" in capsys.readouterr().out
    Path("new.txt").write_text("one line\nand another\n")
    if kind is tokens:
        assert predict(["nas-hydra-predict", "model=run/retrain", "new.txt", "format=csv"]) == 0
        head, *lines = capsys.readouterr().out.splitlines()
        assert "continuation" in head.split(",")
        assert len(lines) == 2


def test_a_wrong_column_ends_a_search_before_it_begins(monkeypatch, capsys):
    overrides = text.write(Path())
    assert nas_hydra(monkeypatch, *QUICK, *overrides, "dataset.target=abuot") == 2
    assert "did you mean 'about'" in capsys.readouterr().err
    assert not Path("run").exists()
