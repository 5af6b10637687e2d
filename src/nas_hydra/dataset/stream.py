"""Rows that do not fit into memory, read by worker processes as they are needed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, get_worker_info

from nas_hydra.dataset.rows import Order
from nas_hydra.dataset.source import Source, target_of
from nas_hydra.dataset.tree import Tree, laid_out, mapped, taken
from nas_hydra.errors import in_one_line
from nas_hydra.shared_memory import Sent

log = logging.getLogger(__name__)

Batch = tuple[Tree, Tree]

Read = Callable[[Source, Tensor], Tree]
"""The inputs of a source at these places, looked at: see ``check``."""


@dataclass(frozen=True)
class Stream:
    """A split of a source, read and prepared when asked for.

    Args:
        source: of all rows.
        places: (N,), where the split's rows stand in it.
        read: gives the inputs at some places of a source.
        prepare: what is made of them.
    """

    source: Source
    places: Tensor
    read: Read
    prepare: nn.Module

    @property
    def target(self) -> Tree:
        """(N, ...)."""
        return taken(target_of(self.source), self.places)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.places)

    def __getitem__(self, index: Tensor | NDArray[np.int64]) -> Batch:
        """The rows at these places of the split, in this order; images are channels last."""
        places = self.places[torch.as_tensor(index)]
        with torch.no_grad():
            inputs = self.prepare(self.read(self.source, places))
        return laid_out(inputs), taken(target_of(self.source), places)

    def batches(self, order: Order, workers: int) -> DataLoader[Batch]:
        """Batches in CPU memory; each worker process reads a batch at a time.

        Args:
            order: which rows make a batch.
            workers: how many processes; 0 reads in this one, as does a system on which
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


def sent(batch: Batch) -> Batch:
    """What a worker process makes of a batch, so that it reaches the trainer without a copy."""
    return batch if get_worker_info() is None else mapped(Sent, batch)


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
