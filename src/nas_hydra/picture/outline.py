"""The decisions of a space as an outline: what the terminal prints and the picture shows."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Literal

from nas_hydra.search_space import Categorical, Gene, Integer, SearchSpace
from nas_hydra.search_space.node import (
    Choice,
    Constant,
    DictNode,
    Expression,
    ListNode,
    Node,
    Open,
    Ordered,
    Reference,
    Repeat,
)

Kind = Literal["group", "gene", "known", "option", "repeat"]
"""A component or part, a decision, one that stands further up, an option, a repeated block."""

NAMES_WIDTH = 40
"""How many characters the names of folded genes may take together."""

OPTIONS_WIDTH = 48
"""How many characters a list of options may take to be told more than once."""


@dataclass(frozen=True)
class Branch:
    """One line of the outline.

    Args:
        kind: what it stands for.
        key: the argument that it fills; empty if the name says it.
        name: of the gene, the class, the option or the count.
        values: what is allowed, for genes and counts.
        shared: whether one decision serves several places.
        inside: what is open below it.
    """

    kind: Kind
    name: str
    key: str = ""
    values: str = ""
    shared: bool = False
    inside: tuple["Branch", ...] = ()


def outline(space: SearchSpace) -> list[Branch]:
    """One branch per part of the space in which something is open."""
    drawer = Outline(_shared_genes(space.parts.values()))
    found = []
    for name, part in space.parts.items():
        inside = tuple(_fold(drawer.branches(part, "")))
        if len(inside) == 1 and inside[0].kind == "group":
            found.append(replace(inside[0], key=name))
        elif inside:
            found.append(Branch("group", "", name, inside=inside))
    told: dict[str, str] = {}
    return [_shortened(branch, told) for branch in found]


def _shortened(branch: Branch, told: dict[str, str]) -> Branch:
    """The branch with long lists of options told once: by the genes that are noted in ``told``."""
    values = branch.values
    first = branch.name.split(",")[0].split(" ")[0]
    if len(values) > OPTIONS_WIDTH and told.setdefault(values, first) != first:
        values = f"as {told[values]}"
    inside = tuple(_shortened(part, told) for part in branch.inside)
    return replace(branch, values=values, inside=inside)


def _shared_genes(parts: Iterable[Node]) -> set[Node]:
    """The open nodes that decide for several places: other places of the config, or copies."""
    seen: set[Node] = set()
    places: Counter[Node] = Counter()
    left = list(parts)
    while left:
        node = left.pop()
        if node in seen:
            continue
        seen.add(node)
        for part, _ in node.reads():
            inside_copies = isinstance(node, Reference) and node.depth > part.depth
            places[part] += 2 if inside_copies else 1
            left.append(part)
    return {node for node, number in places.items() if isinstance(node, Open) and number > 1}


class Outline:
    """Turns nodes into branches; a decision has its values only where it is met first.

    Args:
        shared: the genes that decide for several places.
    """

    def __init__(self, shared: Set[Node]) -> None:
        self._shared = shared
        self._met: set[Node] = set()

    def branches(self, node: Node, key: str) -> Iterator[Branch]:
        """What is open in a node that fills the argument ``key``."""
        match node:
            case DictNode():
                yield from self._table(node, key)
            case ListNode(elements=elements):
                for place, element in enumerate(elements):
                    plain = isinstance(element, DictNode) and "_target_" not in element.items
                    yield from self.branches(element, f"{key}.{place}" if plain else key)
            case Choice() | Ordered():
                yield self._gene(node, key)
            case Repeat():
                yield self._repeat(node, key)
            case Reference(target=target):
                yield from self._referred(target, key)
            case Expression(inputs=inputs):
                for part in inputs.values():
                    yield from self.branches(part, key)

    def _table(self, node: DictNode, key: str) -> Iterator[Branch]:
        """A component or a nested mapping is a branch of its own, if anything in it is open."""
        parts = node.items.items()
        inside = tuple(
            _fold(branch for name, part in parts for branch in self.branches(part, name))
        )
        name = _class_name(node)
        only_its_class = "_target_" in node.items and not name and len(inside) == 1
        if inside and (name or key) and not only_its_class:
            yield Branch("group", name, _argument(key, name), inside=inside)
        else:
            yield from inside

    def _gene(self, node: Choice | Ordered, key: str) -> Branch:
        name = display_name(node)
        if node in self._met:
            return Branch("known", name, _argument(key, name))
        self._met.add(node)
        options: list[Branch] = []
        if isinstance(node, Choice):
            for label, option in zip(_labels(node.gene), node.options, strict=True):
                inside = tuple(self.branches(option, ""))
                if len(inside) == 1 and inside[0].kind == "group" and not inside[0].key:
                    inside = inside[0].inside
                options += [Branch("option", label, inside=inside)] if inside else []
        values = _allowed(node.gene)
        if key == "_target_":
            values = " | ".join(label.rsplit(".", 1)[-1] for label in _labels(node.gene))
        shared = node in self._shared
        return Branch("gene", name, _argument(key, name), values, shared, tuple(options))

    def _repeat(self, node: Repeat, key: str) -> Branch:
        """The count, open or not, and what each copy decides."""
        inside = tuple(_fold(self.branches(node.block, "")))
        count = next(self.branches(node.count, ""), None)
        if count is None or count.kind != "gene":
            number = count.name if count else str(node.counts[0])
            return Branch("repeat", number, _argument(key, number), "", node.share, inside)
        return replace(
            count, kind="repeat", key="", inside=(*count.inside, *inside), shared=node.share
        )

    def _referred(self, target: Node, key: str) -> Iterator[Branch]:
        """What a reference leads to, told in full only where it is met first."""
        if isinstance(target, Choice | Ordered):
            yield self._gene(target, key)
        elif target in self._met:
            yield Branch("known", target.path.rsplit(".", 1)[-1], key)
        else:
            self._met.add(target)
            yield from self.branches(target, key)


def _class_name(node: DictNode) -> str:
    """The class or function that a component calls, without its module; empty if none is known."""
    target = node.items.get("_target_")
    return str(target.value).rsplit(".", 1)[-1] if isinstance(target, Constant) else ""


def _argument(key: str, name: str) -> str:
    """The key, unless it says no more than the name, or is none of the user's own."""
    return "" if key == name or key.startswith("_") else key


def _labels(gene: Gene) -> list[str]:
    """The options of a categorical gene."""
    return [in_yaml(label) for label in gene.labels] if isinstance(gene, Categorical) else []


def display_name(node: Open) -> str:
    """The gene's given name; without one, the key in the config that it stands for."""
    name = "".join(node.segments)
    path = [part for part in node.path.split(".") if part != "_block_"]
    if name != ".".join(path):
        return name
    words = [part for part in path if not part.isdecimal() and not part.startswith("_")]
    return words[-1]


def _allowed(gene: Gene) -> str:
    """The possible decisions, as short as they can be said: ``3 | 5 | 7`` or ``2 … 5``."""
    if isinstance(gene, Categorical):
        return " | ".join(_labels(gene))
    if gene.low == gene.high:
        return in_yaml(gene.low)
    notes = []
    if gene.step not in (None, 1) or (gene.step == 1 and not isinstance(gene, Integer)):
        notes.append(f"step {in_yaml(gene.step)}")
    notes += ["log"] if gene.log else []
    return f"{in_yaml(gene.low)} … {in_yaml(gene.high)}" + (
        f" ({', '.join(notes)})" if notes else ""
    )


def in_yaml(value: object) -> str:
    """A plain value as YAML writes it, numbers to six digits; an empty text in quotes."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:.6g}" if isinstance(value, float) else str(value) or '""'


def _fold(found: Iterable[Branch]) -> Iterator[Branch]:
    """Neighbouring genes with the same options in one branch."""
    alike = groupby(found, key=lambda one: (one.kind, one.values, one.shared, bool(one.inside)))
    for (kind, _, shared, nested), group in alike:
        run = list(group)
        if kind != "gene" or shared or nested or len(run) == 1:
            yield from run
        else:
            yield replace(run[0], name=_joined([one.name for one in run]), key="")


def _joined(names: Sequence[str]) -> str:
    """The names, or the first and the last of them and how many they are."""
    whole = ", ".join(names)
    if len(whole) <= NAMES_WIDTH:
        return whole
    return f"{names[0]} … {names[-1]} ({len(names)} genes)"


def size_in_words(size: int | float) -> str:
    """``1,080``, or ``1.5 x 10^18`` before the exact number; endless with a continuous gene."""
    if size == math.inf:
        return "endless, since a number is open without a step"
    if size < 10**9:
        return f"{size:,}"
    digits, exponent = f"{Decimal(size):.1e}".split("e")
    return f"{digits} x 10^{int(exponent)} (exactly {size:,})"
