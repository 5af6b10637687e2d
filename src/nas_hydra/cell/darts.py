"""The cells of DARTS (Liu et al. 2019).

Nodes 0 and 1 are the outputs of the two cells before; each of the nodes 2 to 5 adds up two
operations on two different earlier nodes, and the cell's output is all four of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nas_hydra.cell.path import Route, path_features

OPERATIONS = (
    *("skip_connect", "max_pool_3x3", "avg_pool_3x3"),
    *("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"),
)
INPUTS = (0, 1)


def path_encoding(model: Mapping[str, Any], longest: int) -> list[float]:
    """Which sequences of operations lead from each input to the output, in each kind of cell.

    Args:
        model: the closed config of ``nas_hydra.model.darts.Darts``.
        longest: paths of more operations are left out, 1 to 4: a number n gives
            4 * (7 + ... + 7 ** n) features, of which the long ones are nearly always 0.
    """
    return [
        feature
        for kind in ("normal", "reduction")
        for start in INPUTS
        for feature in path_features(routes(model[kind], start), OPERATIONS, range(1, longest + 1))
    ]


def routes(cell: Sequence[Mapping[str, Any]], start: int) -> Iterator[Route]:
    """The operations on each way from one of the two inputs to a node of the cell.

    Args:
        cell: for each node, its two ``inputs`` and the ``operations`` on them.
        start: 0 or 1.
    """
    known: list[list[Route]] = [[()] if start == node else [] for node in INPUTS]
    for node in cell:
        pairs = zip(node["inputs"], node["operations"], strict=True)
        known.append([(*route, name) for source, name in pairs for route in known[source]])
        yield from known[-1]
