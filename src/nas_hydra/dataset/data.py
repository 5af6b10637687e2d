"""Data: what whoever trains and measures networks has to know of any."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import torch

from nas_hydra.dataset.split import Stage
from nas_hydra.dataset.tree import Example, Tree

CPU = torch.device("cpu")

Augment = Callable[[Any, Any], tuple[Any, Any]]
"""Changes the inputs and the target of a training batch, on the device that trains."""

Batched = Iterable[tuple[Tree, Tree]]
"""Batches ``(inputs, target)``, anew in every iteration."""


class Noted(Protocol):
    """What is kept of data, by which other data is told from it."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What the record keeps, JSON-like."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What the outcome of a training depends on: digests."""

    def save(self, folder: Path) -> None:
        """Keep more of it in a folder, if there is more."""

    def changed(self, folder: Path) -> str:
        """How the data differs from what a folder has kept; empty if it does not say."""


class Data(Protocol):
    """Batches of three splits, and an example of them.

    A batch is a pair ``(inputs, target)`` of trees. Other facts, which only some data have, are
    asked for by name: ``num_classes``, ``class_names``, ``augment``.
    """

    unit: str
    """What its rows are called: images."""

    @property
    def rows(self) -> int | None:
        """How many are trained on; None if nobody knows."""

    @property
    def noted(self) -> Noted:
        """Which rows they are: what a record keeps of them."""

    def cut(self, parts: int) -> int:
        """Into how many micro-batches, up to so many, training batches can be cut."""

    def weights(self, parts: int) -> Sequence[float]:
        """By which the mean loss of each micro-batch of an epoch is multiplied."""

    @property
    def stage(self) -> Stage:
        """What the rows are for."""

    @property
    def batch_size(self) -> int:
        """Rows per training batch, at most."""

    def at(self, stage: Stage) -> Self:
        """The same data at another stage."""

    @property
    def example(self) -> Example:
        """Two rows of a training batch as the network gets them, on the CPU."""

    def train_batches(self, seed: int, device: torch.device = CPU, parts: int = 1) -> Batched:
        """Training batches in an order fixed by the seed.

        Args:
            seed: of the order.
            device: where to make them, if the rows fit there.
            parts: into how many micro-batches each is cut.
        """

    def valid_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """Batches to validate on, the same every time; None at the stage "final"."""

    def test_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """Batches to test on, the same every time; None at the stage "search"."""


def augmentation(data: Data) -> Augment:
    """What changes the training batches of data, which not all have."""
    augment: Augment = getattr(data, "augment", lambda inputs, target: (inputs, target))
    return augment
