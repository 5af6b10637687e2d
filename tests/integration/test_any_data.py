"""Every kind of data with every task that fits it: from the command to an exported answer."""

import json
from pathlib import Path

import pytest

from command import nas_hydra, rows
from made import combined, masks, series, table, tensors, text, tokens
from nas_hydra.cli.export import run as export
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain

ONE = ("budget.trials=2", "trainer.max_epochs=1", "tracker=none", "report=false")
TABLE = "search_space=tab_mlp"
WAYS = {
    "classes of a table": (table, (), (TABLE,)),
    "a number of a table": (table, ("price", "[kind,sold,rare]"), ("task=regression", TABLE)),
    "labels of a table": (table, ("[sold,rare]", "[kind,price]"), ("task=multi_label", TABLE)),
    "heads of a table": (table, ("[kind,price]", "[sold,rare]"), ("task=multi_task", TABLE)),
    "ensembles on a table": (table, (), ("search_space=tabm",)),
    "classes of series": (series, (), ("search_space=resnet_1d",)),
    "classes of ragged series": (series, (2, True), ("search_space=resnet_1d",)),
    "classes of texts": (text, (), ()),
    "next tokens": (tokens, (), ()),
    "a class for each pixel": (masks, (), ("search_space.model.width._choice_=[8]",)),
    "classes of arrays": (tensors, (), ()),
    "an image beside a table": (combined, (), ()),
}
"""What is told of what -> who writes the data, how, and what is typed beside it."""
NO_FILES = ("next tokens", "an image beside a table", "a class for each pixel")
"""What is asked otherwise: tests of their own know how."""


@pytest.mark.long
@pytest.mark.parametrize("engine", ["serial", "processes"])
@pytest.mark.parametrize("way", WAYS)
def test_from_the_command_to_an_answer(way, engine, monkeypatch, capsys):
    kind, how, words = WAYS[way]
    given = kind.write(Path(), *how)
    where = (f"engine={engine}", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *ONE, *given, *words, *where) == 0, capsys.readouterr().err
    assert all(row["state"] == "complete" for row in rows(Path("run")))
    if engine == "processes":
        return  # what comes after a search does not know the engine
    again = ("seeds=1", "random=false", "baseline=none")
    assert retrain(["nas-hydra-retrain", "run=run", *again]) == 0, capsys.readouterr().err
    metrics = json.loads(Path("run/retrain/metrics.json").read_text())
    assert metrics["networks"][0]["role"] == "winner"
    capsys.readouterr()
    for name in ("torch_export", "onnx"):
        words = ["nas-hydra-export", "run=run/retrain", f"format={name}"]
        assert export(words) == 0, capsys.readouterr().err
        assert "the same as torch on" in capsys.readouterr().out
    if way in NO_FILES:
        return
    file = next(word.partition("=")[2] for word in given if word.startswith("dataset.file="))
    assert predict(["nas-hydra-predict", "model=run/retrain", file, "format=csv"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("row,")
    assert len(lines) > 20
