"""Scales: the possible decisions of a gene in order, and how far apart two of them are."""

import math
from collections.abc import Iterator
from typing import cast

from nas_hydra.search_space.gene import Categorical, Decision, Gene, Integer, Number, Real

MOST_VALUES = 16
"""An ordered gene with more values than this has near neighbours only."""
NEAR = (1, 2, 4, 8)
"""How many grid points a near neighbour is away."""
SHARES = (0.02, 0.1, 0.3)
"""How far a neighbour of a continuous decision is away, as a share of the (log) range."""
LEAST = 1e-12
"""Difference between two decisions that rounding would make equal."""


def nth(gene: Gene, position: int) -> Decision:
    """The possible decision at a position from 0 to ``len(gene) - 1``."""
    if isinstance(gene, Categorical):
        return gene.labels[position]
    if isinstance(gene, Integer):
        return gene.values[position]
    return gene.low if gene.step is None else gene.point(position)


def values(gene: Gene) -> Iterator[Decision]:
    """Every possible decision of a gene that is not continuous, in order."""
    return (nth(gene, position) for position in range(len(gene)))


def fixed(gene: Gene) -> bool:
    """Whether the gene has one possible decision only."""
    return not (isinstance(gene, Real) and gene.continuous) and len(gene) == 1


def default(gene: Gene) -> Decision:
    """The first label of a categorical gene, the middle of the (log) range of a number."""
    if isinstance(gene, Categorical):
        return gene.labels[0]
    if isinstance(gene, Real) and gene.continuous:
        return gene.unscale((gene.scale(gene.low) + gene.scale(gene.high)) / 2)
    return nth(gene, (len(gene) - 1) // 2)


def others(gene: Gene, decision: Decision) -> Iterator[Decision]:
    """The neighbours of a decision, without itself.

    Of a categorical gene every other label; of an ordered one with at most ``MOST_VALUES`` every
    other value, of a longer one those ``NEAR`` steps away; of a continuous one those ``SHARES``
    of its range away.
    """
    if isinstance(gene, Categorical):
        yield from (label for label in gene.labels if label != decision)
    elif isinstance(gene, Real) and gene.continuous:
        yield from _away(gene, cast(float, decision))
    elif len(gene) <= MOST_VALUES:
        yield from (value for value in values(gene) if value != decision)
    else:
        yield from steps(gene, decision, NEAR)


def steps(gene: Number, decision: Decision, lengths: tuple[int, ...]) -> Iterator[Decision]:
    """The values so many grid points below and above a decision, where there are any."""
    place = _position(gene, decision)
    for length in lengths:
        for other in (place - length, place + length):
            if 0 <= other < len(gene):
                yield nth(gene, other)


def _position(gene: Number, decision: Decision) -> int:
    if isinstance(gene, Integer):
        return gene.values.index(cast(int, decision))
    return 0 if gene.step is None else gene.position(cast(float, decision))


def fraction(gene: Number, decision: Decision) -> float:
    """Where a decision stands on the (log) range, from 0 to 1; 0 if there is one value only."""
    low, high, value = (_scaled(gene, end) for end in (gene.low, gene.high, decision))
    return (value - low) / (high - low) if low < high else 0.0


def difference(gene: Gene, one: Decision, other: Decision) -> float:
    """How far apart two decisions are: a metric, at most 1, and 0 only for the same."""
    if one == other:
        return 0.0
    if isinstance(gene, Categorical):
        return 1.0
    span = _scaled(gene, gene.high) - _scaled(gene, gene.low)
    return max(LEAST, abs(_scaled(gene, one) - _scaled(gene, other)) / span) if span else LEAST


def _scaled(gene: Number, decision: Decision) -> float:
    return math.log(cast(float, decision)) if gene.log else cast(float, decision)


def _away(gene: Real, decision: float) -> Iterator[float]:
    span = gene.scale(gene.high) - gene.scale(gene.low)
    for share in SHARES:
        for way in (-1, 1):
            moved = gene.scale(decision) + way * share * span
            if gene.scale(gene.low) <= moved <= gene.scale(gene.high):
                yield gene.unscale(moved)
