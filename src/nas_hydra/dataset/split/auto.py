"""Splits by class where classes are to be told, and at random where it is anything else."""

from dataclasses import dataclass

from torch import Tensor

from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.dataset.tree import Tree, is_classes


@dataclass(frozen=True)
class Auto(Splitter):
    """``Stratified`` or ``Random``, as the target allows."""

    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """See ``Splitter``."""
        return _suiting(target).parted(target, size, seed, key)

    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """See ``Splitter``."""
        return _suiting(target).drawn(target, number, seed, key, within)


def _suiting(target: Tree) -> Splitter:
    return Stratified() if is_classes(target) else Random()
