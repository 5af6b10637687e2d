"""The cells of DARTS (Liu et al. 2019).

Nodes 0 and 1 are the outputs of the two cells before; each of the nodes 2 to 5 adds up two
operations on two different earlier nodes, and the cell's output is all four of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nas_hydra.cell.path import views

OPERATIONS = (
    *("skip_connect", "max_pool_3x3", "avg_pool_3x3"),
    *("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"),
)
INPUTS = (0, 1)

Edge = tuple[int, int]
"""A node and which of its two operations."""


def describe(model: Mapping[str, Any], longest: int) -> dict[str, list[float]]:
    """The cells as numbers: each kind of cell, seen from each of its inputs; see ``path.views``.

    Args:
        model: the closed config of ``nas_hydra.model.darts.Darts``.
        longest: paths of more operations are left out, 1 to 4: a number n gives
            4 * (7 + ... + 7 ** n) features, of which the long ones are nearly always 0.
    """
    merged: dict[str, list[float]] = {}
    for kind in ("normal", "reduction"):
        operation = operations_of(model[kind])
        for start in INPUTS:
            found = views(ways(model[kind], start), operation, OPERATIONS, range(1, longest + 1))
            for name, features in found.items():
                merged.setdefault(name, []).extend(features)
    return merged


def operations_of(cell: Sequence[Mapping[str, Any]]) -> dict[Edge, str]:
    """The operation on each edge."""
    return {
        (node, slot): name
        for node, entry in enumerate(cell, start=len(INPUTS))
        for slot, name in enumerate(entry["operations"])
    }


def ways(cell: Sequence[Mapping[str, Any]], start: int) -> Iterator[tuple[Edge, ...]]:
    """The edges on each way from one of the two inputs to a node of the cell.

    Args:
        cell: for each node, its two ``inputs`` and the ``operations`` on them.
        start: 0 or 1.
    """
    known: list[list[tuple[Edge, ...]]] = [[()] if start == node else [] for node in INPUTS]
    for node, entry in enumerate(cell, start=len(INPUTS)):
        inputs = enumerate(entry["inputs"])
        known.append([(*way, (node, slot)) for slot, source in inputs for way in known[source]])
        yield from known[-1]
