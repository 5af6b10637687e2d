"""Images with masks: what is paired, which numbers are classes, and what is refused."""

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from PIL import Image

from dataset.common import COMMON
from made.masks import scenes
from nas_hydra.dataset.augment import Augmentation, Crop, Cutout, Flip
from nas_hydra.dataset.masks import IGNORE, Aligned, Masks
from nas_hydra.dataset.tree import number_of_rows
from nas_hydra.errors import ConfigError

SIZE = 8
GIVEN = {
    **{name: value for name, value in COMMON.items() if name != "num_classes"},
    **{"holdout": 0.25, "images": "images", "masks": "masks", "ignore": IGNORE},
    **{"pixel_limit": 10**6, "size": SIZE},
}


def put(kind: str, name: str, pixels, **saved) -> None:
    file = Path("scans", kind, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = (
        pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels, "u1"))
    )
    picture.save(file, **saved)


def folder(masks, shape=(SIZE, SIZE)) -> None:
    """An image of noise for each mask."""
    for place, mask in enumerate(masks):
        put("images", f"{place}.jpg", Image.effect_noise((shape[1], shape[0]), 60))
        put("masks", f"{place}.png", mask)


def opened(root="scans", **settings) -> Masks:
    """The dataset, what is left open filled in as the data says."""
    left = {"root": root, "num_classes": None, "values": None}
    given = {**GIVEN, **left, **settings}
    known = {**given, **Masks.found(given)}
    return Masks(**{**known, "input_shape": (3, known["size"], known["size"])})


def plain(*numbers, shape=(SIZE, SIZE)):
    """Masks whose upper half is one number, and the lower another."""
    mask = np.full(shape, numbers[0])
    mask[shape[0] // 2 :] = numbers[-1]
    return mask


def test_each_image_has_the_mask_of_its_name():
    masks = [plain(0, place % 3) for place in range(12)]
    folder(masks)
    source = opened().open_all()
    for place, file in enumerate(source._files):
        assert torch.equal(source.labels[place], torch.from_numpy(masks[int(Path(file).stem)]))


def test_numbers_of_a_palette_are_its_places_whatever_the_colours():
    for place in range(8):
        mask = Image.fromarray(plain(0, 1 + place % 2).astype("u1"), "P")
        mask.putpalette([200, 10, 10, 0, 0, 0, 90, 90, 90])
        put("masks", f"{place}.png", mask)
        put("images", f"{place}.png", plain(3, 200))
    assert opened().values == (0, 1, 2)


@pytest.mark.parametrize("saved", [{"bits": 2}, {"bits": 4}, {}])
def test_a_palette_of_few_bits_keeps_its_numbers(saved):
    for place in range(8):
        mask = Image.fromarray(plain(0, 3).astype("u1"), "P")
        mask.putpalette([0, 0, 0] * 4)
        put("masks", f"{place}.png", mask, **saved)
        put("images", f"{place}.png", plain(3, 200))
    assert opened().values == (0, 3)


def test_grey_in_three_channels_is_as_good():
    folder([np.repeat(plain(0, 1)[..., None], 3, axis=2)] * 8)
    assert opened().values == (0, 1)


def test_numbers_with_gaps_become_classes_in_their_order(caplog):
    caplog.set_level("INFO")
    folder([plain(0, number) for number in (100, 200) * 4])
    dataset = opened()
    assert dataset.num_classes == 3
    assert dataset.open_all().labels.unique().tolist() == [0, 1, 2]
    assert list(dataset.class_names) == ["0", "100", "200"]
    assert "8 images with masks" in caplog.text
    assert "3 classes (0, 100, 200 in the files)" in caplog.text


def test_classes_can_be_said_in_any_order_and_have_names():
    folder([plain(7, 3)] * 8)
    dataset = opened(values=[7, 3], names=["sky", "sea"])
    assert dataset.open_all().labels[0, [0, -1], 0].tolist() == [0, 1]
    assert list(dataset.class_names) == ["sky", "sea"]


def test_pixels_without_a_class_are_ignored():
    folder([plain(0, 1), plain(1, 9)] * 4)
    labels = opened(ignore=9).open_all().labels
    assert labels.unique().tolist() == [0, 1, IGNORE]


def test_black_and_white_masks_are_told_what_to_say():
    folder([plain(0, 255)] * 8)
    with pytest.raises(
        ConfigError, match=r"hold 0, and 255, which is ignored; say dataset\.ignore=null"
    ):
        opened()
    assert opened(ignore=None).values == (0, 255)


@given(
    mask=st.integers(0, 2**32 - 1).map(
        lambda seed: np.random.default_rng(seed).integers(0, 4, (24, 24), "u1")
    )
)
def test_a_resized_mask_makes_no_new_class(mask):
    from nas_hydra.dataset.images.masks import resized_mask

    small = resized_mask(torch.from_numpy(mask.astype("i8")), SIZE)
    assert torch.equal(small, torch.from_numpy(mask[1::3, 1::3].astype("i8")))  # their middles


def test_folders_of_splits_are_the_splits():
    for split, number in (("train", 6), ("val", 2), ("test", 3)):
        scenes(Path("scans", split), number, seed=number)
    splits = opened().at("monitored").load()
    assert [number_of_rows(one.target) for one in splits[:3]] == [6, 2, 3]


def test_rows_are_images_with_masks_as_large():
    scenes(Path("scans"), 12)
    dataset = opened(size=16)
    images, masks = dataset.train[torch.arange(4)]
    assert images.shape == (4, 3, 16, 16)
    assert masks.shape == (4, 16, 16)
    assert masks.dtype == torch.int64
    empty = dataset.example
    assert [one.shape[1:] for one in empty] == [images.shape[1:], masks.shape[1:]]


def test_a_class_that_no_training_mask_holds_is_said(caplog):
    for split, number in (("train", 1), ("test", 2)):
        for place in range(4):
            put(f"{split}/images", f"{place}.png", plain(3, 200))
            put(f"{split}/masks", f"{place}.png", plain(0, number))
    _ = opened().at("final").splits
    assert "no training mask holds 1 of 3 classes, which cannot be learned: '2'" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda: Path("scans/masks/3.png").unlink(), r"images/3\.jpg has no mask"),
        (
            lambda: put("masks", "3.png", plain(0, 1, shape=(4, 6))),
            r"3\.png is 6 x 4 .* image 8 x 8",
        ),
        (lambda: put("masks", "3.png", Image.new("RGB", (8, 8), "red")), r"3\.png .* are colours"),
        (lambda: put("masks", "3.tif", plain(0, 1)), r"two masks of one image"),
        (lambda: Path("scans/masks/3.png").write_text("no picture"), r"3\.png cannot be read"),
        (
            lambda: put("masks", "3.png", np.arange(80).reshape(8, 10)),
            r"hold 80 different .*masks/3\.png alone 80\).* saved as JPEG",
        ),
    ],
)
def test_a_wrong_file_is_named(spoil, problem):
    folder([plain(0, 1)] * 8)
    spoil()
    with pytest.raises(ConfigError, match=problem):
        opened().open_all()


def test_a_number_that_is_no_class_is_named_with_its_file():
    folder([plain(0, 1)] * 7 + [plain(0, 5)])
    with pytest.raises(ConfigError, match=r"masks/7\.png holds 5, and classes are 0, 1; say"):
        opened(num_classes=2).open_all()


def test_a_folder_without_masks_says_what_is_wanted():
    scenes(Path("scans"), 2)
    with pytest.raises(ConfigError, match=r"folders 'images', 'masks'.*Wanted is ROOT/images"):
        opened(masks="labels")
    with pytest.raises(ConfigError, match=r"is not there"):
        opened(root="nowhere")


def test_another_task_is_told_the_right_one():
    scenes(Path("scans"), 4)
    with pytest.raises(ConfigError, match=r"kind 'class'.*task=segmentation"):
        opened(target_kind="class")


@pytest.mark.parametrize("transform", [Flip(0.5), Crop(3), Cutout(3)])
def test_every_pixel_keeps_its_class_in_augmentation(transform):
    """Images whose pixels are the number of their class."""
    masks = torch.randint(1, 5, (16, 8, 8))
    images = masks.unsqueeze(1).expand(-1, 3, -1, -1).float()
    changed, moved = Aligned(Augmentation([transform]))(images, masks)
    assert changed.shape == images.shape
    assert moved.dtype == torch.int64
    known = moved != IGNORE
    assert torch.equal(changed[:, 0][known], moved[known].float())
    assert not changed[:, 0][~known].any()
    assert (moved != masks).any()


def test_an_augmentation_that_would_leave_the_masks_behind_is_refused():
    from torchvision.transforms import v2

    with pytest.raises(ConfigError, match=r"dataset\.augment.*RandomRotation.*allowed: flip"):
        Aligned(Augmentation([v2.RandomRotation(20)]))
