"""A candidate as a chain of blocks: what of a closed config a picture of it shows."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from nas_hydra.picture.cell import CellGraph, cell_of
from nas_hydra.picture.outline import in_yaml
from nas_hydra.search_space import Decision
from nas_hydra.search_space.node import (
    Choice,
    Copies,
    DictNode,
    Expression,
    ListNode,
    Node,
    Ordered,
    Reference,
    Repeat,
    Rest,
    Walk,
)
from nas_hydra.search_space.syntax import Path, dotted


def decided_paths(root: Node, genotype: Mapping[str, Decision]) -> set[Path]:
    """The paths of every value that a decision has set; none inside a chosen option's constants."""
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
        case DictNode(items=items) if not rest:
            for key, part in items.items():
                yield from _paths(part, walk, copies, (), (*path, key))
        case ListNode() if not rest:
            yield from _elements(node, walk, copies, path)
        case DictNode() | ListNode():
            for part, further in node.reads(rest):
                yield from _paths(part, walk, copies, further, path)


def _elements(node: ListNode, walk: Walk, copies: Copies, path: Path) -> Iterator[Path]:
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


SHARED = "shared as"


@dataclass(frozen=True)
class Argument:
    """An argument; ``decided`` if the search has chosen its value."""

    key: str
    value: str
    decided: bool


@dataclass(frozen=True)
class Block:
    """One component.

    Args:
        title: the class.
        place: in the config, such as ``_args_.0``; equal blocks may differ in it.
        decided: whether the search has chosen the class.
        settings: its plain arguments.
        parts: the components among its arguments.
        cells: the small graphs among its arguments.
    """

    title: str
    place: str | None = field(default=None, compare=False)
    decided: bool = False
    settings: tuple[Argument, ...] = ()
    parts: tuple["Block", ...] = ()
    cells: tuple[CellGraph, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether it is one module in all its places."""
        return any(setting.key == SHARED for setting in self.settings)


def block_of(config: Mapping[str, Any], marks: Set[Path], path: Path = (), key: str = "") -> Block:
    """The block of a closed component, which is called ``key`` if it has no ``_target_``.

    ``marks`` are the paths of all values that were decided.
    """
    settings: list[Argument] = []
    parts: list[Block] = []
    cells: list[CellGraph] = []
    for name, value, where in _arguments(config, marks, path):
        cell = cell_of(name, value, marks, where)
        if cell is not None:
            cells.append(cell)
        elif isinstance(value, Mapping):
            parts.append(block_of(value, marks, where, name))
        elif _is_step(value, where, marks):
            parts.append(Block(value, dotted(where), decided=True))
        else:
            settings.append(Argument(name, _shown(value), _is_decided(where, marks)))
    if "_share_" in config:
        settings.append(Argument(SHARED, str(config["_share_"]), decided=False))
    title = str(config.get("_target_", key)).rsplit(".", 1)[-1]
    # the class is decided where the component as a whole is, or its _target_ alone
    chosen = path in marks or (*path, "_target_") in marks
    return Block(title, dotted(path), chosen, tuple(settings), tuple(parts), tuple(cells))


def _arguments(
    config: Mapping[str, Any], marks: Set[Path], path: Path
) -> Iterator[tuple[str, Any, Path]]:
    """Name, value and path of each argument; a list of components or steps one by one."""
    for name, value in config.items():
        key, where = str(name), (*path, name)
        if (key == "_args_" and isinstance(value, list)) or _is_row(value, where, marks):
            each = "" if key == "_args_" else key.removesuffix("s")
            yield from ((each, part, (*where, place)) for place, part in enumerate(value))
        elif not key.startswith("_"):
            yield key, value, where


def _is_row(value: Any, path: Path, marks: Set[Path]) -> bool:
    """Whether an argument lists what the data passes: components, or decided names of steps."""
    if not isinstance(value, list) or cell_of("", value, marks, path) is not None:
        return False
    parts = list(enumerate(value))
    return any(isinstance(part, Mapping) for part in value) or (
        len(parts) > 1 and all(_is_step(part, (*path, place), marks) for place, part in parts)
    )


def _is_step(value: Any, path: Path, marks: Set[Path]) -> bool:
    """Whether a list's element is the decided name of a layer."""
    return isinstance(value, str) and path in marks and isinstance(path[-1], int)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_shown(part) for part in value) + "]"
    return in_yaml(value)


def _is_decided(path: Path, marks: Set[Path]) -> bool:
    """Whether a decision has set the value or a part of it."""
    return any(mark[: len(path)] == path for mark in marks)


def chain(block: Block) -> list[list[Block]]:
    """The blocks that the data passes, one after the other, in runs of equal ones.

    A Sequential is the chain of its parts. Any other root comes first with its own settings,
    then its parts.
    """
    return runs(_flat(block, root=True))


def runs(blocks: Iterable[Block]) -> list[list[Block]]:
    """Equal neighbours together."""
    return [list(run) for _, run in groupby(blocks)]


def _flat(block: Block, root: bool = False) -> Iterator[Block]:
    container = block.title == "Sequential"
    if not container and not (root and block.parts):
        yield block
        return
    if block.settings or block.cells:
        yield replace(block, place=None, parts=())  # its size would be that of all
    for part in block.parts:
        yield from _flat(part)
