"""The order within the layers of a graph: so that few lines cross."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
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
    """The layers, each in an order that has been found to have few crossings.

    Args:
        layers: nodes, each in one of them.
        steps: pairs of nodes, from a layer to the next.
    """
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
