"""Augmentation: changes to whole training batches, on the device that trains.

The transforms of ``torchvision.transforms.v2`` decide once per call, so that given a batch they
would flip all of its images or none. The ones here decide for each image; torchvision's own can
stand beside them, and MixUp and CutMix, made for batches, are used as they are.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchvision.transforms import v2

from nas_hydra.errors import ConfigError

Transform = Callable[..., Any]


class Augmentation:
    """Transforms of a training batch, one after the other.

    All of them draw from torch's default generators, which an evaluator seeds.

    Args:
        transforms: take images (N, C, H, W), or images and labels (N,), as those of
            ``torchvision.transforms.v2`` do.
    """

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.transforms = list(transforms)
        self._transform = v2.Compose(list(transforms)) if transforms else None

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The changed batch; labels may come out as shares of classes, (N, num_classes)."""
        if self._transform is None:
            return images, labels
        images, labels = self._transform(images, labels)
        return images, labels


class PerImage(v2.Transform):  # type: ignore[misc]  # torchvision is not typed
    """A transform that changes images and leaves labels, and decides for each image of a batch."""

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Change (N, C, H, W)."""
        return self.change(images), labels

    def change(self, images: Tensor) -> Tensor:
        """The changed images."""
        raise NotImplementedError


class Flip(PerImage):
    """Mirrors images left to right.

    Args:
        p: chance of each image, 0 to 1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = _checked_share(p, "p")

    def change(self, images: Tensor) -> Tensor:
        """Half of them are mirrored, if ``p`` is 0.5."""
        chosen = torch.rand(len(images), device=images.device) < self.p
        return torch.where(chosen.view(-1, 1, 1, 1), images.flip(3), images)


class Crop(PerImage):
    """Moves images by up to so many pixels in each direction; what comes in is the mean colour.

    Args:
        padding: pixels, at least 1.
    """

    def __init__(self, padding: int) -> None:
        super().__init__()
        if padding < 1:
            raise ConfigError("dataset.augment", f"padding is {padding}; at least 1 is needed")
        self.padding = padding

    def change(self, images: Tensor) -> Tensor:
        """A window of each image's own, out of the image with a frame of zeros."""
        number, _, height, width = images.shape
        framed = pad(images, [self.padding] * 4).permute(0, 2, 3, 1)
        corner = torch.randint(2 * self.padding + 1, (2, number, 1, 1), device=images.device)
        rows = corner[0] + torch.arange(height, device=images.device).view(1, -1, 1)
        columns = corner[1] + torch.arange(width, device=images.device).view(1, 1, -1)
        image = torch.arange(number, device=images.device).view(-1, 1, 1)
        return framed[image, rows, columns].permute(0, 3, 1, 2)


class Cutout(PerImage):
    """Blanks a square of each image with the mean colour (DeVries and Taylor 2017).

    Args:
        size: side in pixels, at least 1; parts of the square may lie outside of the image.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        if size < 1:
            raise ConfigError("dataset.augment", f"size is {size}; at least 1 is needed")
        self.size = size

    def change(self, images: Tensor) -> Tensor:
        """The square's middle is anywhere in the image."""
        rows, columns = (
            self._covered(len(images), side, images.device) for side in images.shape[2:]
        )
        covered = rows[:, None, :, None] & columns[:, None, None, :]
        return torch.where(covered, torch.zeros_like(images), images)

    def _covered(self, number: int, side: int, device: torch.device) -> Tensor:
        """Which of the pixels of a side the square covers, (number, side)."""
        start = torch.randint(side, (number, 1), device=device) - self.size // 2
        place = torch.arange(side, device=device)
        return (place >= start) & (place < start + self.size)


def _checked_share(value: float, name: str) -> float:
    """A number that must be from 0 to 1."""
    if not 0 <= value <= 1:
        raise ConfigError("dataset.augment", f"{name} is {value}; allowed: 0 to 1")
    return value
