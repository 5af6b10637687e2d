"""What each decision is worth while the others are left to chance: partial dependence."""

import numpy as np

from nas_hydra.explain.importance import ENDS
from nas_hydra.explain.result import Effect, Level, Surface
from nas_hydra.explain.sample import Axis, level
from nas_hydra.explain.surrogate import Surrogate
from nas_hydra.predictor import Array
from nas_hydra.search_space import Genotype


def effect(axis: Axis, draws: Array, surrogate: Surrogate, winner: Genotype) -> Effect:
    """A gene's mean scores in the objective's units, decision by decision.

    Args:
        axis: the gene in a uniform sample.
        draws: (B, M), scores of the sample by functions that could be the true one.
        surrogate: knows the units.
        winner: whose decision is marked.
    """
    name = axis.gene.name
    taken = level(axis.gene, winner[name]) if name in winner else None
    found = []
    for place, label in enumerate(axis.labels):
        having = axis.levels == place
        if having.any():
            ends = np.quantile(draws[:, having].mean(axis=1), ENDS)
            low, middle, high = sorted(surrogate.values(ends).tolist())
            found.append(Level(label, middle, low, high, place == taken))
    return Effect(name, axis.ordered, found)


def surface(one: Axis, other: Axis, mean: Array, surrogate: Surrogate) -> Surface:
    """The mean scores of every pair of decisions of two genes, in the objective's units.

    Args:
        one: a gene in a uniform sample.
        other: another one.
        mean: (M,), expected scores of the sample.
        surrogate: knows the units.
    """
    values = [
        [
            worth(mean[(one.levels == row) & (other.levels == column)], surrogate)
            for column in places
        ]
        for places in [range(len(other.labels))]
        for row in range(len(one.labels))
    ]
    return Surface((one.gene.name, other.gene.name), one.labels, other.labels, values)


def worth(scores: Array, surrogate: Surrogate) -> float | None:
    """The mean of some scores in the objective's units; None of none."""
    return float(surrogate.values(scores.mean())) if len(scores) else None
