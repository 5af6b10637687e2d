"""Ways through a cell as numbers, for predictors.

Each description is of the ways from the cell's input to its output, so that cells which differ
only in the order of their vertices, or in operations on no way, have the same.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from typing import TypeVar

Route = tuple[str, ...]
"""The operations met on one way through a cell, in order."""
Place = TypeVar("Place", bound=Hashable)
"""An edge or a vertex of a cell, whichever carries the operations."""


def path_features(
    found: Iterable[Route], operations: Sequence[str], lengths: Iterable[int]
) -> list[float]:
    """The path encoding (White, Neiswanger and Savani 2021, BANANAS).

    One feature per possible route: 1 if it is among those found, else 0.

    Args:
        found: routes through the cell; those of other lengths are left out, which is the
            truncation of the paper.
        operations: what can be met on the way, in a fixed order.
        lengths: of the routes to look for; there are ``len(operations) ** length`` of each.
    """
    present = set(found)
    return [
        float(route in present)
        for length in lengths
        for route in product(operations, repeat=length)
    ]


def step_features(found: Iterable[Route], operations: Sequence[str]) -> list[float]:
    """Which operation follows which, the first follows the input, and the output the last.

    One feature per pair, 1 if a route has it, else 0: the neighbourhoods of a Weisfeiler-Leman
    kernel (Ru et al. 2021, NASBOWL), cut down to pairs so that there are few, and few trials
    tell something about each.

    Args:
        found: routes through the cell.
        operations: what can be met on the way, in a fixed order.
    """
    steps = {step for route in found for step in pairwise(("input", *route, "output"))}
    before, after = ("input", *operations), (*operations, "output")
    return [float(step in steps) for step in product(before, after)]


def views(
    places: Iterable[Sequence[Place]],
    operation: Mapping[Place, str],
    operations: Sequence[str],
    lengths: Iterable[int],
) -> dict[str, list[float]]:
    """A cell, described in three ways.

    Args:
        places: each a way through the cell, as the places that carry its operations.
        operation: place -> operation.
        operations: what an operation can be, in a fixed order.
        lengths: of the routes that ``path_features`` looks for.

    Returns:
        ``operations``: how often each is on a way, every place counted once; ``steps``: see
        ``step_features``; ``paths``: see ``path_features``.
    """
    ways = list(places)
    routes = [tuple(operation[place] for place in way) for way in ways]
    used = Counter(operation[place] for place in {place for way in ways for place in way})
    return {
        "operations": [float(used[name]) for name in operations],
        "steps": step_features(routes, operations),
        "paths": path_features(routes, operations, lengths),
    }
