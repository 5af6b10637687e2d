"""Images that do not fit into memory, decoded by worker processes as they are needed."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, get_worker_info

from nas_hydra.dataset.check import decoded
from nas_hydra.dataset.images import Order, Source
from nas_hydra.errors import in_one_line
from nas_hydra.shared_memory import Sent

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Stream:
    """A split of a source, decoded and prepared when asked for.

    Args:
        source: of all images.
        places: (N,), where the split's images stand in it.
        shape: (C, H, W) of each.
        prepare: what is made of the pixels.
    """

    source: Source
    places: Tensor
    shape: tuple[int, int, int]
    prepare: nn.Module

    @property
    def labels(self) -> Tensor:
        """(N,), int64."""
        return self.source.labels[self.places]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.places)

    def __getitem__(self, index: Tensor | NDArray[np.int64]) -> Batch:
        """Pixels and labels of the images at these places of the split, in this order."""
        places = self.places[torch.as_tensor(index)]
        pixels = self.prepare(decoded(self.source, places, self.shape))
        return pixels.contiguous(memory_format=torch.channels_last), self.source.labels[places]

    def batches(self, order: Order, workers: int) -> DataLoader[Batch]:
        """Batches in CPU memory; each worker process decodes a batch at a time.

        Args:
            order: which images make a batch.
            workers: how many processes; 0 decodes in this one, as does a system on which
                processes cannot wait for each other.
        """
        processes = workers if locks() else 0
        return DataLoader(
            self,  # type: ignore[arg-type]  # it takes whatever can be indexed
            sampler=order,  # a batch of indices at a time
            batch_size=None,
            collate_fn=sent,  # type: ignore[arg-type]  # of what is no list, as it comes
            num_workers=processes,
            persistent_workers=processes > 0,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(0),  # or it would draw from the global one
        )


def sent(batch: Batch) -> Batch | tuple[Sent, ...]:
    """What a worker process makes of a batch, so that it reaches the trainer without a copy."""
    return batch if get_worker_info() is None else tuple(map(Sent, batch))


@cache
def locks() -> bool:
    """Whether the system has locks for processes, which Linux keeps in ``/dev/shm``."""
    try:
        get_context().Lock()
    except OSError as error:
        log.warning(
            "data: images are decoded by the trainer's own process, since others cannot be"
            " synchronised (%s). Make /dev/shm writable: docker run --shm-size=1g",
            in_one_line(error),
        )
        return False
    return True


def chunks(source: Source, places: Tensor, shape: Sequence[int], size: int) -> Iterator[Tensor]:
    """The pixels at these places, of this shape, so many images at a time."""
    for part in torch.split(places, size):
        yield decoded(source, part, shape)
