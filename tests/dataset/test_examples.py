"""Which images a split has: digests that any change of them changes, and nothing else."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dataset.common import COMMON, noise
from nas_hydra.dataset import examples as contents
from nas_hydra.dataset.cache import doubt_datasets, release_datasets, splits
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.examples import (
    digest_of_picture,
    file_row_digest,
    read_examples,
    save_examples,
    split_difference,
)
from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.source import Bytes, examples


@pytest.fixture(autouse=True)
def forgotten():
    release_datasets()
    yield
    release_datasets()


@pytest.fixture
def images() -> Path:
    return noise()


def folder(**changes) -> ImageFolder:
    given = dict(COMMON, num_classes=2, holdout=0.2, root="images", size=8, input_shape=(3, 8, 8))
    return ImageFolder(**{**given, **changes})


def digits(**changes) -> Digits:
    return Digits(**{**COMMON, "input_shape": (1, 8, 8), "holdout": 0.2, **changes})


def whole(dataset=None):
    source = (dataset or folder()).open_all()
    return examples(source, torch.arange(len(source.labels)))


def upside_down(file: Path) -> None:
    Image.open(file).transpose(Image.Transpose.ROTATE_180).save(file)


def swapped(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def renamed(images: Path) -> None:
    for file in images.rglob("*.png"):
        file.rename(file.with_name(f"{100 - int(file.stem)}.png"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: upside_down(root / "a" / "0.png"), "1 of 20 training images are others"),
        (lambda root: swapped(root / "a" / "0.png", root / "b" / "1.png"), "2 of 20 training imag"),
        (renamed, "its 20 training images are in another order"),
        (lambda root: (root / "a" / "0.png").unlink(), "it had 20 training images, and has 19"),
    ],
)
def test_every_change_of_a_folder_is_told(images, change, told):
    before = whole()
    change(images)
    assert told in split_difference(before, whole(), "training")


def test_what_changes_no_image_changes_no_digest(images):
    before = whole()
    shutil.copytree(images, "elsewhere")
    for file in images.rglob("*.png"):
        file.touch()
    for same in (folder(), folder(root="elsewhere"), folder(size=4, input_shape=(3, 4, 4))):
        assert split_difference(before, whole(same), "training") == ""


def test_of_a_large_folder_samples_are_compared(images, monkeypatch):
    before = whole()
    monkeypatch.setattr("nas_hydra.dataset.image_folder.WHOLE", 100)
    sampled = whole()
    assert "are of another kind (samples of the files)" in split_difference(
        before, sampled, "training"
    )
    upside_down(images / "a" / "0.png")
    assert "1 of 20 training images" in split_difference(sampled, whole(), "training")
    large = Path("large")
    large.write_bytes(bytes(1_000_000))
    known = file_row_digest(large, sampled=True)
    for place in (0, 500_000, 999_999):
        monkeypatch.setattr(contents, "BLOCKS", 17)
        content = bytearray(1_000_000)
        content[place] = 1
        large.write_bytes(content)
        assert file_row_digest(large, sampled=True) != known


@pytest.mark.parametrize("memory_limit", [None, "1kB"])
def test_the_splits_of_any_source_are_noted_in_memory_and_streamed(images, memory_limit):
    for dataset in (digits(memory_limit=memory_limit), folder(memory_limit=memory_limit)):
        train, valid = splits(dataset).examples
        assert train.labels.tolist() == dataset.train.target.tolist()
        assert len(valid) == len(dataset.valid)
        assert not valid.among(train).any()
        dev, test = dataset.at("final").splits.examples
        assert valid.among(dev).all()
        assert train.among(dev).all()
        assert not test.among(dev).any()


class Own:
    """A source of somebody's, which knows nothing of digests."""

    def __init__(self, pixels: torch.Tensor, labels: torch.Tensor) -> None:
        self.pixels, self.labels = pixels, labels

    def __getitem__(self, index: torch.Tensor) -> torch.Tensor:
        return self.pixels[index]


class OwnDigits(Digits):
    """Reads as somebody's own dataset does."""

    scrambled = False

    def open_all(self):
        known = super().open_all()
        pixels = known[torch.arange(len(known.labels))]
        return Own(pixels.flip(3) if OwnDigits.scrambled else pixels, known.labels)


def test_images_of_an_own_source_are_known_by_their_pixels(monkeypatch):
    held = splits(OwnDigits(**vars(digits()))).examples
    release_datasets()
    streamed = splits(OwnDigits(**vars(digits(memory_limit="1kB")))).examples
    assert [one.digest for one in held] == [one.digest for one in streamed]
    assert held[0].contents.how == "pixels, 1 x 8 x 8"
    monkeypatch.setattr(OwnDigits, "scrambled", True)
    release_datasets()
    other = splits(OwnDigits(**vars(digits()))).examples
    assert "training images are others" in split_difference(held[0], other[0], "training")


def test_a_dataset_in_memory_that_is_doubted_is_loaded_again_only_if_it_has_changed(images):
    known = splits(folder())
    doubt_datasets()
    assert splits(folder()) is known
    for file in images.rglob("*.png"):
        upside_down(file)
    assert splits(folder()) is known
    doubt_datasets()
    assert splits(folder()) is not known
    doubt_datasets()
    shutil.rmtree(images)
    with pytest.raises(Exception, match=r"dataset\.root"):
        splits(folder())


def test_examples_are_read_back_and_damaged_files_are_none(images):
    split = whole()
    Path("kept.npz").mkdir()  # somebody's, in the way
    save_examples(Path("kept.npz"), {"training": split})
    assert Path("kept.npz.1").is_dir()
    again = read_examples(Path("kept.npz"))["training"]
    assert (again.digest, again.contents.how) == (split.digest, split.contents.how)
    content = Path("kept.npz").read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"PK" + content[2:300]):
        Path("bad.npz").write_bytes(damaged)
        assert read_examples(Path("bad.npz")) == {}
    np.savez_compressed("bad.npz", **{"training.contents": np.zeros(10**6, np.int64)})
    assert read_examples(Path("bad.npz")) == {}
    with zipfile.ZipFile("bad.npz", "w") as file:
        file.writestr("training.contents.npy", "no array")
    assert read_examples(Path("bad.npz")) == {}
    assert read_examples(Path("nowhere.npz")) == {}


def test_a_picture_is_found_among_numbers_in_memory_and_files(images):
    split = whole(digits())
    source = digits().open_all()
    pixels = source[torch.tensor([3])][0]
    Image.fromarray((pixels[0] * 255).round().byte().numpy()).save("three.png")
    shown = (pixels * 255).round() / 255
    assert (
        digest_of_picture(split.contents.how, Path("three.png"), shown) == split.contents.digests[3]
    )
    assert digest_of_picture(split.contents.how, Path("three.png"), torch.zeros(1, 9, 8)) is None
    files = whole()
    shutil.copy(images / "b" / "1.png", "copy.png")
    assert digest_of_picture(files.contents.how, Path("copy.png"), shown) in files.contents.digests
    assert (
        digest_of_picture(files.contents.how, Path("three.png"), shown)
        not in files.contents.digests
    )


def test_equal_pixels_of_other_classes_are_other_examples():
    raw = torch.zeros(4, 1, 2, 2, dtype=torch.uint8)
    one = examples(Bytes(raw, torch.tensor([0, 0, 1, 1])), torch.arange(4))
    other = examples(Bytes(raw, torch.tensor([0, 1, 1, 1])), torch.arange(4))
    assert "1 of 4 training images are others, or of other classes" in split_difference(
        one, other, "training"
    )
    assert other.among(one).all()
    assert not one.comparable(replace(one, contents=one.contents._replace(how="files")))
