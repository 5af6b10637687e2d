"""Images in memory, and batches of them by indexing."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Images:
    """Labelled images.

    Args:
        pixels: (N, C, H, W), float32; in [0, 1] as loaded.
        labels: (N,), int64, counted from 0.
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> "Images":
        """The images at these places, in this order."""
        return Images(self.pixels[index], self.labels[index])

    def normalized(self, mean: Tensor, std: Tensor) -> "Images":
        """Pixels less ``mean`` over ``std``, both of shape (C, 1, 1)."""
        return Images((self.pixels - mean) / std, self.labels)


class Batches:
    """Batches of ``(pixels, labels)``; every iteration is an epoch.

    Args:
        images: where they come from.
        size: images per batch.
        seed: of the order, which is new in every epoch; None keeps the images' own order. A
            shuffled epoch leaves out the images that do not fill a last batch, since a batch of
            one image breaks batch normalisation.
    """

    def __init__(self, images: Images, size: int, seed: int | None = None) -> None:
        self._images, self._size = images, min(size, len(images))
        self._generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """Batches per epoch."""
        if self._generator is None:
            return -(-len(self._images) // self._size)
        return len(self._images) // self._size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch."""
        total = len(self._images)
        if self._generator is None:
            order = torch.arange(total)
        else:
            order = torch.randperm(total, generator=self._generator)
        for index in torch.split(order, self._size)[: len(self)]:
            yield self._images.pixels[index], self._images.labels[index]
