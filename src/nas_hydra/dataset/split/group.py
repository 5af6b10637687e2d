"""Splits of rows that belong together: all rows of a group are on one side."""

from dataclasses import dataclass

import torch
from sklearn.model_selection import GroupShuffleSplit
from torch import Tensor

from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.tree import Tree
from nas_hydra.errors import ConfigError

TRIES = 32
"""Random choices of groups, of which the one is taken whose number of rows is nearest."""


@dataclass(frozen=True)
class Group(Splitter):
    """No group is on two sides, as patients of whom there are several rows must not be."""

    by = "group"

    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """See ``Splitter``; the ``target`` is the rows' groups, int64 (N,)."""
        groups = target.numpy()
        number = len(target.unique())
        if number < 2:
            problem = "cannot be split by group: all of them are of one"
            raise ConfigError("dataset.group", problem)
        share = min(max(size, 1 / number), 1 - 1 / number)
        tries = GroupShuffleSplit(TRIES, test_size=share, random_state=seed)
        sides = [*tries.split(groups, groups=groups)]
        rest, chosen = min(sides, key=lambda side: abs(len(side[1]) - size * len(groups)))
        return torch.from_numpy(rest), torch.from_numpy(chosen)

    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """See ``Splitter``; at random, whatever the groups."""
        return Random().drawn(target, number, seed, key, within)
