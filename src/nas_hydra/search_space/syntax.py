"""How an opened config is written: its special keys, paths, names of genes and plain values."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import ConfigError, listing, nearest

Path = tuple[str | int, ...]
"""Keys and list positions from the root of the composed config, as written there."""


OPENERS = ("_choice_", "_int_", "_float_", "_repeat_")
"""The keys that open a value."""
COMPANIONS = {"_repeat_": {"_name_", "_block_", "_share_"}}
"""What may stand beside an opener; beside any other, a ``_name_``."""
HYDRA_KEYS = ("_target_", "_args_", "_partial_", "_recursive_", "_convert_")
"""The special keys of ``hydra.utils.instantiate``."""


def dotted(path: Path) -> str:
    """The path as one types it on the command line."""
    return ".".join(str(part) for part in path)


def at(raw: Any, path: Path) -> Any:
    """The raw value at a path that exists."""
    for part in path:
        raw = raw[part]
    return raw


def separate_blocks(raw: Any, path: Path) -> list[int]:
    """Positions in the path where a repeated block is entered whose copies decide separately."""
    found = []
    for position, part in enumerate(path):
        if part == "_block_" and isinstance(raw, Mapping) and not raw.get("_share_", False):
            found.append(position)
        raw = raw[part]
    return found


def depth(raw: Any, path: Path) -> int:
    """Number of enclosing repeated blocks whose copies decide separately."""
    return len(separate_blocks(raw, path))


def segments(raw: Any, path: Path) -> tuple[str, ...]:
    """The pieces of a gene's name between which the numbers of the copies stand.

    A given ``_name_`` has its numbers behind it; a path is cut at each repeated block.

    Raises:
        ConfigError: if the given name is no text.
    """
    cuts = separate_blocks(raw, path)
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


def is_open(raw: Any) -> bool:
    """Whether a raw value is itself an open value or a repeated block."""
    return isinstance(raw, Mapping) and any(key in raw for key in OPENERS)


def opener_of(path: Path, raw: Mapping[str, Any]) -> str | None:
    """The key that opens a mapping, if any, after checking the keys beside it.

    Raises:
        ConfigError: for a key that looks special and is not, or one that may not stand here.
    """
    openers = [key for key in OPENERS if key in raw]
    if not openers:
        for key in raw:
            known = key in HYDRA_KEYS or (key == "_share_" and "_target_" in raw)
            if isinstance(key, str) and re.fullmatch(r"_[a-zA-Z]+_", key) and not known:
                hint = nearest(key, (*OPENERS, *HYDRA_KEYS))
                allowed = f"; allowed: {listing((*OPENERS, *HYDRA_KEYS))}"
                raise ConfigError(f"{dotted(path)}.{key}", f"means nothing here{hint}{allowed}")
        return None
    beside = set(raw) - {openers[0]} - COMPANIONS.get(openers[0], {"_name_"})
    if beside:
        raise ConfigError(
            dotted(path),
            f"{openers[0]} stands beside {listing(sorted(map(str, beside)))}; an open value holds "
            f"nothing else. To replace one in an override, delete it first: "
            f"'~{dotted(path)}' '+{dotted(path)}=...'",
        )
    return openers[0]


def no_options(path: Path, given: Any) -> ConfigError:
    """The error of a ``_choice_`` without options."""
    return ConfigError(
        f"{dotted(path)}._choice_", f"is {given!r}; it needs a list of at least one option"
    )


def dump(value: Any) -> str:
    """The value as JSON, the same text for equal values; 1, 1.0 and true are not equal.

    Raises:
        TypeError: if it is no plain value, or a mapping has keys of kinds without an order.
    """
    return json.dumps(value, sort_keys=True)


def checked_plain(key: str, value: Any) -> Any:
    """The value, if it is made of mappings, lists, texts, numbers, true, false and null.

    Raises:
        ConfigError: if it is not.
    """
    try:
        dump(value)
    except TypeError as error:
        raise ConfigError(
            key,
            f"is {value!r}, which is no plain value ({error}); allowed: texts, numbers, true, "
            "false, null, lists of them, and mappings whose keys are all texts or all numbers",
        ) from error
    return value


def resolve(config: DictConfig, path: Path, text: str) -> Any:
    """The plain value of the text at a path, whose interpolations meet nothing open.

    Raises:
        ConfigError: if OmegaConf cannot compute it, or it brings an open value in through a
            resolver, where the space cannot see it.
    """
    return _computed(dotted(path), text, lambda: at(config, path))


def compute(key: str, text: str, known: Mapping[str, Any]) -> Any:
    """The plain value of a text with interpolations.

    Args:
        key: where the text stands, for messages.
        text: refers to nothing but the keys of ``known``.
        known: plain values.

    Raises:
        ConfigError: as ``resolve``.
    """
    return _computed(key, text, lambda: OmegaConf.create({**known, "value": text})["value"])


def _computed(key: str, text: str, work: Callable[[], Any]) -> Any:
    try:
        value = work()
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, RecursionError) as error:  # resolvers may go in circles
        reason = str(error).splitlines()[0]
        raise ConfigError(key, f"{text!r} cannot be computed ({reason}); correct it") from error
    for sign in ("${", *OPENERS):
        if sign in dump(checked_plain(key, value)):
            raise ConfigError(
                key,
                f"{text!r} comes to {value!r}, which holds {sign!r}; refer to an open value with"
                " ${its.key} by itself, and escape nothing beside a reference",
            )
    return value
