"""Real tables from a search to a card, an answer and a check, by the commands."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from command import nas_hydra
from made import table
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain

QUICK = ("engine=serial", "tracker=none", "report=false", "budget.trials=1", "trainer.max_epochs=2")
PRICE = ("dataset=table", "dataset.file=houses.csv", "dataset.target=price", "task=regression")


@pytest.mark.long
def test_a_table_is_retrained_beside_boosting_checked_and_asked(monkeypatch, capsys):
    table.write(Path())
    words = (*PRICE, "dataset.drop=[rare,built]", "search_space=tab_mlp", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *QUICK, *words) == 0
    assert retrain(["nas-hydra-retrain", "run=run", "seeds=1", "random=false"]) == 0
    found = json.loads(Path("run/retrain/metrics.json").read_text())
    reached = {one["name"]: one["metrics"]["test_r2"]["mean"] for one in found["networks"][1:]}
    assert list(reached) == ["the best constant answer", "a linear model", "gradient boosting"]
    assert reached["the best constant answer"] < 0.05
    assert min(reached["a linear model"], reached["gradient boosting"]) > 0.7
    card = Path("run/retrain/MODEL_CARD.md").read_text()
    drawn = "".join(ET.parse("run/retrain/ranges.svg").getroot().itertext())
    assert "residuals, prediction less target" in drawn
    assert "ranges.svg" in card
    assert "in columns of these names: area, age, town, garden, kind, sold; told is price" in card
    assert "No networks, fitted to the rows that these are trained on" in card
    assert retrain(["nas-hydra-retrain", "--verify", "run"]) == 0
    capsys.readouterr()
    assert predict(["nas-hydra-predict", "model=run/retrain", "houses.csv", "format=json"]) == 0
    printed = capsys.readouterr()
    rows = json.loads(printed.out)["predictions"]
    assert rows[4]["row"] == "houses.csv:5"
    assert 1_000 < rows[4]["numbers"]["price"] < 1_000_000
    trained = sum(one["trained_on"] for one in rows)
    assert printed.err == f"120 rows; the model was trained on {trained} of them\n"
    assert trained == found["rows"]["trained_on"]


@pytest.mark.long
def test_what_gives_back_its_inputs_is_checked_by_what_it_was_trained_on(monkeypatch, capsys):
    words = ("dataset=diabetes", "task=reconstruction", "search_space=tab_mlp")
    assert nas_hydra(monkeypatch, *QUICK, *words, "hydra.run.dir=run") == 0
    assert retrain(["nas-hydra-retrain", "run=run", "seeds=1", "random=false"]) == 0
    networks = json.loads(Path("run/retrain/metrics.json").read_text())["networks"]
    assert [one["name"] for one in networks] == ["trial 0", "the best constant answer"]
    assert networks[1]["metrics"]["test_loss"]["mean"] == pytest.approx(1, abs=0.1)
    capsys.readouterr()
    assert retrain(["nas-hydra-retrain", "--verify", "run"]) == 0, capsys.readouterr().err
