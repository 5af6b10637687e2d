"""A LightningModule of one's own, from its search to an exported model."""

import json
from pathlib import Path

import pytest

from command import nas_hydra
from integration.test_own_module import SEARCH
from nas_hydra.cli.export import run as export
from nas_hydra.cli.retrain import run as retrain

TEMPLATE = Path(__file__).parents[1] / "template"


@pytest.mark.long
def test_a_module_is_trained_anew_tested_by_its_own_loop_and_exported(monkeypatch, capsys):
    monkeypatch.setenv("PROJECT_ROOT", ".")
    monkeypatch.syspath_prepend(TEMPLATE)
    words = (*SEARCH, "search_space=mnist", "objective={val/acc: maximize}", "budget.trials=1")
    assert nas_hydra(monkeypatch, *words) == 0
    again = ["run=run", "seeds=1", "random=false", "trust=[src]", "paths.root_dir=."]
    assert retrain(["nas-hydra-retrain", *again]) == 0
    found = json.loads(Path("run/retrain/metrics.json").read_text())
    own = found["networks"][0]["metrics"]
    for name in ("test/acc", "test/loss"):
        assert found["model"][name] == pytest.approx(own[name]["mean"], rel=1e-4)
    card = Path("run/retrain/MODEL_CARD.md").read_text()
    assert "\nA LightningModule with " in card
    assert "It is not known whether test rows were seen before" in card
    assert "confusion" not in card
    capsys.readouterr()
    words = ["run=run/retrain", "format=torch_export", "trust=[src]"]
    assert export(["nas-hydra-export", *words]) == 0
    assert "the same as torch on 300 test rows: outputs differ by" in capsys.readouterr().out
