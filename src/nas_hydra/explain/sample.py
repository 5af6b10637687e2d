"""A uniform sample of a space, and the decisions of its candidates as few levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from nas_hydra.report.traits import many
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, SearchSpace
from nas_hydra.search_space.gene import shown
from nas_hydra.search_space.scale import fraction, values

SIZE = 1500
"""Candidates of a sample."""
PARTS = 8
"""Of the (log) range of a number with many values."""
INACTIVE = -1


@dataclass(frozen=True)
class Axis:
    """One gene in a sample.

    Args:
        gene: that is decided.
        decisions: one for each level; of an eighth of a range, its middle.
        levels: int (M,), the level of each candidate; ``INACTIVE`` where the gene is.
    """

    gene: Gene
    decisions: Sequence[Decision]
    levels: NDArray[np.intp]

    @cached_property
    def active(self) -> NDArray[np.bool_]:
        """Where the gene is active, (M,)."""
        found: NDArray[np.bool_] = self.levels != INACTIVE
        return found

    @property
    def ordered(self) -> bool:
        """Whether it is a number."""
        return not isinstance(self.gene, Categorical)

    @property
    def labels(self) -> list[str]:
        """The decisions as they are shown."""
        return [shown(one) for one in self.decisions]


def sample(space: SearchSpace, size: int = SIZE) -> list[Genotype]:
    """Feasible candidates with uniform decisions; always the same ones."""
    rng = default_rng(0)
    return [space.sample(rng) for _ in range(size)]


def axes(genes: Sequence[Gene], sample: Sequence[Genotype]) -> list[Axis]:
    """The genes that a sample knows more than one level of."""
    found = [axis(gene, sample) for gene in genes]
    return [one for one in found if len(np.unique(one.levels[one.active])) > 1]


def axis(gene: Gene, sample: Sequence[Genotype]) -> Axis:
    """A gene's levels in a sample."""
    found = [
        level(gene, genotype[gene.name]) if gene.name in genotype else INACTIVE
        for genotype in sample
    ]
    return Axis(gene, decisions(gene), np.array(found))


def decisions(gene: Gene) -> list[Decision]:
    """One decision for each level of a gene."""
    if isinstance(gene, Categorical) or not many(gene):
        return list(values(gene))
    return [gene.at((part + 0.5) / PARTS) for part in range(PARTS)]


def level(gene: Gene, decision: Decision) -> int:
    """The level that a decision belongs to."""
    if isinstance(gene, Categorical):
        return gene.labels.index(decision)
    if not many(gene):
        return list(values(gene)).index(decision)
    return min(int(PARTS * fraction(gene, decision)), PARTS - 1)
