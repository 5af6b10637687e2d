"""Images that do not fit into memory, decoded by worker processes as they are needed."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from nas_hydra.dataset.images import Order, Source


@dataclass(frozen=True)
class Stream:
    """A split of a source, decoded and normalised when asked for.

    Args:
        source: of all images.
        places: (N,), where the split's images stand in it.
        mean: of the channels, (C, 1, 1).
        std: likewise.
    """

    source: Source
    places: Tensor
    mean: Tensor
    std: Tensor

    @property
    def labels(self) -> Tensor:
        """(N,), int64."""
        return self.source.labels[self.places]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.places)

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Pixels and labels of the images at these places of the split, in this order."""
        places = self.places[index]
        pixels = (self.source[places] - self.mean) / self.std
        return pixels.contiguous(memory_format=torch.channels_last), self.source.labels[places]

    def batches(self, order: Order, workers: int) -> DataLoader[tuple[Tensor, Tensor]]:
        """Batches in CPU memory; each worker process decodes a batch at a time.

        Args:
            order: which images make a batch.
            workers: how many processes; 0 decodes in this one.
        """
        return DataLoader(
            self,  # type: ignore[arg-type]  # it takes whatever can be indexed
            sampler=order,  # a batch of indices at a time
            batch_size=None,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(0),  # or it would draw from the global one
        )


def chunks(source: Source, places: Tensor, size: int) -> Iterator[Tensor]:
    """The pixels at these places, so many images at a time."""
    for part in torch.split(places, size):
        yield source[part]
