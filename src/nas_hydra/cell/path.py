"""The path encoding (White, Neiswanger and Savani 2021, BANANAS).

A cell is described by which sequences of operations lead from its input to its output. Cells that
differ only in the order of their vertices have the same encoding.
"""

from collections.abc import Iterable, Sequence
from itertools import product

Route = tuple[str, ...]
"""The operations met on one way through a cell, in order."""


def path_features(
    found: Iterable[Route], operations: Sequence[str], lengths: Iterable[int]
) -> list[float]:
    """One feature per possible route: 1 if it is among those found, else 0.

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
