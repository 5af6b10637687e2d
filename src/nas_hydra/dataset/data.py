"""Data: what whoever trains and measures networks has to know of any."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, Self

import torch

from nas_hydra.dataset.noted import Noted
from nas_hydra.dataset.split import Stage
from nas_hydra.dataset.tree import Example, Tree

CPU = torch.device("cpu")

Batched = Iterable[tuple[Tree, Tree]]
"""Batches ``(inputs, target)``, anew in every iteration."""


class Data(Protocol):
    """Batches of three splits, and an example of them.

    A batch is a pair ``(inputs, target)`` of trees. Other facts, which only some data have, are
    asked for by name: ``num_classes``, ``class_names``.
    """

    noun: str
    """What its rows are called: images."""

    @property
    def rows(self) -> int | None:
        """How many are trained on; None if nobody knows."""

    @property
    def noted(self) -> Noted:
        """Which rows they are: what a record keeps of them."""

    @property
    def augment(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        """Changes a training batch, on the device that trains."""

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


def empty_images(shape: Sequence[int]) -> Example:
    """Two empty images of this shape, (C, H, W), of the first class."""
    return Example(torch.zeros(2, *shape), torch.zeros(2, dtype=torch.int64))
