"""Several objectives at once: ranks, crowding, hypervolume and the knee of a front.

Every function takes fitness, an array (N, M) of N points in M objectives, where more is better.
"""

import numpy
from numpy.typing import NDArray

Fitness = NDArray[numpy.float64]


def dominates(one: Fitness, other: Fitness) -> NDArray[numpy.bool_]:
    """Whether points (..., M) are nowhere worse than others and somewhere better; (...)."""
    return numpy.asarray((one >= other).all(-1) & (one > other).any(-1))


def ranks(fitness: Fitness) -> NDArray[numpy.int64]:
    """The front that each point is in: the fast non-dominated sort of Deb et al. (2002).

    Front 0 is dominated by nobody, front k + 1 only by fronts 0 to k. Takes N x N x M bytes.

    Returns:
        (N,), from 0.
    """
    beats = dominates(fitness[:, None], fitness[None])
    betters = beats.sum(0)
    found = numpy.full(len(fitness), -1)
    front, rank = betters == 0, 0
    while front.any():
        found[front] = rank
        betters -= beats[front].sum(0)
        front, rank = (betters == 0) & (found < 0), rank + 1
    return found


def crowding(fitness: Fitness) -> Fitness:
    """How far a point's neighbours on its front are apart (Deb et al. 2002); (N,).

    The sum, over the objectives, of the distance between the next worse and the next better point
    as a share of the front's range; infinite at the ends. An objective in which all are equal
    says nothing.
    """
    distance = numpy.zeros(len(fitness))
    for column in fitness.T:
        order = numpy.argsort(column, kind="stable")
        ends = column[order[0]], column[order[-1]]
        if ends[0] == ends[1]:
            continue
        distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / (ends[1] - ends[0])
        distance[order[[0, -1]]] = numpy.inf
    return distance


def hypervolume(fitness: Fitness, reference: Fitness) -> float:
    """The volume of what the points dominate, down to a reference point (Zitzler, Thiele 1998).

    Exact, by slicing one objective after the other (While et al. 2006); takes time that grows with
    N^(M - 1). Its unit is the product of the objectives' units.

    Args:
        fitness: a point that is not better than the reference everywhere adds nothing.
        reference: (M,), the worst corner.
    """
    above = fitness[(fitness > reference).all(1)] - reference
    return _volume(above[ranks(above) == 0])


def _volume(points: Fitness) -> float:
    """Of what the points dominate, down to zero: slices of the last objective, the best first."""
    points = points[numpy.argsort(-points[:, -1])]
    if points.shape[1] == 1:
        return float(points[:, 0].max(initial=0.0))
    thickness = -numpy.diff(points[:, -1], append=0.0)
    if points.shape[1] == 2:
        return float(thickness @ numpy.maximum.accumulate(points[:, 0]))
    rest = points[:, :-1]
    return float(
        sum(thick * _volume(rest[: end + 1]) for end, thick in enumerate(thickness) if thick)
    )


LEAST_RANGE = 0.5
"""Of a cost, as a share of its largest value: a front on which it differs by less is told so."""
LEAST_BULGE = 0.1
"""By how much a knee is better than the ends, as a share of an objective's range."""


def knee(fitness: Fitness) -> int | None:
    """The point inside of a front that gives up least: its index; of equals, the first.

    Objectives are normalised to the front's range. Then the knee is farthest out from the plane
    through the objectives' best points, the line between the ends if there are two objectives
    (Das 1999); that is, the sum of its normalised objectives is largest. As to Branke et al. (2004)
    and Deb and Gupta (2011), an end is no knee, whatever little the other objective gains there:
    the knee has to be inside, and clearly farther out than the ends. And a cost, which is an
    objective with positive values that are minimised, counts only as much as it differs: 1.00 to
    1.08 milliseconds are no whole range.

    Returns:
        None if there is no such point.
    """
    costs = (fitness < 0).all(0)
    least = numpy.where(costs, LEAST_RANGE * abs(fitness).max(0), 0.0)
    span = numpy.maximum(numpy.ptp(fitness, axis=0), least)
    worth = ((fitness - fitness.min(0)) / numpy.where(span > 0, span, 1.0)).sum(1)
    ends = (fitness == fitness.max(0)).any(1)
    best = int(numpy.where(ends, -numpy.inf, worth).argmax())
    return best if not ends[best] and worth[best] >= worth[ends].max() + LEAST_BULGE else None
