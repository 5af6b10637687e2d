"""How high the nodes of a layered graph stand: apart from each other, near their neighbours.

Each layer in turn is put where it is nearest to its neighbours, by least squares with their order
kept: an isotonic regression, solved by pooling adjacent violators (Barlow et al. 1972).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

PULL = (1.0, 2.0, 8.0)
"""Of a line on its ends: if none, one or both of them are only passed by it."""
SWEEPS, WORK = 200, 150_000
"""How often each layer is put in place; in a large graph less often."""
LOOSE = 0.01
"""How strong a node without neighbours holds to where it is."""
CLOSE = 2.0
"""Pulls over less than so many points are not stronger."""
NEARLY, GIVE = 16.0, 4.0
"""What is so close to its neighbour is put in line with it, though others get closer by so much."""

Pulls = Mapping[int, Sequence[tuple[int, float]]]
"""The neighbours of each node, and how strong they pull."""


def heights(
    layers: Sequence[Sequence[int]], steps: Sequence[tuple[int, int]], extents: Sequence[float]
) -> list[float]:
    """The middle of each node, all at least their extent below 0.

    Args:
        layers: nodes, from top to bottom.
        steps: pairs of nodes, from a layer to the next.
        extents: of each node, the room it needs above and below its middle.
    """
    left, right = _pulls(steps)
    ys = [0.0] * len(extents)
    for layer in layers:
        offsets = _offsets(layer, extents)
        for node, offset in zip(layer, offsets, strict=True):
            ys[node] = offset - offsets[-1] / 2
    onwards, back = list(layers), list(reversed(layers))
    sweeps = min(SWEEPS, 2 + WORK // (len(steps) + 1))
    for sweep in range(sweeps):
        for layer in back if sweep % 2 else onwards:
            _settle(layer, (left, right), extents, ys, straight=sweep > sweeps / 3)
    for layer in onwards:
        _align(layer, left, {}, extents, ys)
    for layer in back:
        _align(layer, right, left, extents, ys)
    top = min((y - extent for y, extent in zip(ys, extents, strict=True)), default=0.0)
    return [y - top for y in ys]


def _pulls(steps: Sequence[tuple[int, int]]) -> tuple[Pulls, Pulls]:
    """On each node, from its left and from its right."""
    into, out = (Counter(step[end] for step in steps) for end in (1, 0))
    passed = {node for node, number in into.items() if number == out[node] == 1}
    left: dict[int, list[tuple[int, float]]] = defaultdict(list)
    right: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for source, sink in steps:
        pull = PULL[(source in passed) + (sink in passed)]
        left[sink].append((source, pull))
        right[source].append((sink, pull))
    return left, right


def _offsets(layer: Sequence[int], extents: Sequence[float]) -> list[float]:
    """The least distance of each node from the first one."""
    apart = (extents[above] + extents[below] for above, below in pairwise(layer))
    return list(accumulate(apart, initial=0.0))


def _settle(
    layer: Sequence[int],
    pulls: Sequence[Pulls],
    extents: Sequence[float],
    ys: list[float],
    straight: bool,
) -> None:
    """Move a layer to where it is nearest to its neighbours.

    Args:
        layer: nodes, from top to bottom.
        pulls: from the left and from the right.
        extents: of each node.
        ys: is changed.
        straight: rather a few steep lines than many that are nearly level: each pull is weaker the
            farther it reaches, so that not squares but distances are made small.
    """
    wishes, weights = [], []
    offsets = _offsets(layer, extents)
    for node, offset in zip(layer, offsets, strict=True):
        near = [pull for side in pulls for pull in side.get(node, ())] or [(node, LOOSE)]
        if straight:
            near = [(other, pull / max(CLOSE, abs(ys[other] - ys[node]))) for other, pull in near]
        weights.append(sum(pull for _, pull in near))
        wishes.append(sum(pull * ys[other] for other, pull in near) / weights[-1] - offset)
    for node, offset, level in zip(layer, offsets, rising(wishes, weights), strict=True):
        ys[node] = level + offset


def rising(values: Sequence[float], weights: Sequence[float]) -> Iterator[float]:
    """The nearest numbers, by weighted least squares, none of which is less than the one before."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] >= pool[0]:
            mean, heavy, number = pools.pop()
            total = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / total, total, number + pool[2])
        pools.append(pool)
    for mean, _, number in pools:
        yield from [mean] * number


def _align(
    layer: Sequence[int], near: Pulls, kept: Pulls, extents: Sequence[float], ys: list[float]
) -> None:
    """Put nodes in line with a neighbour that is nearly at their height, if there is room.

    Args:
        layer: nodes, from top to bottom.
        near: the neighbours.
        kept: others; a node that is in line with one of them stays.
        extents: of each node.
        ys: is changed.
    """
    for above, node, below in zip([None, *layer], layer, [*layer[1:], None], strict=False):
        room = extents[node] - GIVE
        low = -math.inf if above is None else ys[above] + extents[above] + room
        high = math.inf if below is None else ys[below] - extents[below] - room
        if any(ys[other] == ys[node] for other, _ in kept.get(node, ())):
            continue
        for other, _ in sorted(near.get(node, ()), key=lambda pull: (-pull[1], ys[pull[0]])):
            if abs(ys[other] - ys[node]) <= NEARLY and low <= ys[other] <= high:
                ys[node] = ys[other]
                break
