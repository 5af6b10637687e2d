"""Where a search's images lie does not change what it finds."""

import csv
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from command import SMALL, nas_hydra
from dataset.common import noise
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.split.stratified import stratified

TRAINED = ["strategy=random", "budget.trials=2", "trainer.accelerator=cpu"]


def trials(monkeypatch, folder: str, *overrides: str) -> list[dict]:
    release_datasets()  # or the images of an earlier search in this process would be used
    assert nas_hydra(monkeypatch, *SMALL, *TRAINED, f"hydra.run.dir={folder}", *overrides) == 0
    with Path(folder, "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The key is that of the whole config, the limit included.
    return [{name: row[name] for name in row if name not in ("seconds", "key")} for row in rows]


@pytest.mark.long
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


FOLDER = [
    *("dataset=image_folder", "dataset.root=images", "dataset.num_classes=2", "dataset.size=8"),
    *("search_space=mlp", "dataset.batch_size=4", "dataset.limit=null"),
]


@pytest.fixture
def images() -> Path:
    return noise()


def split(images: Path) -> tuple[Path, Path]:
    """An image of the validation split and one of the test split."""
    files = sorted(images.rglob("*.png"))
    labels = torch.tensor([file.parent.name == "b" for file in files]).long()
    rest, tested = stratified(labels, 0.2, 0, "dataset.holdout")
    validated = rest[stratified(labels[rest], 0.2, 0, "dataset.validation")[1]]
    return files[int(validated[0])], files[int(tested[0])]


def test_a_cut_image_is_told_before_anything_is_trained(monkeypatch, images, capsys):
    tested = split(images)[1]  # no search reads it
    content = tested.read_bytes()
    tested.write_bytes(content[: len(content) // 2])
    words = [*SMALL, *TRAINED, *FOLDER, "dataset.memory_limit=1kB", "hydra.run.dir=run"]
    assert nas_hydra(monkeypatch, *words) == 2
    assert f"error: dataset.root: {tested} cannot be read: " in capsys.readouterr().err
    assert not Path("run/trials.csv").exists()
    assert nas_hydra(monkeypatch, *words, "dataset.broken=skip") == 0
    assert f"1 of 20 images are left out, since they cannot be read: '{tested}'" in (
        Path("run/nas-hydra.log").read_text()
    )


@pytest.mark.long
def test_images_of_no_known_range_and_classes_too_rare_are_told_before_anything_is_trained(
    monkeypatch, images, capsys
):
    words = [*SMALL, *TRAINED, *FOLDER, "hydra.run.dir=run"]
    for file in images.rglob("*.png"):
        numbers = np.asarray(Image.open(file), "float32") * 100 - 5
        Image.fromarray(numbers).save(file.with_suffix(".tif"))
        file.unlink()
    assert nas_hydra(monkeypatch, *words) == 2
    told = capsys.readouterr().err
    assert "error: dataset.range: is null; images/a/0.tif cannot be read: its numbers (mo" in told
    assert not Path("run/trials.csv").exists()
    assert nas_hydra(monkeypatch, *words, "dataset.range=[-5,25495]") == 0
    for number in range(2):
        file = Path("images/rare", f"{number}.png")
        file.parent.mkdir(exist_ok=True)
        Image.effect_noise((8, 8), 60).save(file)
    rare = [*words[:-1], "dataset.num_classes=3", "dataset.range=[-5,25495]"]
    assert nas_hydra(monkeypatch, *rare, "hydra.run.dir=rare") == 2
    assert "too few images of some classes ('rare: 2')" in capsys.readouterr().err


def test_an_image_that_only_its_decoder_refuses_is_named_from_a_worker_process(
    monkeypatch, images, capsys
):
    file = split(images)[0]
    file.write_bytes(garbled(file.read_bytes()))
    words = [*SMALL, *TRAINED, *FOLDER, "dataset.memory_limit=1kB", "dataset.workers=1"]
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=run") == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"error: dataset.root: {file} cannot be read: ")


def garbled(png: bytes) -> bytes:
    """An image whose pixels cannot be unpacked, with checksums as they should be."""
    start = png.index(b"IDAT")
    (length,) = struct.unpack(">I", png[start - 4 : start])
    chunk = b"IDAT" + b"\x00" * length
    after = png[start + 4 + length + 4 :]
    return png[:start] + chunk + struct.pack(">I", zlib.crc32(chunk)) + after


@pytest.mark.long
def test_a_run_of_a_version_without_the_later_keys_goes_on(monkeypatch, images):
    words = [*SMALL, *TRAINED, *FOLDER, "hydra.run.dir=run"]
    without = [f"~dataset.{key}" for key in ("broken", "pixel_limit", "background")]
    assert nas_hydra(monkeypatch, *words, *without, "budget.trials=1") == 0
    assert nas_hydra(monkeypatch, *words) == 0
    assert len(Path("run/trials.csv").read_text().splitlines()) == 3
    assert nas_hydra(monkeypatch, *words, "dataset.broken=skip") == 2
