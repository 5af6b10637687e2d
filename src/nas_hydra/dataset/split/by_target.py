"""Splits as the target asks for: stratified where it is classes, else at random."""

from dataclasses import dataclass

from torch import Tensor

from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.dataset.tree import Tree, is_classes


@dataclass(frozen=True)
class ByTarget(Splitter):
    """Classes keep their shares; whatever else is to be told, every row is as likely."""

    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """See ``Splitter``."""
        return _fitting(target).parted(target, size, seed, key)

    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """See ``Splitter``."""
        return _fitting(target).drawn(target, number, seed, key, within)


def _fitting(target: Tree) -> Splitter:
    return Stratified() if is_classes(target) else Random()
