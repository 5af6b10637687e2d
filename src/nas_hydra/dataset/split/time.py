"""Splits by time: what is measured on is later than all that is trained on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.tree import Tree
from nas_hydra.errors import ConfigError


@dataclass(frozen=True)
class Time(Splitter):
    """The latest rows are chosen, whatever the seed; those of one time are on one side."""

    by = "time"

    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """See ``Splitter``; the ``target`` is the rows' times, float64 (N,)."""
        times: Tensor = target
        number = min(max(round(size * len(times)), 1), len(times))
        chosen = times >= times.sort(descending=True).values[number - 1]
        if chosen.all():
            chosen = times > times.min()
        if not chosen.any():
            raise ConfigError("dataset.time", "cannot split rows: all of them have one time")
        return torch.nonzero(~chosen)[:, 0], torch.nonzero(chosen)[:, 0]

    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """See ``Splitter``; at random, whatever their times."""
        return Random().drawn(target, number, seed, key, within)
