"""Where the nodes of a layered graph stand: so that few lines cross, and near their neighbours.

For the heights, each layer in turn is put where it is nearest to its neighbours, by least squares
with their order kept: an isotonic regression, solved by pooling adjacent violators (Barlow et al.
1972).
"""

import math
from bisect import bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from random import Random

Layers = list[list[int]]
Neighbours = Mapping[int, Sequence[int]]

STARTS, SWEEPS = 8, 6
"""Orders to begin with, and how often each is made better from one end to the other and back."""
SWAPS = 12
"""Most rounds of swaps in a layer."""
WORK = 20_000
"""About how many lines are looked at: in a large graph, fewer orders are tried."""


def ordered(layers: Layers, steps: Sequence[tuple[int, int]]) -> Layers:
    """The layers, each in an order with few crossings; a step leads from one to the next."""
    before: dict[int, list[int]] = defaultdict(list)
    after: dict[int, list[int]] = defaultdict(list)
    for source, sink in steps:
        before[sink].append(source)
        after[source].append(sink)
    rounds = max(2, min(STARTS * SWEEPS, WORK // (len(steps) + 1)))
    tried = [
        found
        for start in _starts(layers, max(1, rounds // SWEEPS))
        for found in _better(start, before, after, min(SWEEPS, rounds))
    ]
    return min(tried, key=lambda found: _cost(found, before))


def _starts(layers: Layers, number: int) -> Iterator[Layers]:
    yield layers
    for seed in range(1, number):
        random = Random(seed)
        yield [random.sample(layer, len(layer)) for layer in layers]


def _better(layers: Layers, before: Neighbours, after: Neighbours, sweeps: int) -> Iterator[Layers]:
    """Each better than the last, mostly: neighbours at their mean, then swapped in pairs."""
    layers = [list(layer) for layer in layers]
    for _ in range(sweeps):
        for number in range(1, len(layers)):
            layers[number] = _at_means(layers[number], layers[number - 1], before)
        for number in reversed(range(len(layers) - 1)):
            layers[number] = _at_means(layers[number], layers[number + 1], after)
        for number in range(len(layers)):
            _swap(number, layers, before, after)
        yield [list(layer) for layer in layers]


def _at_means(layer: Sequence[int], beside: Sequence[int], neighbours: Neighbours) -> list[int]:
    """Each node at the mean place of its neighbours; one without them where it was."""
    place = {node: number for number, node in enumerate(beside)}

    def mean(number: int) -> float:
        near = neighbours.get(layer[number])
        return sum(place[one] for one in near) / len(near) if near else number

    return [layer[number] for number in sorted(range(len(layer)), key=mean)]


def _swap(number: int, layers: Layers, before: Neighbours, after: Neighbours) -> None:
    """Swap neighbours in a layer where that leaves fewer crossings on both sides."""
    layer = layers[number]
    sides = []
    for beside, neighbours in ((number - 1, before), (number + 1, after)):
        if 0 <= beside < len(layers):
            place = {node: at for at, node in enumerate(layers[beside])}
            sides.append({n: sorted(place[o] for o in neighbours.get(n, ())) for n in layer})
    for _ in range(min(SWAPS, len(layer))):
        swapped = False
        for at in range(len(layer) - 1):
            upper, lower = layer[at], layer[at + 1]
            if sum(_crossed(side[upper], side[lower]) for side in sides) > sum(
                _crossed(side[lower], side[upper]) for side in sides
            ):
                layer[at], layer[at + 1] = lower, upper
                swapped = True
        if not swapped:
            return


def _crossed(upper: Sequence[int], lower: Sequence[int]) -> int:
    """How many lines of the upper one of two neighbours cross those of the lower one."""
    return sum(len(upper) - bisect_right(upper, one) for one in lower)


def _cost(layers: Layers, before: Neighbours) -> tuple[int, float]:
    """Crossings, then how steep the lines are."""
    crossings, steepness = 0, 0.0
    for left, right in pairwise(layers):
        place = {node: number for number, node in enumerate(left)}
        shift = (len(left) - len(right)) / 2
        met: list[int] = []
        for number, node in enumerate(right):
            near = [place[one] for one in before.get(node, ())]
            crossings += sum(len(met) - bisect_right(met, one) for one in near)
            steepness += sum(abs(one - number - shift) for one in near)
            for one in near:
                insort(met, one)
    return crossings, steepness


PULL = (1.0, 2.0, 8.0)
"""Of a line on its ends: if none, one or both of them are only passed by it."""
RELAXATIONS, STEADY_WORK = 200, 150_000
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
    """The middle of each node, all at least their extent, above and below them, from 0."""
    left, right = _pulls(steps)
    ys = [0.0] * len(extents)
    for layer in layers:
        offsets = _offsets(layer, extents)
        for node, offset in zip(layer, offsets, strict=True):
            ys[node] = offset - offsets[-1] / 2
    onwards, back = list(layers), list(reversed(layers))
    sweeps = min(RELAXATIONS, 2 + STEADY_WORK // (len(steps) + 1))
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

    If ``straight``, rather a few steep lines than many that are nearly level: each pull is weaker
    the farther it reaches, so that not squares but distances are made small.
    """
    wishes, weights = [], []
    offsets = _offsets(layer, extents)
    for node, offset in zip(layer, offsets, strict=True):
        near = [pull for side in pulls for pull in side.get(node, ())] or [(node, LOOSE)]
        if straight:
            near = [(other, pull / max(CLOSE, abs(ys[other] - ys[node]))) for other, pull in near]
        weights.append(sum(pull for _, pull in near))
        wishes.append(sum(pull * ys[other] for other, pull in near) / weights[-1] - offset)
    for node, offset, level in zip(layer, offsets, _rising(wishes, weights), strict=True):
        ys[node] = level + offset


def _rising(values: Sequence[float], weights: Sequence[float]) -> Iterator[float]:
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

    A node that is in line with one of those to be ``kept`` stays.
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
