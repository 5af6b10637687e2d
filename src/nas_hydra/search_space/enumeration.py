"""Finite spaces: every candidate there is.

Chance finds the last candidates of a small space only after very many draws.
"""

import math
from collections.abc import Iterator

from nas_hydra.search_space.gene import Decision, Gene
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.scale import nth
from nas_hydra.search_space.space import SearchSpace


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
