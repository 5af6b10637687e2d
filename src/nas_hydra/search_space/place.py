"""Where values stand in the opened config, and what the genes there are called."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from nas_hydra.errors import ConfigError

Path = tuple[str | int, ...]
"""Keys and list positions from the root of the composed config, as written there."""


def dotted(path: Path) -> str:
    """The path as one types it on the command line."""
    return ".".join(str(part) for part in path)


def at(raw: Any, path: Path) -> Any:
    """The raw value at a path that exists."""
    for part in path:
        raw = raw[part]
    return raw


def blocks(raw: Any, path: Path) -> list[int]:
    """Positions in the path where a repeated block is entered whose copies decide separately."""
    found = []
    for position, part in enumerate(path):
        if part == "_block_" and isinstance(raw, Mapping) and not raw.get("_share_", False):
            found.append(position)
        raw = raw[part]
    return found


def depth(raw: Any, path: Path) -> int:
    """Number of enclosing repeated blocks whose copies decide separately."""
    return len(blocks(raw, path))


def segments(raw: Any, path: Path) -> tuple[str, ...]:
    """The pieces of a gene's name between which the numbers of the copies stand.

    A given ``_name_`` has its numbers behind it; a path is cut at each repeated block.

    Raises:
        ConfigError: if the given name is no text.
    """
    cuts = blocks(raw, path)
    name = _given_name(raw, path)
    if name is not None:
        return (name, *[""] * len(cuts))
    pieces = [path[start:end] for start, end in pairwise([0, *cuts, len(path)])]
    cleaned = [dotted(tuple(part for part in piece if part != "_block_")) for piece in pieces]
    return (cleaned[0], *[f".{piece}" if piece else "" for piece in cleaned[1:]])


def _given_name(raw: Any, path: Path) -> str | None:
    """The ``_name_`` of an open value; an open count may have it beside its ``_repeat_``."""
    holder, name = path, at(raw, path).get("_name_")
    if name is None and path[-1] == "_repeat_":
        holder, name = path[:-1], at(raw, path[:-1]).get("_name_")
    if name is None or (isinstance(name, str) and name and "${" not in name):
        return name
    key = dotted((*holder, "_name_"))
    raise ConfigError(key, f"is {name!r}; say a text without ${{...}}, or leave _name_ out")
