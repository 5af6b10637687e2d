"""Which images a search sees: what its record and its folder keep of them."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.examples import FILE, SPLITS, difference, read, save
from nas_hydra.dataset.split import Splits
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.node import Constant, Table

NEUTRAL = {field.name for field in fields(ImageDataset) if not field.compare}
"""Settings of a dataset that decide nothing about which images it has."""


class NotedImages:
    """The images of a search.

    Args:
        splits: what it trains on, and measures on.
    """

    def __init__(self, splits: Splits) -> None:
        self._counts = list(splits.counts)
        self._splits = dict(zip(SPLITS, splits.examples, strict=True))

    @property
    def data(self) -> Mapping[str, Any]:
        """What the record keeps: see ``Evaluator.data``."""
        return {"counts": self._counts} | {name: one.digest for name, one in self._splits.items()}

    def save(self, folder: Path) -> None:
        """Keep a digest of every image in a folder."""
        save(folder / FILE, self._splits)

    def changed(self, folder: Path) -> str:
        """How the images differ from those that are kept in a folder; empty if it has none."""
        then, now = read(folder / FILE), self._splits
        found = (difference(then[name], now[name], name) for name in now if name in then)
        return "; ".join(filter(None, found))


def same_images(space: SearchSpace) -> bool:
    """Whether all candidates of a space are trained on the same images."""
    node = space.parts.get("dataset")
    if not isinstance(node, Table):
        return isinstance(node, Constant)
    open_ones = {name for name, part in node.items.items() if not isinstance(part, Constant)}
    return open_ones <= NEUTRAL
