"""Buckets: rows of like length make a batch, which is cut to its longest row."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from nas_hydra.dataset.rows import Order

WINDOW = 20
"""So many batches at a time exchange their rows: more are more alike, and less at random."""


class ByLength(Order):
    """As ``Order``, and rows of like length are together.

    In every epoch, the rows of each ``WINDOW`` batches are sorted, and make as many batches of the
    same sizes, in an order at random.

    Args:
        lengths: (N,), of all rows.
        size: rows per batch, at most.
        seed: of the order.
        parts: see ``Order``.
    """

    def __init__(self, lengths: Tensor, size: int, seed: int, parts: int = 1) -> None:
        super().__init__(len(lengths), size, seed, parts)
        self._lengths = lengths.cpu()
        self._shuffling = torch.Generator().manual_seed(seed)

    def drawn(self, device: torch.device) -> list[Tensor]:
        """One epoch's batches, moved there at once."""
        batches = super().drawn(torch.device("cpu"))
        window = WINDOW * self._parts
        parts = [batches[start : start + window] for start in range(0, len(batches), window)]
        return [batch.to(device) for part in parts for batch in self._alike(part)]

    def _alike(self, batches: list[Tensor]) -> list[Tensor]:
        """The rows of some batches in as many of the same sizes, by their lengths."""
        rows = torch.cat(batches)
        rows = rows[self._lengths[rows].argsort(stable=True)]
        order = torch.randperm(len(batches), generator=self._shuffling).tolist()
        # Cut in the order in which they come last: the sizes stay at their places.
        sizes = [0] * len(batches)
        for place, rank in enumerate(order):
            sizes[rank] = len(batches[place])
        found = torch.split(rows, sizes)
        return [found[rank] for rank in order]


class Cut:
    """Batches of padded ids, each cut to its longest row.

    Args:
        batches: ``(ids, target)``, ids (N, L); a target of tokens is cut likewise.
        padding: the id behind an end.
    """

    def __init__(self, batches: Any, padding: int) -> None:
        self._batches, self._padding = batches, padding

    def __len__(self) -> int:
        """Batches per epoch."""
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch."""
        for ids, target in self._batches:
            longest = max(1, int((ids != self._padding).sum(dim=1).max()))
            tokens = target.shape == ids.shape
            yield ids[:, :longest], target[:, :longest] if tokens else target
