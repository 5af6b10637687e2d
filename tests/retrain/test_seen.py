"""Test images that were seen before: refused, counted, and told on the card."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from command import SMALL, nas_hydra
from nas_hydra.cli.retrain import run
from record.records import aged

ALONE = ("seeds=1", "baseline=none", "random=false", "references=false")


@pytest.fixture
def search(monkeypatch, capsys):
    def searched(*overrides: str, folder: str = "run") -> None:
        words = (*SMALL, "search_space=mlp", "budget.trials=1", "dataset.limit=null")
        assert nas_hydra(monkeypatch, *words, f"hydra.run.dir={folder}", *overrides) == 0
        capsys.readouterr()

    return searched


@pytest.fixture
def command(capsys):
    def typed(*words: str) -> tuple[int, str]:
        code = run(["nas-hydra-retrain", "run=run", *ALONE, *words])
        return code, capsys.readouterr().err

    return typed


def card(folder: str = "run/retrain") -> str:
    return Path(folder, "MODEL_CARD.md").read_text()


def seen(folder: str = "run/retrain") -> dict:
    return json.loads(Path(folder, "metrics.json").read_text())["test_images_seen"]


CLEAN = {"search_training": 0, "search_validation": 0, "training": 0, "unknown": None}


@pytest.mark.long
def test_another_split_is_refused_and_with_force_the_card_counts_the_leak(search, command):
    search()
    assert command()[0] == 0
    assert "None of the 360 test images was seen by the search or by the training" in card()
    assert CLEAN.items() <= seen().items()
    code, told = command("dataset.seed=1", "folder=other")
    assert code == 2
    leak = re.search(
        "of its 360 test images, the search has trained on (.+) and chosen by (.+);", told
    )
    trained, chosen = map(int, leak.groups())
    assert trained + chosen == 292
    assert not Path("other").exists()
    assert command("dataset.seed=1", "folder=other", "force=true")[0] == 0
    assert seen("other")["search_training"] == trained
    assert seen("other")["search_validation"] == chosen
    counted = f"{trained} are among those that the search has trained on, and {chosen} among"
    assert f"Of the 360 test images, {counted}" in card("other")
    assert "neither" not in card("other")
    # What draws other images for training, and leaves the test images alone, is no other data.
    for number, words in enumerate((["dataset.limit=300"], ["dataset.validation=0.4"])):
        assert command(*words, f"folder=fine{number}")[0] == 0
        assert CLEAN.items() <= seen(f"fine{number}").items()


def test_other_holdout_of_fewer_images_is_a_leak_too(search, command):
    search("dataset.limit=300")
    code, told = command("dataset.holdout=0.3", "dataset.limit=300")
    assert code == 2
    assert "it had 1,437 images for training and validation, and has 1,257" in told
    assert "the search has trained on " in told


FOLDER = (
    *("dataset=image_folder", "dataset.root=images", "dataset.num_classes=2", "dataset.size=8"),
    "dataset.batch_size=8",
)


@pytest.fixture
def images() -> Path:
    """Two classes of thirty different images each."""
    for number in range(60):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3)).astype("uint8")
        file = Path("images", "ab"[number % 2], f"{number:02}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    return Path("images")


def renamed(root: Path) -> None:
    for file in root.rglob("*.png"):
        file.rename(file.with_name(f"x{file.stem[::-1]}.png"))


def replaced(root: Path) -> None:
    for file in root.rglob("*.png"):
        Image.open(file).transpose(Image.Transpose.ROTATE_180).save(file)


def removed(root: Path) -> None:
    """And others put in their place."""
    for label in "ab":
        first = sorted(Path(root, label).iterdir())[0]
        Image.effect_noise((8, 8), 90).convert("RGB").save(root / label / "zz.png")
        first.unlink()


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (renamed, "test images, the search has trained on"),
        (replaced, "48 of the search's 48 images are not among those for training any more"),
        (removed, "test images, the search has trained on"),
    ],
)
def test_equal_counts_of_other_files_are_other_data(images, search, command, change, told):
    search(*FOLDER)
    change(images)
    code, problem = command()
    assert (code, told in problem) == (2, True), problem
    assert command("force=true")[0] == 0
    leaked = seen()["search_training"] + seen()["search_validation"]
    assert (leaked > 0) == (change is not replaced)
    assert ("None of the 12 test images was seen" in card()) == (change is replaced)


def test_what_changes_no_image_is_no_change(images, search, command):
    search(*FOLDER)
    shutil.move(images, "elsewhere")
    assert command("dataset.root=elsewhere", "dataset.size=4", "dataset.memory_limit=1kB")[0] == 0
    assert CLEAN.items() <= seen().items()


@pytest.mark.long
def test_images_that_the_data_has_twice_are_told_and_not_refused(images, search, command):
    for file in sorted(images.rglob("*.png"))[::2]:
        shutil.copy(file, file.with_name(f"{file.stem}-again.png"))
    search(*FOLDER)
    code, told = command()
    assert code == 0
    counts = seen()
    assert counts["training"] == counts["search_training"] + counts["search_validation"] > 0
    assert f"{counts['training']} are among those of the training (by the bytes of" in card()
    assert "What was seen before is no test" in told


@pytest.mark.long
def test_what_the_search_has_seen_is_not_known_of_older_or_lost_notes(search, command):
    search()
    Path("run/examples.npz").rename("examples.npz")
    code, told = command()
    assert code == 0
    unknown = "It is not known whether the search has seen some of the 360 test images: its folder"
    assert unknown in card()
    assert unknown in " ".join(told.split())
    assert "None of the 360 test images is among those of the training" in card()
    assert seen()["search_training"] is None
    Path("examples.npz").rename("run/examples.npz")
    journal = Path("run/journal.log")
    aged(journal)
    journal.write_text(journal.read_text().replace('"training":', '"of_old":'))
    assert command("force=true")[0] == 0
    assert "is of an earlier version" in card()


def test_candidates_that_differ_in_their_images_leave_none_to_compare_with(search, command):
    search("dataset.limit={_choice_:[100,120]}")
    assert not Path("run/examples.npz").exists()
    assert command()[0] == 0
    assert "It is not known whether the search has seen" in card()
