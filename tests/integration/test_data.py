"""Where a search's images lie does not change what it finds."""

import csv
from pathlib import Path

import pytest

from command import SMALL, nas_hydra
from nas_hydra.dataset.held import release

TRAINED = ["strategy=random", "budget.trials=2", "trainer.accelerator=cpu"]


def trials(monkeypatch, folder: str, *overrides: str) -> list[dict]:
    release()  # or the images of an earlier search in this process would be used
    assert nas_hydra(monkeypatch, *SMALL, *TRAINED, f"hydra.run.dir={folder}", *overrides) == 0
    with Path(folder, "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The key is that of the whole config, the limit included.
    return [{name: row[name] for name in row if name not in ("seconds", "key")} for row in rows]


@pytest.mark.parametrize("augment", ["none", "mixup"])
def test_streamed_and_held_images_give_the_same_trials(monkeypatch, augment):
    chosen = f"dataset/augment={augment}"
    held = trials(monkeypatch, "held", chosen)
    streamed = trials(monkeypatch, "streamed", chosen, "dataset.memory_limit=1kB")
    assert len(held) == 2
    assert held == streamed
    assert "are held in memory" in Path("held/nas-hydra.log").read_text()
    assert "decoded anew in every epoch" in Path("streamed/nas-hydra.log").read_text()


def test_augmentation_changes_what_is_found(monkeypatch):
    plain, changed = (
        trials(monkeypatch, name, f"dataset/augment={name}") for name in ("none", "crop_flip")
    )
    assert [row["val_loss"] for row in plain] != [row["val_loss"] for row in changed]
