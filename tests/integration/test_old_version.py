"""Folders that version 0.1 wrote are read, gone on with, retrained and used as they were then."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from numpy.random import default_rng
from PIL import Image
from sklearn.datasets import load_digits

from command import nas_hydra, rows, table
from integration.test_spaces import space_of
from nas_hydra.cli.compare import run as compare
from nas_hydra.cli.explain import run as explain
from nas_hydra.cli.export import run as export
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain

OLD = Path(__file__).parents[1] / "old_version"
PREDICTIONS = OLD / "predictions.json"
KEYS = json.loads((OLD / "keys.json").read_text())
"""Space -> the keys of five candidates."""
COUNTED = ("val_acc", "val_f1", "val_loss", "train_loss")
"""Columns whose last digits differ from one processor to another."""


@pytest.fixture
def finished(tmp_path) -> Path:
    return shutil.copytree(OLD / "finished", tmp_path / "finished")


def overrides(folder: str) -> list[str]:
    """What was typed, but for the folder."""
    return list(yaml.safe_load((OLD / folder / ".hydra/overrides.yaml").read_text()))


def counted(found: list[dict[str, str]]) -> list[float]:
    """What was measured, taken out of the rows of ``trials.csv``."""
    return [float(row.pop(name)) for row in found for name in COUNTED]


@pytest.mark.parametrize("name", KEYS)
def test_candidates_of_shipped_spaces_keep_their_keys(name):
    space = space_of(name, "digits")
    assert [space.sample(default_rng(seed)).key for seed in range(5)] == KEYS[name]


def test_a_stopped_search_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    folder = shutil.copytree(OLD / "stopped", tmp_path / "stopped")
    assert nas_hydra(monkeypatch, *overrides("stopped"), f"hydra.run.dir={folder}") == 0
    now, then = rows(folder), table(OLD / "uninterrupted.csv")
    assert counted(now) == pytest.approx(counted(then), rel=1e-3)
    assert now == then


def test_a_finished_search_is_known_to_be_finished(finished, monkeypatch, capsys):
    before = rows(finished)
    assert nas_hydra(monkeypatch, *overrides("finished"), f"hydra.run.dir={finished}") == 0
    assert "is finished already" in capsys.readouterr().err
    assert rows(finished) == before


def test_other_settings_in_its_folder_are_refused(finished, monkeypatch, capsys):
    words = (*overrides("finished"), f"hydra.run.dir={finished}", "trainer.max_epochs=3")
    assert nas_hydra(monkeypatch, *words) == 2
    assert "trainer.max_epochs" in capsys.readouterr().err


def test_searches_are_compared(finished, capsys):
    assert compare(["nas-hydra-compare", str(finished), str(OLD / "stopped")]) == 0
    assert "evolution" in capsys.readouterr().out
    assert "0.8" in Path("comparison/comparison.md").read_text()


@pytest.mark.long
def test_a_search_is_explained(finished):
    assert explain(["nas-hydra-explain", f"run={finished}"]) == 0
    assert json.loads((finished / "explanation.json").read_text())["winner"]["trial"] == 9


@pytest.mark.long
def test_the_winner_is_retrained_to_the_same_figures(finished):
    words = ("seeds=2", "baseline=none", "random=false", "folder=model")
    assert retrain(["nas-hydra-retrain", f"run={finished}", *words]) == 0
    now, then = (
        json.loads((folder / "metrics.json").read_text())["networks"][0]["metrics"]
        for folder in (Path("model"), finished / "retrain")
    )
    for name, metric in then.items():
        assert now[name]["values"] == pytest.approx(metric["values"], rel=1e-3)


def test_its_model_is_verified(finished):
    assert retrain(["nas-hydra-retrain", "--verify", str(finished / "retrain")]) == 0


def test_its_model_is_exported_and_measured(finished, capsys):
    words = (f"run={finished}/retrain", "format=state_dict", "images=100")
    assert export(["nas-hydra-export", *words]) == 0
    assert "the same as torch on 100 test images" in capsys.readouterr().out


def test_its_model_says_the_same_of_digits(finished, capsys):
    Path("digits").mkdir()
    for number, pixels in enumerate(load_digits().images[:10]):
        Image.fromarray((pixels * 15).astype("uint8")).save(f"digits/{number}.png")
    assert predict(["nas-hydra-predict", f"model={finished}/retrain", "digits", "format=json"]) == 0
    now, then = json.loads(capsys.readouterr().out), json.loads(PREDICTIONS.read_text())
    for one, other in zip(now["predictions"], then["predictions"], strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], rel=1e-3)
        assert (one["image"], one["label"]) == (other["image"], other["label"])
