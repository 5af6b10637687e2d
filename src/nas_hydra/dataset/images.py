"""Images in memory, and batches of them by indexing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.dataset.contents import Contents, of_numbers, whole_numbers
from nas_hydra.dataset.tree import Example

CHUNK = 1024
"""How many images are decoded or normalised at a time, where all of them are."""


class Source(Protocol):
    """Labelled images as they lie on disk or in a library, decoded when asked for.

    One that knows digests of them may have a method ``contents``, see ``examples.Digesting``;
    else equal images are known by the pixels that it gives, which should be the same each time.
    """

    @property
    def labels(self) -> Tensor:
        """(N,), int64, counted from 0; known without decoding anything."""

    def __getitem__(self, index: Tensor) -> Tensor:
        """The pixels (n, C, H, W) of the images at these places, float32 in [0, 1]."""


@dataclass(frozen=True)
class Images:
    """Labelled images in memory.

    Args:
        pixels: (N, C, H, W), float32, channels last in memory.
        labels: (N,), int64, counted from 0.
    """

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The images at these places, in this order, channels last."""
        # Each image's numbers lie side by side, and are copied at once instead of one by one.
        rows = self.pixels.permute(0, 2, 3, 1).index_select(0, index)
        return rows.permute(0, 3, 1, 2), self.labels[index]

    def to(self, device: torch.device) -> "Images":
        """The same images there."""
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Bytes:
    """A source of small whole numbers that already lie in memory.

    Args:
        raw: (N, C, H, W), any integer type.
        labels: (N,), int64.
        white: the number that stands for the brightest pixel.
    """

    raw: Tensor
    labels: Tensor
    white: int = 255

    def __post_init__(self) -> None:
        if len(self.raw) != len(self.labels):
            raise ValueError(f"there are {len(self.raw)} images and {len(self.labels)} labels")

    def __getitem__(self, index: Tensor) -> Tensor:
        """The pixels at these places."""
        return self.raw[index].float() / self.white

    def contents(self, places: Tensor) -> Contents:
        """Digests of the numbers at these places."""
        parts = (self.raw[part] for part in torch.split(places, CHUNK))
        return of_numbers(whole_numbers(self.raw.dtype, self.white), parts)


class Order:
    """Where the images of each batch stand; every iteration is an epoch.

    No image is left out: they make as few batches as may be, of as nearly the same size as may be.
    So no batch has one image alone, which batch normalisation cannot train on, unless every one
    has; where an odd number of images is to be had by twos, one batch has three.

    Args:
        total: number of images.
        size: images per batch, at most.
        seed: of the order, which is new in every epoch; None keeps the images' own order.
        parts: into how many micro-batches each batch is cut, if it has so many images.
    """

    def __init__(self, total: int, size: int, seed: int | None = None, parts: int = 1) -> None:
        self._total, self._number = total, number_of_batches(total, size)
        self._parts = min(parts, max(1, total // self._number))
        self._generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """Micro-batches per epoch."""
        return self._number * self._parts

    @property
    def weights(self) -> list[float]:
        """By which the mean loss of each micro-batch is multiplied; their mean is its batch's."""
        numbers = torch.empty(self._total)
        return [
            len(part) * self._parts / len(batch)
            for batch in torch.tensor_split(numbers, self._number)
            for part in torch.tensor_split(batch, self._parts)
        ]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        """One epoch, as indices (n,), drawn late: a DataLoader makes iterators in vain.

        They are numpy's, which go to its processes by a pipe, and tensors by ``/dev/shm``.
        """
        for batch in self.drawn(torch.device("cpu")):
            yield batch.numpy()

    def drawn(self, device: torch.device) -> list[Tensor]:
        """One epoch's batches, moved there at once; the order is the same on every device."""
        if self._generator is None:
            order = torch.arange(self._total)
        else:
            order = torch.randperm(self._total, generator=self._generator)
        batches = torch.tensor_split(order.to(device), self._number)
        if self._parts == 1:
            return list(batches)
        return [part for batch in batches for part in torch.tensor_split(batch, self._parts)]


def number_of_batches(total: int, size: int) -> int:
    """How many batches of at most ``size`` images an epoch has."""
    least = -(-total // size)
    return least if size == 1 else max(1, min(least, total // 2))


class Batches:
    """Batches ``(pixels, labels)`` of images in memory, where these lie.

    Args:
        images: where they come from.
        order: which images make a batch.
    """

    def __init__(self, images: Images, order: Order) -> None:
        self._images, self._order = images, order

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self._order)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch."""
        for index in self._order.drawn(self._images.labels.device):
            yield self._images[index]


def empty_images(shape: Sequence[int]) -> Example:
    """Two empty images of this shape, (C, H, W), of the first class."""
    return Example(torch.zeros(2, *shape), torch.zeros(2, dtype=torch.int64))
