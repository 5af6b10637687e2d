"""Rows in memory, or read as they are needed, and in which batches they come."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, get_worker_info

from nas_hydra.dataset.source import Source, target_of
from nas_hydra.dataset.tree import Tree, laid_out, leaves, moved, number_of_rows, selected, tree_map
from nas_hydra.errors import in_one_line
from nas_hydra.process.shared_memory import Sent

log = logging.getLogger(__name__)
Batch = tuple[Tree, Tree]
Read = Callable[[Source, Tensor], Tree]
"""The inputs of a source at these places, looked at: see ``check``."""


@dataclass(frozen=True)
class Rows:
    """Inputs and what is to be told of them, in memory.

    Args:
        inputs: (N, ...); images are (N, C, H, W), float32, channels last in memory.
        target: (N, ...); of images of classes (N,), int64, counted from 0.
    """

    inputs: Tree
    target: Tree

    def __len__(self) -> int:
        """Number of rows."""
        return number_of_rows(self.target)

    def __getitem__(self, index: Tensor) -> tuple[Tree, Tree]:
        """The rows at these places, in this order; images are channels last."""
        return selected(self.inputs, index), selected(self.target, index)

    def to(self, device: torch.device) -> "Rows":
        """The same rows there."""
        return Rows(moved(self.inputs, device), moved(self.target, device))


class Order:
    """Where the rows of each batch stand; every iteration is an epoch.

    No row is left out: they make as few batches as may be, of as nearly the same size as may be.
    So no batch has one row alone, which batch normalisation cannot train on, unless every one
    has; where an odd number of rows is to be had by twos, one batch has three.

    Args:
        total: number of rows.
        size: rows per batch, at most.
        seed: of the order, which is new in every epoch; None keeps the rows' own order.
        parts: into how many micro-batches each batch is cut, if it has so many rows.
    """

    def __init__(self, total: int, size: int, seed: int | None = None, parts: int = 1) -> None:
        self._total, self._number = total, number_of_batches(total, size)
        self._parts = min(parts, max(1, total // self._number))
        self._seed = seed
        self._generator = None if seed is None else torch.Generator().manual_seed(seed)

    def go_on(self, epochs: int) -> None:
        """Let the next iteration be the one after so many epochs, whatever was drawn so far."""
        if self._generator is not None and self._seed is not None:
            self._generator.manual_seed(self._seed)
            for _ in range(epochs):
                torch.randperm(self._total, generator=self._generator)

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
    """How many batches of at most ``size`` rows an epoch has."""
    least = -(-total // size)
    return least if size == 1 else max(1, min(least, total // 2))


class Batches:
    """Batches ``(inputs, target)`` of rows in memory, where these lie.

    Args:
        rows: where they come from.
        order: which rows make a batch.
    """

    def __init__(self, rows: Rows, order: Order) -> None:
        self._rows, self.order = rows, order

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self.order)

    def __iter__(self) -> Iterator[tuple[Tree, Tree]]:
        """One epoch."""
        for index in self.order.drawn(leaves(self._rows.target)[0].device):
            yield self._rows[index]


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
        return selected(target_of(self.source), self.places)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.places)

    def __getitem__(self, index: Tensor | NDArray[np.int64]) -> Batch:
        """The rows at these places of the split, in this order; images are channels last."""
        places = self.places[torch.as_tensor(index)]
        with torch.no_grad():
            inputs = self.prepare(self.read(self.source, places))
        return laid_out(inputs), selected(target_of(self.source), places)

    def batches(self, order: Order, workers: int) -> DataLoader[Batch]:
        """Batches in CPU memory; each worker process reads a batch at a time.

        Args:
            order: which rows make a batch.
            workers: how many processes; 0 reads in this one, as does a system on which
                processes cannot wait for each other.
        """
        processes = workers if _locks() else 0
        return DataLoader(
            self,  # type: ignore[arg-type]  # it takes whatever can be indexed
            sampler=order,  # a batch of indices at a time
            batch_size=None,
            collate_fn=_sent,  # type: ignore[arg-type]  # of what is no list, as it comes
            num_workers=processes,
            persistent_workers=processes > 0,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(0),  # or it would draw from the global one
        )


def _sent(batch: Batch) -> Batch:
    """What a worker process makes of a batch, so that it reaches the trainer without a copy."""
    return batch if get_worker_info() is None else tree_map(Sent, batch)


@cache
def _locks() -> bool:
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
