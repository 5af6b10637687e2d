"""Which decisions mattered, alone and in pairs, and how sure that is.

PED-ANOVA and fANOVA of a search's own trials are misled by what the search preferred: once it takes
an operation nearly always, that decision explains nothing any more. So the surrogate is asked about
a uniform sample of the space instead; docs/explaining.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from nas_hydra.explain.metamodel import MetaModel
from nas_hydra.explain.result import Effect, Importance, Level, Surface
from nas_hydra.predictor import Array
from nas_hydra.report.outcome import many
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, SearchSpace
from nas_hydra.search_space.gene import shown
from nas_hydra.search_space.scale import fraction, values

SIZE = 1500
"""Candidates of a sample."""
RANGE_PARTS = 8
"""Of the (log) range of a number with many values."""
INACTIVE = -1


@dataclass(frozen=True)
class GeneLevels:
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


def axes(genes: Sequence[Gene], sample: Sequence[Genotype]) -> list[GeneLevels]:
    """The genes that a sample knows more than one level of."""
    found = [_axis(gene, sample) for gene in genes]
    return [one for one in found if len(np.unique(one.levels[one.active])) > 1]


def _axis(gene: Gene, sample: Sequence[Genotype]) -> GeneLevels:
    """A gene's levels in a sample."""
    found = [
        _level(gene, genotype[gene.name]) if gene.name in genotype else INACTIVE
        for genotype in sample
    ]
    return GeneLevels(gene, _decisions(gene), np.array(found))


def _decisions(gene: Gene) -> list[Decision]:
    """One decision for each level of a gene."""
    if isinstance(gene, Categorical) or not many(gene):
        return list(values(gene))
    return [gene.at((part + 0.5) / RANGE_PARTS) for part in range(RANGE_PARTS)]


def _level(gene: Gene, decision: Decision) -> int:
    """The level that a decision belongs to."""
    if isinstance(gene, Categorical):
        return gene.labels.index(decision)
    if not many(gene):
        return list(values(gene)).index(decision)
    return min(int(RANGE_PARTS * fraction(gene, decision)), RANGE_PARTS - 1)


Levels = NDArray[np.intp]


def main_effect(levels: Levels, scores: Array) -> Array:
    """The variance that a gene accounts for by itself, (B,).

    That is the variance of the mean score of each of its decisions (Hooker 2007; Hutter et al.
    2014), over the candidates in which it is active, times their share.

    Args:
        levels: int (M,), of the gene in each candidate of a uniform sample; below 0 where it is
            not active.
        scores: (B, M), of B functions.
    """
    active = levels >= 0
    found: Array = active.mean() * between(levels[active], scores[:, active])
    return found


def pair_effect(one: Levels, other: Levels, scores: Array) -> Array:
    """The variance that two genes account for together, beyond what each does by itself, (B,)."""
    active = (one >= 0) & (other >= 0)
    if not active.any():
        return np.zeros(len(scores))
    one, other, inside = one[active], other[active], scores[:, active]
    both = between(one * (other.max() + 1) + other, inside)
    rest = both - between(one, inside) - between(other, inside)
    found: Array = active.mean() * np.maximum(rest, 0.0)
    return found


def between(levels: Levels, scores: Array) -> Array:
    """The variance of the levels' means, (B,), without what chance alone adds to it.

    Means of few candidates differ even where the level decides nothing; the expected part of that
    is taken off, as in omega squared (Hays 1963).

    Args:
        levels: int (M,), from 0 on.
        scores: (B, M).
    """
    member = np.eye(levels.max() + 1)[levels]
    sizes = member.sum(0)
    member, sizes = member[:, sizes > 0], sizes[sizes > 0]
    spare = len(levels) - len(sizes)
    if spare <= 0:
        return np.zeros(len(scores))
    away = scores - scores.mean(axis=1, keepdims=True)
    explained = ((away @ member) ** 2 / sizes).sum(1)
    inside = ((away**2).sum(1) - explained) / spare
    found: Array = np.maximum(explained - (len(sizes) - 1) * inside, 0.0) / len(levels)
    return found


ENDS = (0.025, 0.5, 0.975)
"""Quantiles of a 95 % interval and its middle."""
MOST_PAIRS = 20
"""Of the pairs, the most important ones are told, and have intervals."""


def importances(axes: Sequence[GeneLevels], draws: Array) -> list[Importance]:
    """Each gene's share of the variation of the objective over the space, the largest first.

    Args:
        axes: the genes in a uniform sample.
        draws: (B, M), scores of the sample by functions that could be the true one.
    """
    variance = draws.var(axis=1)
    found = [
        _importance((axis.gene.name,), main_effect(axis.levels, draws), variance) for axis in axes
    ]
    return _ranked(found)


def interactions(axes: Sequence[GeneLevels], mean: Array, draws: Array) -> list[Importance]:
    """The shares of the pairs that are the most important by the mean, the largest first.

    Args:
        axes: the genes in a uniform sample.
        mean: (M,), expected scores of the sample.
        draws: as for ``importances``.
    """
    variance, rows = draws.var(axis=1), mean[None]
    pairs = list(combinations(axes, 2))
    pairs.sort(key=lambda two: -pair_effect(two[0].levels, two[1].levels, rows)[0])
    return _ranked(
        [
            _importance(
                (one.gene.name, other.gene.name),
                pair_effect(one.levels, other.levels, draws),
                variance,
            )
            for one, other in pairs[:MOST_PAIRS]
        ]
    )


def _importance(genes: tuple[str, ...], explained: Array, variance: Array) -> Importance:
    """A share with its interval; of functions without any variance, none.

    Args:
        genes: whose it is.
        explained: variance that they account for, (B,).
        variance: all that there is, (B,).
    """
    shares = np.divide(explained, variance, out=np.zeros_like(variance), where=variance > 0)
    low, middle, high = np.quantile(shares, ENDS).tolist()
    return Importance(genes, middle, low, high)


def _ranked(found: list[Importance]) -> list[Importance]:
    """The largest first."""
    return sorted(found, key=lambda one: -one.share)


def effect(axis: GeneLevels, draws: Array, surrogate: MetaModel, winner: Genotype) -> Effect:
    """A gene's mean scores in the objective's units, decision by decision.

    Args:
        axis: the gene in a uniform sample.
        draws: (B, M), scores of the sample by functions that could be the true one.
        surrogate: knows the units.
        winner: whose decision is marked.
    """
    name = axis.gene.name
    taken = _level(axis.gene, winner[name]) if name in winner else None
    found = []
    for place, label in enumerate(axis.labels):
        having = axis.levels == place
        if having.any():
            ends = np.quantile(draws[:, having].mean(axis=1), ENDS)
            low, middle, high = sorted(surrogate.values(ends).tolist())
            found.append(Level(label, middle, low, high, place == taken))
    return Effect(name, axis.ordered, found)


def surface(one: GeneLevels, other: GeneLevels, mean: Array, surrogate: MetaModel) -> Surface:
    """The mean scores of every pair of decisions of two genes, in the objective's units.

    Args:
        one: a gene in a uniform sample.
        other: another one.
        mean: (M,), expected scores of the sample.
        surrogate: knows the units.
    """
    values = [
        [
            _worth(mean[(one.levels == row) & (other.levels == column)], surrogate)
            for column in places
        ]
        for places in [range(len(other.labels))]
        for row in range(len(one.labels))
    ]
    return Surface((one.gene.name, other.gene.name), one.labels, other.labels, values)


def _worth(scores: Array, surrogate: MetaModel) -> float | None:
    """The mean of some scores in the objective's units; None of none."""
    return float(surrogate.values(scores.mean())) if len(scores) else None
