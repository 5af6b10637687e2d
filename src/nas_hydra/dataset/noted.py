"""Which rows a search sees: what its record and its folder keep of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas_hydra.dataset.examples import FILE, SPLITS, difference, read, save
from nas_hydra.dataset.loading import Splits


class NotedRows:
    """The rows of a search, each by a digest.

    Args:
        splits: what it trains on, and measures on.
    """

    def __init__(self, splits: Splits) -> None:
        self._counts = list(splits.counts)
        self._splits = dict(zip(SPLITS, splits.examples, strict=True))

    @property
    def data(self) -> Mapping[str, Any]:
        """How many rows each class has, and digests of the splits."""
        return {"counts": self._counts} | self.identity

    @property
    def identity(self) -> dict[str, str]:
        """Digests of the training and the validation split."""
        return {name: one.digest for name, one in self._splits.items()}

    def save(self, folder: Path) -> None:
        """Keep a digest of every row in a folder."""
        save(folder / FILE, self._splits)

    def changed(self, folder: Path) -> str:
        """How the rows differ from those that are kept in a folder; empty if it has none."""
        then, now = read(folder / FILE), self._splits
        found = (difference(then[name], now[name], name) for name in now if name in then)
        return "; ".join(filter(None, found))
