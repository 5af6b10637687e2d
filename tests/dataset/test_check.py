"""What is no set of labelled images is refused, with its shape and type; what is rare is told."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from dataset.common import COMMON
from nas_hydra.dataset.base import ImageDataset, WholeDataset
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.source import Bytes
from nas_hydra.dataset.split.stratified import stratified
from nas_hydra.errors import ConfigError

NUMBER = 40
LABELS = torch.arange(NUMBER) % 2
GREY = torch.rand(NUMBER, 1, 4, 4, generator=torch.Generator().manual_seed(0))


@dataclass
class Given:
    """A source of somebody's."""

    pixels: Any
    labels: Any = field(default_factory=lambda: LABELS)

    def __getitem__(self, index: Tensor) -> Any:
        return self.pixels[index]


@dataclass(frozen=True, kw_only=True)
class Own(WholeDataset):
    """A dataset of somebody's."""

    source: Any = field(compare=False)

    def open_all(self) -> Any:
        return self.source


@dataclass(frozen=True, kw_only=True)
class Parts(ImageDataset):
    """One with a test split of its own."""

    development: Any = field(compare=False)
    tested: Any = field(compare=False)

    def open(self, part: str) -> Any:
        return self.tested if part == "test" else self.development

    @property
    def class_names(self) -> list[str]:
        return ["apple", "pear", "plum"][: self.num_classes]


def own(source: Any, **changes) -> Own:
    said = {"num_classes": 2, "holdout": 0.2, "input_shape": (1, 4, 4), "source": source}
    return Own(**{**COMMON, **said, **changes})


def parts(development: Any, tested: Any, **changes) -> Parts:
    said = {"num_classes": 2, "input_shape": (1, 4, 4), "development": development}
    return Parts(**{**COMMON, **said, "tested": tested, **changes})


class Array:
    def __getitem__(self, index: Tensor) -> Any:
        return GREY[index].numpy()


class Growing:
    """Images of which only the first and the last look as they should."""

    def __getitem__(self, index: Tensor) -> Tensor:
        return GREY[index] if len(index) == 2 else GREY[index].expand(-1, 3, -1, -1)


class Failing:
    def __getitem__(self, index: Tensor) -> Tensor:
        raise KeyError("gone")


def with_one(value: float) -> Tensor:
    changed = GREY.clone()
    changed[20, 0, 1, 1] = value
    return changed


IMAGES = {
    "token ids": (torch.arange(NUMBER * 8).view(NUMBER, 8), r"gives int64 of shape \(2, 8\) for 2"),
    "whole numbers": ((GREY * 255).byte(), r"gives uint8 of shape \(2, 1, 4, 4\) for 2 images"),
    "one channel less": (GREY[:, 0], r"gives float32 of shape \(2, 4, 4\) for 2 images"),
    "one image alone": (GREY[0], r"cannot read 2 of its images: IndexError"),
    "complex": (GREY.to(torch.complex64), "gives complex64 of shape"),
    "no tensor": (Array(), "gives a ndarray, and these are no images"),
    "bytes as floats": (GREY * 255, r"gives values from [\d.]+ to 2\d\d\.?\d*; images are float32"),
    "below black": (with_one(-0.1), r"gives values from -0\.1 to"),
    "not a number": (with_one(float("nan")), "gives values from nan to nan"),
    "infinite": (with_one(float("inf")), r"gives values from \S+ to inf"),
    "other channels later": (Growing(), r"input_shape: is \[1, 4, 4\]; the images are \[3, 4, 4\]"),
    "what raises": (Failing(), "cannot read 2 of its images: KeyError: 'gone'"),
    "fewer than labels": (GREY[:-1], r"cannot read \d+ of its images: IndexError"),
    "whiter than white": (
        Bytes((GREY * 255).byte(), LABELS, white=16),
        r"gives values from \S+ to 15\.\d+;",
    ),
}


@pytest.mark.parametrize("memory_limit", [None, 1])
@pytest.mark.parametrize("kind", IMAGES)
def test_what_is_no_image_is_refused(kind, memory_limit):
    pixels, message = IMAGES[kind]
    with pytest.raises(ConfigError, match=rf"^dataset[.:].*{message}"):
        own(Given(pixels), memory_limit=memory_limit).load()


LABELLED = {
    "a list": ([0, 1] * 20, "has labels in a list; labels are int64"),
    "floats": (LABELS.float(), r"has labels float32 of shape \(40,\); labels are int64"),
    "bytes": (LABELS.byte(), r"has labels uint8 of shape \(40,\)"),
    "truth": (LABELS.bool(), r"has labels bool of shape \(40,\)"),
    "one-hot": (torch.eye(2).long()[LABELS], r"has labels int64 of shape \(40, 2\)"),
    "a column": (LABELS[:, None], r"has labels int64 of shape \(40, 1\)"),
    "below zero": (LABELS - 1, "has labels from -1 to 0; labels are int64"),
    "none": (LABELS[:0], "has no images"),
    "from 1 on": (LABELS + 1, r"has too few images of some classes \('(0|apple): 0'\)"),
    "with a gap": (LABELS * 2, r"has too few images of some classes \('(1|pear): 0'\)"),
    "more": (torch.arange(NUMBER) % 4, r"\.num_classes: is 3; the images have 4 classes"),
}


@pytest.mark.parametrize("kind", LABELLED)
def test_what_are_no_labels_is_refused(kind):
    labels, message = LABELLED[kind]
    for make in (own, lambda *source, **said: parts(*source, Given(GREY), **said)):
        with pytest.raises(ConfigError, match=rf"^dataset.*{message}"):
            make(Given(GREY, labels), num_classes=3).load()


def test_images_and_labels_of_other_numbers_are_refused():
    class Short(Digits):
        def open_all(self) -> Bytes:
            return Bytes((GREY * 255).byte(), LABELS[:-1])

    with pytest.raises(ConfigError, match=r"Short cannot read its images: .* 40 images and 39 l"):
        Short(**COMMON, holdout=0.2, input_shape=(1, 4, 4)).load()


@pytest.mark.parametrize("memory_limit", [None, 1])
def test_floats_of_any_size_are_images(memory_limit):
    plain = own(Given(GREY), memory_limit=memory_limit).load()
    for kind in (torch.float64, torch.float16):
        found = own(Given(GREY.to(kind)), memory_limit=memory_limit).load()
        images = found.train[torch.arange(4)][0]
        assert images.dtype == torch.float32
        assert torch.allclose(images, plain.train[torch.arange(4)][0], atol=0.01)


def test_images_that_are_all_the_same_are_refused(caplog):
    for memory_limit in (None, 1):
        same = own(Given(torch.ones_like(GREY)), memory_limit=memory_limit)
        with pytest.raises(ConfigError, match=r"every pixel .* is the same \(grey 1\)\. Look at"):
            same.load()
    faint = torch.cat([GREY, torch.full_like(GREY, 0.5), GREY], 1)
    with caplog.at_level(logging.WARNING):
        known = own(Given(faint), input_shape=(3, 4, 4)).load()
    (line,) = (one.message for one in caplog.records if one.levelno >= logging.WARNING)
    assert "a channel is nearly constant: green (mean 0.5, standard deviation 0)" in line
    assert known.prepare.std.flatten()[1] == 1  # other images may well have other values
    assert known.train[torch.arange(4)][0][:, 1].abs().max() < 1e-6


def sides(counts: list[int], size: float, **more) -> tuple[list[int], list[int]]:
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    found = stratified(labels, size, 0, "key", **more)
    assert sorted(torch.cat(found).tolist()) == list(range(len(labels)))
    return tuple(labels[side].bincount(minlength=len(counts)).tolist() for side in found)


@pytest.mark.parametrize("counts", [[100, 2], [100, 3, 4], [50, 2, 2, 2, 60], [4, 4, 90]])
def test_a_rare_class_is_on_both_sides_and_the_sizes_stay(counts):
    for size in (0.1, 0.2, 0.5, 0.9):
        rest, chosen = sides(counts, size)
        assert min(rest) > 0
        assert min(chosen) > 0
        assert sum(chosen) == -(-sum(counts) * size // 1)


def test_a_number_is_drawn_with_two_of_each_class():
    for number in (6, 20, 103, 104):
        _, chosen = sides([100, 2, 3], number, least=(0, 2))
        assert min(chosen) >= 2
        assert sum(chosen) == number


@pytest.mark.parametrize(
    ("counts", "size"), [([9, 1], 0.5), ([3, 3, 3], 0.2), ([2, 2, 2], 0.7), ([4], 4)]
)
def test_what_cannot_be_split_is_told(counts, size):
    with pytest.raises(ConfigError, match=rf"key: is {size}, which \d+ images .*do not allow: "):
        sides(counts, size)


def labelled(*counts: int) -> Given:
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return Given(GREY[torch.arange(len(labels)) % NUMBER], labels)


def test_every_split_has_every_class_or_the_class_is_named():
    for counts in ((100, 3, 4), (3, 100, 100)):
        dataset = own(labelled(*counts), num_classes=3)
        known = dataset.load()
        splits = (known.train, known.valid, dataset.at("final").load().test)
        assert all(split.target.bincount(minlength=3).min() > 0 for split in splits)
        limited = own(labelled(*counts), num_classes=3, limit=30).load()
        assert len(limited.train.target) + len(limited.valid.target) == 30
        assert limited.valid.target.bincount(minlength=3).min() > 0
    with pytest.raises(
        ConfigError,
        match=r"dataset: has too few images of some classes \('1: 2', '2: 1'\); each needs at least"
        " 3, one for training and one for validation and one for testing",
    ):
        own(labelled(100, 2, 1), num_classes=3).load()
    with pytest.raises(ConfigError, match=r"\('pear: 1'\); each needs at least 2, one for"):
        parts(labelled(20, 1, 9), labelled(5, 5, 5), num_classes=3).load()


def test_one_class_is_refused():
    with pytest.raises(ConfigError, match=r"num_classes: is 1; of one class, nothing"):
        own(labelled(40), num_classes=1).load()


def test_classes_that_a_test_split_lacks_are_named(caplog):
    lacking = parts(labelled(20, 9, 9), labelled(5, 0, 0), num_classes=3)
    with caplog.at_level(logging.WARNING):
        assert lacking.at("final").load().test.target.unique().tolist() == [0]
    (line,) = caplog.messages
    assert "the test split has no image of 2 of 3 classes" in line
    assert line.endswith("macro F1: 'pear', 'plum'")
    with pytest.raises(ConfigError, match=r"num_classes: is 3; the images have 4 classes"):
        parts(labelled(20, 9, 9), labelled(5, 0, 0, 1), num_classes=3).at("final").load()


def test_splits_without_rare_classes_are_what_they_were():
    for counts, size in {(30, 40, 50): 0.2, (9, 300): 0.3, (20, 20, 21): 30}.items():
        labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
        was = train_test_split(
            range(len(labels)), test_size=size, stratify=labels.numpy(), random_state=3
        )
        for least in ((1, 1), (0, 2)):
            found = stratified(labels, size, 3, "key", least)
            assert [side.tolist() for side in found] == was
