"""A candidate as a chain of blocks: what of a closed config a picture of it shows."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from nas_hydra.report.cell import Cell, cell_of
from nas_hydra.report.decided import Path
from nas_hydra.report.outline import text


@dataclass(frozen=True)
class Setting:
    """An argument; ``decided`` if the search has chosen its value."""

    key: str
    value: str
    decided: bool


@dataclass(frozen=True)
class Block:
    """One component.

    Args:
        title: the class.
        decided: whether the search has chosen the class.
        settings: its plain arguments.
        parts: the components among its arguments.
        cells: the small graphs among its arguments.
    """

    title: str
    decided: bool = False
    settings: tuple[Setting, ...] = ()
    parts: tuple["Block", ...] = ()
    cells: tuple[Cell, ...] = ()


def block_of(config: Mapping[str, Any], marks: Set[Path], path: Path = (), key: str = "") -> Block:
    """The block of a closed component.

    Args:
        config: plain values.
        marks: the paths of the decided values.
        path: of the component.
        key: what it is called if it has no ``_target_``.
    """
    settings: list[Setting] = []
    parts: list[Block] = []
    cells: list[Cell] = []
    for name, value, where in _arguments(config, marks, path):
        cell = cell_of(name, value, marks, where)
        if cell is not None:
            cells.append(cell)
        elif isinstance(value, Mapping):
            parts.append(block_of(value, marks, where, name))
        elif _is_step(value, where, marks):
            parts.append(Block(value, decided=True))
        else:
            settings.append(Setting(name, _shown(value), _is_decided(where, marks)))
    if "_share_" in config:
        settings.append(Setting("shared as", str(config["_share_"]), decided=False))
    title = str(config.get("_target_", key)).rsplit(".", 1)[-1]
    # the class is decided where the component as a whole is, or its _target_ alone
    chosen = path in marks or (*path, "_target_") in marks
    return Block(title, chosen, tuple(settings), tuple(parts), tuple(cells))


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
    return text(value)


def _is_decided(path: Path, marks: Set[Path]) -> bool:
    """Whether a decision has set the value or a part of it."""
    return any(mark[: len(path)] == path for mark in marks)


def chain(block: Block) -> list[tuple[Block, int]]:
    """The blocks that the data passes, one after the other; equal neighbours once.

    A Sequential is the chain of its parts. Any other root comes first with its own settings,
    then its parts.
    """
    return counted(_flat(block, root=True))


def counted(blocks: Iterable[Block]) -> list[tuple[Block, int]]:
    """Equal neighbours once, with their number."""
    return [(one, len(list(run))) for one, run in groupby(blocks)]


def _flat(block: Block, root: bool = False) -> Iterator[Block]:
    container = block.title == "Sequential"
    if not container and not (root and block.parts):
        yield block
        return
    if block.settings or block.cells:
        yield Block(block.title, block.decided, block.settings, (), block.cells)
    for part in block.parts:
        yield from _flat(part)
