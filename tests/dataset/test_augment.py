"""Augmentation: each image decides for itself, and nothing but the seed decides how."""

import pytest
import torch
from torchvision.transforms import v2

from nas_hydra.dataset.augment import Augmentation, Crop, Cutout, Flip
from nas_hydra.errors import ConfigError

LABELS = torch.arange(200) % 10


def batch() -> torch.Tensor:
    pixels = torch.randn(200, 3, 12, 10, generator=torch.Generator().manual_seed(1))
    return pixels.contiguous(memory_format=torch.channels_last)


def change(*transforms, seed: int = 0):
    torch.manual_seed(seed)
    return Augmentation(transforms)(batch(), LABELS)


def test_nothing_changes_nothing():
    images, labels = Augmentation([])(given := batch(), LABELS)
    assert images is given
    assert labels is LABELS


def test_each_image_is_flipped_or_not():
    images, labels = change(Flip(0.5))
    mirrored = [torch.equal(one, old.flip(2)) for one, old in zip(images, batch(), strict=True)]
    kept = [torch.equal(one, old) for one, old in zip(images, batch(), strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 60 < sum(mirrored) < 140
    assert labels is LABELS


def test_each_image_is_moved_by_its_own_number_of_pixels():
    images, _ = change(Crop(2))
    framed = torch.nn.functional.pad(batch(), [2, 2, 2, 2])
    windows = {
        (row, column): framed[:, :, row : row + 12, column : column + 10]
        for row in range(5)
        for column in range(5)
    }
    found = [
        next(place for place, window in windows.items() if torch.equal(image, window[index]))
        for index, image in enumerate(images)
    ]
    assert len(set(found)) > 15


def test_cutout_blanks_one_square_of_each_image():
    images, _ = change(Cutout(4))
    blank = (images == 0).all(dim=1)
    assert torch.equal(
        images[~blank[:, None].expand_as(images)], batch()[~blank[:, None].expand_as(images)]
    )
    assert all(4 <= number <= 16 for number in blank.sum(dim=(1, 2)).tolist())
    assert len({tuple(one.flatten().tolist()) for one in blank}) > 20


def test_mixup_of_torchvision_mixes_labels_too():
    images, labels = change(Flip(0.5), v2.MixUp(alpha=1.0, num_classes=10))
    assert images.shape == batch().shape
    assert labels.shape == (200, 10)
    assert torch.allclose(labels.sum(dim=1), torch.ones(200))
    assert (labels.max(dim=1).values < 1).any()


@pytest.mark.parametrize("transform", [Flip(0.5), Crop(2), Cutout(4)])
def test_layout_stays_and_the_seed_decides(transform):
    first, again, other = (change(transform, seed=seed)[0] for seed in (0, 0, 1))
    assert first.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Flip(1.5), "p is 1.5; allowed: 0 to 1"),
        (lambda: Crop(0), "padding is 0; at least 1"),
        (lambda: Cutout(0), "size is 0; at least 1"),
    ],
)
def test_wrong_settings_are_named(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
