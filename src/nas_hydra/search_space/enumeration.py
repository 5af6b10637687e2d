"""Finite spaces: what a gene can be, and every candidate there is.

Chance finds the last candidates of a small space only after very many draws.
"""

import math
from collections.abc import Iterator

from nas_hydra.search_space.gene import Categorical, Decision, Gene, Integer, Real
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.space import SearchSpace


def nth(gene: Gene, position: int) -> Decision:
    """The possible decision at a position from 0 to ``len(gene) - 1``."""
    if isinstance(gene, Categorical):
        return gene.labels[position]
    if isinstance(gene, Integer):
        return gene.values[position]
    return gene.low if gene.step is None else gene.point(position)


def fixed(gene: Gene) -> bool:
    """Whether the gene has one possible decision only."""
    return not (isinstance(gene, Real) and gene.continuous) and len(gene) == 1


def every(space: SearchSpace) -> Iterator[Genotype]:
    """Every genotype, in the order of the config; none if a gene is continuous."""
    if space.size == math.inf:
        return
    positions: list[int] = []  # of the decision of each gene in its values, in walking order
    while True:
        counts: list[int] = []

        def decide(gene: Gene, counts: list[int] = counts) -> Decision:
            if len(counts) == len(positions):
                positions.append(0)
            counts.append(len(gene))
            return nth(gene, positions[len(counts) - 1])

        yield space.walk(decide)
        while positions and positions[-1] + 1 == counts.pop():
            positions.pop()
        if not positions:
            return
        positions[-1] += 1
