"""Own images in training, validation and test folders, from a search to a model in use."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from command import SMALL, nas_hydra, rows
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.dataset.cache import release_datasets

WORDS = (
    *SMALL,
    *("dataset=image_folder", "dataset.root=images", "dataset.num_classes=2", "dataset.size=8"),
    *("dataset.batch_size=8", "dataset.limit=null", "search_space=mlp", "budget.trials=2"),
)


def write() -> None:
    """Dark and bright noise, of each 12, 6 and 4 images."""
    for split, number in (("train", 12), ("valid", 6), ("test", 4)):
        for place, name in enumerate(("dark", "bright")):
            folder = Path("images", split, name)
            folder.mkdir(parents=True)
            for index in range(number):
                picture = Image.effect_noise((12, 9), 20)
                picture.point(lambda one, add=80 * place: one // 2 + add).save(
                    folder / f"{index}.png"
                )


@pytest.mark.long
def test_given_splits_go_from_search_to_prediction(monkeypatch, capsys):
    write()
    assert nas_hydra(monkeypatch, *WORDS, "hydra.run.dir=run") == 0
    log = Path("run/nas-hydra.log").read_text()
    assert "24 training and 12 validation images are held in memory" in log
    release_datasets()
    streamed = ("dataset.memory_limit=1kB", "dataset.workers=0", "hydra.run.dir=streamed")
    assert nas_hydra(monkeypatch, *WORDS, *streamed) == 0
    held, decoded = (
        [(row["val_loss"], row["val_acc"]) for row in rows(Path(run))]
        for run in ("run", "streamed")
    )
    assert held == decoded
    assert retrain(["nas-hydra-retrain", "run=run", "seeds=1", "baseline=none"]) == 0
    metrics = json.loads(Path("run/retrain/metrics.json").read_text())
    assert metrics["images"] == {"trained_on": 36, "tested_on": 8}
    capsys.readouterr()
    assert retrain(["nas-hydra-retrain", "--verify", "run/retrain"]) == 0
    assert "None of the 8 test images was seen by the search" in capsys.readouterr().out
    assert predict(["nas-hydra-predict", "model=run/retrain", "images/test"]) == 0
    assert "8 classified, 0 skipped" in capsys.readouterr().err
    shutil.move("images/valid/dark/0.png", "images/train/dark/moved.png")
    assert nas_hydra(monkeypatch, *WORDS, "hydra.run.dir=run") == 2
    assert "it had 12 validation images, and has 11" in capsys.readouterr().err
