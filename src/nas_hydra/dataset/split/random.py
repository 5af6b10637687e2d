"""Splits at random, whatever is to be told of the rows."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nas_hydra.dataset.split import Places, Splitter, shuffled
from nas_hydra.dataset.tree import Tree, number_of_rows
from nas_hydra.errors import ConfigError


@dataclass(frozen=True)
class Random(Splitter):
    """Every row is as likely as any other to be chosen."""

    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """See ``Splitter``."""
        rest, chosen = _shuffled(number_of_rows(target), size, seed, key)
        return torch.from_numpy(rest), torch.from_numpy(chosen)

    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """See ``Splitter``."""
        groups = None if within is None else within.numpy().astype("i8")
        return torch.from_numpy(_shuffled(number_of_rows(target), number, seed, key, groups)[1])


def _shuffled(
    number: int, size: float, seed: int, key: str, groups: Places | None = None
) -> tuple[Places, Places]:
    try:
        return shuffled(number, size, seed, groups)
    except ValueError as error:
        problem = f"is {size}, which {number} rows do not allow: {error}"
        raise ConfigError(key, problem) from None
