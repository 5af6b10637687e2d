"""Which decisions mattered, alone and in pairs, and how sure that is.

PED-ANOVA and fANOVA of a search's own trials are misled by what the search preferred: once it takes
an operation nearly always, that decision explains nothing any more. So the surrogate is asked about
a uniform sample of the space instead; docs/explaining.md has the figures.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from nas_hydra.explain.anova import main, pair
from nas_hydra.explain.result import Importance
from nas_hydra.explain.sample import Axis
from nas_hydra.predictor import Array

ENDS = (0.025, 0.5, 0.975)
"""Quantiles of a 95 % interval and its middle."""
MOST_PAIRS = 20
"""Of the pairs, the most important ones are told, and have intervals."""


def importances(axes: Sequence[Axis], draws: Array) -> list[Importance]:
    """Each gene's share of the variation of the objective over the space, the largest first.

    Args:
        axes: the genes in a uniform sample.
        draws: (B, M), scores of the sample by functions that could be the true one.
    """
    variance = draws.var(axis=1)
    found = [importance((axis.gene.name,), main(axis.levels, draws), variance) for axis in axes]
    return ranked(found)


def interactions(axes: Sequence[Axis], mean: Array, draws: Array) -> list[Importance]:
    """The shares of the pairs that are the most important by the mean, the largest first.

    Args:
        axes: the genes in a uniform sample.
        mean: (M,), expected scores of the sample.
        draws: as for ``importances``.
    """
    variance, rows = draws.var(axis=1), mean[None]
    pairs = list(combinations(axes, 2))
    pairs.sort(key=lambda two: -pair(two[0].levels, two[1].levels, rows)[0])
    return ranked(
        [
            importance(
                (one.gene.name, other.gene.name), pair(one.levels, other.levels, draws), variance
            )
            for one, other in pairs[:MOST_PAIRS]
        ]
    )


def importance(genes: tuple[str, ...], explained: Array, variance: Array) -> Importance:
    """A share with its interval; of functions without any variance, none.

    Args:
        genes: whose it is.
        explained: variance that they account for, (B,).
        variance: all that there is, (B,).
    """
    shares = np.divide(explained, variance, out=np.zeros_like(variance), where=variance > 0)
    low, middle, high = np.quantile(shares, ENDS).tolist()
    return Importance(genes, middle, low, high)


def ranked(found: list[Importance]) -> list[Importance]:
    """The largest first."""
    return sorted(found, key=lambda one: -one.share)
