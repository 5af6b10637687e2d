"""The cells of NAS-Bench-201 (Dong and Yang 2020).

A cell has four nodes; ``edge_i_j`` holds the operation that leads from node i to node j, and a
node is the sum of what its edges bring. Node 0 is the input, node 3 the output.
"""

from collections.abc import Mapping
from typing import Any

from nas_hydra.cell.path import views

NODES = 4
OPERATIONS = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""All but ``none``, which is no connection at all."""
INPUT, ZERO = "0", "#"
"""As the benchmark spells them. A copied sum is not sorted anew, so that how often two spellings of
one function meet depends on the order of these signs; with others the count is not 6,466."""


def canonical(model: Mapping[str, Any]) -> dict[str, Any]:
    """The model's config with the cell replaced by what it computes.

    Equal only for cells that compute the same function, by the benchmark's own rule (Dong and Yang
    2020, ``to_unique_str`` in their code): 6,466 of the 15,625 cells are then different. Equal ones
    may differ in operations that reach no output, and so in their number of parameters. The rule
    is not complete: it does not drop a zero from a sum, nor look into sums that were copied.

    Args:
        model: the closed config of ``nas_hydra.model.nasbench201.NasBench201``.
    """
    return {**model, "cell": _expression(model["cell"])}


def _expression(cell: Mapping[str, str]) -> str:
    """The output node in terms of the input: edges that copy or erase written out, sums sorted."""
    nodes = [INPUT]
    for target in range(1, NODES):
        terms = [_term(cell[f"edge_{i}_{target}"], nodes[i]) for i in range(target)]
        nodes.append("+".join(sorted(terms)))
    return nodes[-1]


def _term(operation: str, value: str) -> str:
    if operation == "none" or value == ZERO:
        return ZERO
    return value if operation == "skip_connect" else f"({value})@{operation}"


def describe(model: Mapping[str, Any]) -> dict[str, list[float]]:
    """The cell as numbers: 4 operations, 25 steps and 84 paths, see ``path.views``.

    A way over a ``none`` is no way, so that there are 84 possible paths and not 155.

    Args:
        model: the closed config of ``nas_hydra.model.nasbench201.NasBench201``.
    """
    return views(_ways(model["cell"]), model["cell"], OPERATIONS, range(1, NODES))


def _ways(cell: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Every way from the input to the output, as the edges that it takes."""
    known: list[list[tuple[str, ...]]] = [[()]]
    for target in range(1, NODES):
        edges = [(source, f"edge_{source}_{target}") for source in range(target)]
        known.append(
            [
                (*way, edge)
                for source, edge in edges
                if cell[edge] != "none"
                for way in known[source]
            ]
        )
    return known[-1]
