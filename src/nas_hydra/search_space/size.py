"""Exact size of a space: in how many ways its open values can be decided.

The ways of a node are counted by what they need from shared nodes (those that references point
to), because a shared node is decided once however many places need it. A need names the part
that is read and, where it says how often a block is repeated, the value that it must have.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce

from nas_hydra.search_space.node import Choice, Constant, Node, Ordered, Repeat, Rest

Demands = Mapping[Rest, int | None]
"""Parts of a node that are read, each with the number it must close to; None if any will do."""
Needs = frozenset[tuple[Node, Rest, int | None]]
"""Demands on shared nodes."""
Ways = Mapping[Needs, int]
"""How many ways there are, by what they need."""

ONE: Ways = {frozenset(): 1}
WHOLE: Demands = {(): None}


def count_genotypes(roots: Iterable[Node]) -> int:
    """Number of genotypes of the nodes taken together; no gene may be continuous."""
    total = _settle(reduce(_both, (_ways(root, WHOLE) for root in roots), ONE), depth=0)
    return sum(total.values())


def _ways(node: Node, demands: Demands) -> Ways:
    """The ways of a node as seen from outside: of a shared one, that it is needed."""
    if not node.shared:
        return _own_ways(node, demands)
    return {frozenset((node, rest, value) for rest, value in demands.items()): 1}


def _own_ways(node: Node, demands: Demands) -> Ways:
    """The ways in which a node can be decided to meet the demands."""
    match node:
        case Constant():
            fits = all(value in (None, node.part(rest)) for rest, value in demands.items())
            return ONE if fits else {}
        case Ordered(gene=gene):
            value = demands[()]
            return {frozenset(): len(gene)} if value is None else ONE if value in gene else {}
        case Choice(options=options):
            return sum((Counter(_ways(option, demands)) for option in options), Counter[Needs]())
        case Repeat():
            return _repeat_ways(node)
        case _:
            below: dict[Node, dict[Rest, int | None]] = {}
            for rest, value in demands.items():
                for part, inner in node.reads(rest):
                    known = below.setdefault(part, {})
                    known[inner] = known.get(inner) if value is None else value
            return reduce(_both, (_ways(part, inner) for part, inner in below.items()), ONE)


def _repeat_ways(node: Repeat) -> Ways:
    """Over every number of copies: the ways to get that number times those of the copies."""
    block = ONE
    if node.counts[-1]:
        block = _ways(node.block, WHOLE)
    if not node.share:
        block = _settle(block, depth=node.depth + 1)
    total: Counter[Needs] = Counter()
    copies, made = ONE, 0
    for count in node.counts:
        while made < count:
            copies, made = (block if node.share else _both(copies, block)), made + 1
        total.update(_both(_ways(node.count, {(): count}), copies))
    return total


def _both(left: Ways, right: Ways) -> Ways:
    """The ways of two parts decided together, leaving out needs that contradict each other."""
    total: Counter[Needs] = Counter()
    for needs, number in left.items():
        for more, times in right.items():
            merged = _merge(needs, more)
            if merged is not None:
                total[merged] += number * times
    return total


def _merge(left: Needs, right: Needs) -> Needs | None:
    """Both needs; None if they ask for two values of one part."""
    found = {(node, rest): value for node, rest, value in left}
    for node, rest, value in right:
        known = found.get((node, rest))
        if known is not None and value is not None and known != value:
            return None
        found[node, rest] = value if known is None else known
    return frozenset((*place, value) for place, value in found.items())


def _settle(total: Ways, depth: int) -> Ways:
    """Decide the shared nodes at this depth of repeated blocks or deeper, wholes before parts."""
    while local := {node for needs in total for node, _, _ in needs if node.depth >= depth}:
        node = max(local, key=lambda candidate: candidate.order)
        settled: Counter[Needs] = Counter()
        for needs, number in total.items():
            demands = {rest: value for other, rest, value in needs if other is node}
            kept = frozenset(need for need in needs if need[0] is not node)
            own = _own_ways(node, demands) if demands else ONE
            settled.update(_both({kept: number}, own))
        total = settled
    return total
