"""Openings: every place where a candidate can have a gene."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.gene import Gene
from nas_hydra.search_space.node import Copies, Node, Open, Repeat, Rest


class Place(NamedTuple):
    """Where a gene stands.

    Args:
        gene: the gene.
        node: the open node whose gene it is.
        copies: which copy of each block around the node.
        blocks: the repeated blocks around the node whose copies decide separately.
    """

    gene: Gene
    node: Open
    copies: Copies
    blocks: tuple[Repeat, ...]


Visited = set[tuple[Node, Copies, Rest]]


def places_of(parts: Iterable[Node]) -> dict[str, Place]:
    """Every gene that the parts can have, by name, in the order of the config.

    Raises:
        ConfigError: if two open values bear one name.
    """
    found: dict[str, Place] = {}
    visited: Visited = set()
    for part in parts:
        for place in openings(part, (), (), (), visited):
            first = found.setdefault(place.gene.name, place).node
            if first is not place.node:
                raise ConfigError(
                    place.node.path,
                    f"the gene name '{place.gene.name}' is taken by {first.path}; give one of them "
                    "another _name_, or refer to the first with ${...} if one decision is meant",
                )
    return found


def openings(
    node: Node, copies: Copies, blocks: tuple[Repeat, ...], rest: Rest, visited: Visited
) -> Iterator[Place]:
    """Every gene met in closing a part, once per copy of the blocks around it, in order.

    Args:
        node: where to start.
        copies: of the blocks around the place that leads to the node.
        blocks: around the place that leads to the node.
        rest: the part of the node that is read.
        visited: what was visited before; it is added to.
    """
    copies, blocks = copies[: node.depth], blocks[: node.depth]
    if (node, copies, rest) in visited:
        return
    visited.add((node, copies, rest))
    if isinstance(node, Open):
        yield Place(node.gene_of(copies), node, copies, blocks)
    for part, inner in node.reads(rest):
        inside, around = [copies], blocks
        if isinstance(node, Repeat) and part is node.block:
            inside = node.inside(copies, node.counts[-1])
            around = blocks if node.share else (*blocks, node)
        for place in inside:
            yield from openings(part, place, around, inner, visited)
