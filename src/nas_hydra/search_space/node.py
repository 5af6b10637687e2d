"""The opened config as a tree: what each kind of node is, and how it closes.

``close`` returns the node's part of the closed config. It asks the walk for the decision of
every gene that it meets and descends only into what was decided, so that a gene is active if
and only if the closed config depends on it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, cast

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.gene import Categorical, Decision, Gene, Number, Real
from nas_hydra.search_space.syntax import compute

Copies = tuple[int, ...]
"""Which copy of each enclosing repeated block, outermost first."""
Rest = tuple[str, ...]
"""Which part of a node's closed value: keys and list positions; empty for all of it."""


class Walk:
    """One pass over the open values; it remembers what was decided.

    Args:
        decide: is asked once for each active gene, in the order of the config.
    """

    def __init__(self, decide: Callable[[Gene], Decision]) -> None:
        self.decisions: dict[str, Decision] = {}
        self._decide = decide

    def ask(self, gene: Gene) -> Decision:
        """The decision of a gene, asked for the first time that it is met.

        Raises:
            ConfigError: if the gene does not allow what was decided.
        """
        if gene.name not in self.decisions:
            decision = self._decide(gene)
            if decision not in gene:
                raise ConfigError(gene.name, f"is {decision!r}; it must be {gene.allowed}")
            self.decisions[gene.name] = gene.exact(decision) if isinstance(gene, Real) else decision
        return self.decisions[gene.name]


class InactiveError(LookupError):
    """A gene was read that is not active beside these decisions."""


class Replay(Walk):
    """Reads what was decided in an earlier walk, or so far in one that is under way.

    Args:
        made: the decisions by gene name; they may grow.
    """

    def __init__(self, made: Mapping[str, Decision]) -> None:
        self._made = made

    def ask(self, gene: Gene) -> Decision:
        """The decision of a gene.

        Raises:
            InactiveError: if there is none.
        """
        if gene.name not in self._made:
            raise InactiveError(gene.name)
        return self._made[gene.name]


@dataclass(eq=False)
class Node(ABC):
    """A place in the opened config.

    Args:
        path: dotted, as written in the config.
        depth: number of enclosing repeated blocks whose copies decide separately.
        shared: whether a reference points here; then it is decided once per copy.
        order: position in the order in which nodes were completed (parts before wholes,
            targets before the references to them).
    """

    path: str
    depth: int
    shared: bool = field(default=False, init=False)
    order: int = field(default=0, init=False)

    @abstractmethod
    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """The plain value, or the part of it that ``rest`` names, with every choice made.

        Args:
            walk: makes the choices, of this part only.
            copies: of the ``depth`` blocks around the node.
            rest: names a part that the value has, whatever is decided.
        """

    def reads(self, rest: Rest = ()) -> tuple[tuple["Node", Rest], ...]:
        """The nodes that closing this part may visit, each with the part of it that is read."""
        return ()


@dataclass(eq=False)
class Constant(Node):
    """A value with nothing open below it."""

    value: Any

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """The value itself; it is shared between candidates and must not be changed."""
        return self.part(rest)

    def part(self, rest: Rest) -> Any:
        """A part of the value.

        Raises:
            LookupError, TypeError: if there is no such part.
        """
        value = self.value
        for key in rest:
            value = value[int(key) if isinstance(value, list) and key.isdecimal() else key]
        return value


@dataclass(eq=False)
class DictNode(Node):
    """A mapping with something open below it."""

    items: dict[str, Node]

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """The mapping with every value closed."""
        if rest:
            return self.items[rest[0]].close(walk, copies, rest[1:])
        return {key: node.close(walk, copies) for key, node in self.items.items()}

    def reads(self, rest: Rest = ()) -> tuple[tuple[Node, Rest], ...]:
        """The values."""
        if rest:
            return ((self.items[rest[0]], rest[1:]),)
        return tuple((node, ()) for node in self.items.values())


@dataclass(eq=False)
class ListNode(Node):
    """A list with something open below it; repeated blocks are spliced in."""

    elements: tuple[Node, ...]

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """The list with every element closed."""
        if rest:
            return self.elements[int(rest[0])].close(walk, copies, rest[1:])
        closed: list[Any] = []
        for node in self.elements:
            value = node.close(walk, copies)
            closed.extend(value if isinstance(node, Repeat) else [value])
        return closed

    def reads(self, rest: Rest = ()) -> tuple[tuple[Node, Rest], ...]:
        """The elements."""
        if rest:
            return ((self.elements[int(rest[0])], rest[1:]),)
        return tuple((node, ()) for node in self.elements)


@dataclass(eq=False)
class Open(Node):
    """A node with a gene of its own.

    Args:
        gene: the gene, its name left to ``segments``.
        segments: the pieces of the gene's name between which the copies' numbers stand.
    """

    gene: Gene
    segments: tuple[str, ...]
    _genes: dict[Copies, Gene] = field(default_factory=dict, init=False)

    def gene_of(self, copies: Copies) -> Gene:
        """The gene as this copy of the enclosing blocks has it: ``kernel[0]``."""
        if copies not in self._genes:
            numbers = [*[f"[{copy}]" for copy in copies], ""]
            pairs = zip(self.segments, numbers, strict=True)
            self._genes[copies] = replace(self.gene, name="".join(map("".join, pairs)))
        return self._genes[copies]


@dataclass(eq=False)
class Choice(Open):
    """One of several options, each of which may be any config."""

    options: tuple[Node, ...]

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """The chosen option, closed."""
        gene = cast(Categorical, self.gene_of(copies))
        return self.options[gene.labels.index(walk.ask(gene))].close(walk, copies, rest)

    def reads(self, rest: Rest = ()) -> tuple[tuple[Node, Rest], ...]:
        """The options."""
        return tuple((option, rest) for option in self.options)


@dataclass(eq=False)
class Ordered(Open):
    """An ordered number."""

    gene: Number

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Decision:
        """The number."""
        return walk.ask(self.gene_of(copies))


@dataclass(eq=False)
class Repeat(Node):
    """Copies of a block; each decides for itself unless ``share``.

    Args:
        count: closes to the number of copies.
        counts: every number of copies that it can close to, rising.
        block: what is repeated.
        share: whether the copies are decided once.
    """

    count: Node
    counts: tuple[int, ...]
    block: Node
    share: bool

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> list[Any]:
        """The copies, to be spliced into the enclosing list."""
        count = self.count.close(walk, copies)
        return [self.block.close(walk, inside) for inside in self.inside(copies, count)]

    @cached_property
    def source(self) -> tuple[Node, Rest]:
        """The node, and the part of it, that decides the number of copies."""
        if isinstance(self.count, Reference):
            return self.count.target, self.count.rest
        return self.count, ()

    def inside(self, copies: Copies, count: int) -> list[Copies]:
        """Where each copy of the block stands."""
        return [copies if self.share else (*copies, copy) for copy in range(count)]

    def reads(self, rest: Rest = ()) -> tuple[tuple[Node, Rest], ...]:
        """The count, and the block if it can be there at all."""
        return ((self.count, ()), (self.block, ()))[: 2 if self.counts[-1] else 1]


@dataclass(eq=False)
class Reference(Node):
    """``${...}`` to an open value: the same decision, not a new one.

    Args:
        target: what it refers to; in the same blocks as the reference, or further out.
        rest: which part of the target.
    """

    target: Node
    rest: Rest

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """The part of the target's closed value."""
        return self.target.close(walk, copies[: self.target.depth], (*self.rest, *rest))

    def reads(self, rest: Rest = ()) -> tuple[tuple[Node, Rest], ...]:
        """The target."""
        return ((self.target, (*self.rest, *rest)),)


@dataclass(eq=False)
class Expression(Node):
    """A text or resolver call around references to open values, left to OmegaConf.

    Args:
        text: the value as written, its references renamed to the keys of ``inputs``.
        inputs: what the references stand for.
    """

    text: str
    inputs: dict[str, Node]

    def close(self, walk: Walk, copies: Copies, rest: Rest = ()) -> Any:
        """What OmegaConf makes of the text once the inputs are known."""
        known = {key: node.close(walk, copies) for key, node in self.inputs.items()}
        return compute(self.path, self.text, known)

    def reads(self, rest: Rest = ()) -> tuple[tuple[Node, Rest], ...]:
        """The inputs."""
        return tuple((node, ()) for node in self.inputs.values())


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
        for place in _openings(part, (), (), (), visited):
            first = found.setdefault(place.gene.name, place).node
            if first is not place.node:
                raise ConfigError(
                    place.node.path,
                    f"the gene name '{place.gene.name}' is taken by {first.path}; give one of them "
                    "another _name_, or refer to the first with ${...} if one decision is meant",
                )
    return found


def _openings(
    node: Node, copies: Copies, blocks: tuple[Repeat, ...], rest: Rest, visited: Visited
) -> Iterator[Place]:
    """Every gene met in closing a part, once per copy of the blocks around it, in order."""
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
            yield from _openings(part, place, around, inner, visited)
