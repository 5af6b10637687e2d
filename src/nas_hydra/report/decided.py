"""Which values of a closed config were decided, and which were written in the space."""

from collections.abc import Iterator, Mapping

from nas_hydra.search_space import Decision
from nas_hydra.search_space.node import (
    Choice,
    Copies,
    Expression,
    Items,
    Node,
    Ordered,
    Reference,
    Repeat,
    Rest,
    Table,
    Walk,
)

Path = tuple[str | int, ...]
"""Keys and list positions in the closed config."""


def decided(root: Node, genotype: Mapping[str, Decision]) -> set[Path]:
    """The paths of every value that a decision has set; none inside a chosen option's constants.

    Args:
        root: of a part of the space.
        genotype: a candidate's decisions.
    """
    walk = Walk(lambda gene: genotype[gene.name])
    return set(_paths(root, walk, (), (), ()))


def _paths(node: Node, walk: Walk, copies: Copies, rest: Rest, path: Path) -> Iterator[Path]:
    copies = copies[: node.depth]
    match node:
        case Ordered() | Expression():
            yield path
        case Choice(options=options):
            yield path
            gene = node.gene_of(copies)
            taken = options[list(getattr(gene, "labels", ())).index(walk.ask(gene))]
            yield from _paths(taken, walk, copies, rest, path)
        case Reference(target=target, rest=inner):
            yield from _paths(target, walk, copies, (*inner, *rest), path)
        case Table(items=items) if not rest:
            for key, part in items.items():
                yield from _paths(part, walk, copies, (), (*path, key))
        case Items() if not rest:
            yield from _elements(node, walk, copies, path)
        case Table() | Items():
            for part, further in node.reads(rest):
                yield from _paths(part, walk, copies, further, path)


def _elements(node: Items, walk: Walk, copies: Copies, path: Path) -> Iterator[Path]:
    """Copies of a repeated block move what stands behind them."""
    position = 0
    for element in node.elements:
        parts = [(element, copies)]
        if isinstance(element, Repeat):
            number = element.count.close(walk, copies)
            parts = [(element.block, inside) for inside in element.inside(copies, number)]
        for part, inside in parts:
            yield from _paths(part, walk, inside, (), (*path, position))
            position += 1
