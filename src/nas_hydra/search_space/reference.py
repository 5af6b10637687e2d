"""References: the ``${...}`` in a text, where each points, and what it may point to."""

import re
from dataclasses import dataclass
from typing import Any

from omegaconf.errors import GrammarParseError
from omegaconf.grammar.gen.OmegaConfGrammarParser import OmegaConfGrammarParser
from omegaconf.grammar_parser import parse

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.node import (
    Choice,
    Constant,
    DictNode,
    ListNode,
    Node,
    Reference,
    Repeat,
    Rest,
)
from nas_hydra.search_space.syntax import Path, dotted, separate_blocks


@dataclass(frozen=True)
class Written:
    """A reference as it stands in a text.

    Args:
        start: position of its ``$``.
        stop: position after its ``}``.
        name: what stands between the braces.
    """

    start: int
    stop: int
    name: str


def references(key: str, text: str) -> list[Written]:
    """The references in a text, resolver arguments included, in order.

    A reference inside another's name is part of that name. OmegaConf's own grammar decides, so
    that nothing it would resolve is overlooked.

    Raises:
        ConfigError: if the text is no valid interpolation.
    """
    found: list[Written] = []

    def look(tree: Any) -> None:
        if isinstance(tree, OmegaConfGrammarParser.InterpolationNodeContext):
            start, stop = tree.start.start, tree.stop.stop + 1
            found.append(Written(start, stop, text[start + 2 : stop - 1].strip()))
            return
        for child in getattr(tree, "children", None) or ():
            look(child)

    try:
        look(parse(text))
    except GrammarParseError as error:
        raise ConfigError(key, f"{text!r} is no valid interpolation: {error}; mend it") from error
    return found


def absolute(path: Path, name: str) -> Path:
    """The place that a reference names; leading dots count upwards from the value.

    Raises:
        ConfigError: if they count beyond the root.
    """
    dots = len(name) - len(name.lstrip("."))
    if dots > len(path):
        raise ConfigError(dotted(path), f"${{{name}}} has too many dots; at most {len(path)}")
    parts = [part for part in re.split(r"[.\[\]]", name[dots:]) if part]
    return (*(path[:-dots] if dots else ()), *parts)


def step_into(raw: Any, part: str | int) -> str | int | None:
    """The key or list position by which a raw value has the named part; None if it lacks it."""
    if isinstance(raw, list):
        position = int(part) if str(part).isdecimal() else len(raw)
        return position if position < len(raw) else None
    return part if isinstance(raw, dict) and part in raw else None


def check_reach(raw: Any, path: Path, goal: Path) -> None:
    """A reference may not point into another block's copies or into an option.

    Raises:
        ConfigError: if it does, since which copy is meant, or whether it exists, is unknown.
    """
    for position in separate_blocks(raw, goal):
        if path[: position + 1] != goal[: position + 1]:
            raise ConfigError(
                dotted(path),
                f"refers to {dotted(goal)}, into the copies of {dotted(goal[:position])}, from "
                "outside; move the value out of the _block_ and refer to it from both places",
            )
    for position, part in enumerate(goal):
        same_option = position + 1 < len(goal) and path[: position + 2] == goal[: position + 2]
        if part == "_choice_" and not same_option:
            raise ConfigError(
                dotted(path),
                f"refers to {dotted(goal)}, into an option of {dotted(goal[:position])}, from "
                "outside; refer to the choice itself, or move the value out of the option",
            )


def has(node: Node, rest: Rest) -> bool:
    """Whether whatever the node closes to has the part that ``rest`` names."""
    if not rest:
        return True
    match node:
        case Constant():
            try:
                node.part(rest)
            except (LookupError, TypeError):
                return False
            return True
        case DictNode(items=items):
            return rest[0] in items and has(items[rest[0]], rest[1:])
        case ListNode(elements=elements):
            # copies of a repeated block would move the positions behind it
            whole = not any(isinstance(element, Repeat) for element in elements)
            inside = whole and rest[0].isdecimal() and int(rest[0]) < len(elements)
            return inside and has(elements[int(rest[0])], rest[1:])
        case Choice() | Reference():
            return all(has(part, inner) for part, inner in node.reads(rest))
        case _:
            return False
