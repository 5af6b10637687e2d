"""Functional ANOVA: how much of a function's variation is due to single arguments, and to pairs."""

import numpy as np
from numpy.typing import NDArray

from nas_hydra.predictor import Array

Levels = NDArray[np.intp]


def main(levels: Levels, scores: Array) -> Array:
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


def pair(one: Levels, other: Levels, scores: Array) -> Array:
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
