"""Shared modules: those that a config writes in several places, and that are one and the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.node import Node, Open

SHARE = "_share_"
"""Beside a ``_target_``: whatever has this name is one module."""
TIED = "nas_hydra.model.tied.tied"
"""What builds such a model, so that Hydra's ``instantiate`` does too."""
NAMES = "true, false, or a name without ${...}"


def shared_name(path: str, given: Any) -> str | None:
    """The name of a shared module; its place if it has none, None if it is not shared.

    Raises:
        ConfigError: if it can be none.
    """
    if given is True or given is False:
        return path if given else None
    if isinstance(given, str) and given and "${" not in given:
        return given
    raise ConfigError(f"{path}.{SHARE}", f"is {given!r}; allowed: {NAMES}")


def check_decided_once(node: Node, seen: set[Node] | None = None) -> None:
    """Make sure that the copies of a block do not decide separately what a shared module is.

    Raises:
        ConfigError: naming what they decide.
    """
    seen = set() if seen is None else seen
    if node in seen:
        return
    seen.add(node)
    if isinstance(node, Open) and node.depth:
        raise ConfigError(
            node.path,
            f"is decided by each copy of its _block_, and stands in a module with {SHARE}, which is"
            f" the same in all; say {SHARE}: true beside the _repeat_, or take it off the module",
        )
    for part, _ in node.reads():
        check_decided_once(part, seen)


def _shared(config: Any, path: str = "model") -> Iterator[tuple[str, str, Any]]:
    """The name, the place and the closed config of every shared module in a closed config.

    Raises:
        ConfigError: if one stands in what is not built before what it is part of.
    """
    if isinstance(config, Mapping):
        if SHARE in config and "_target_" in config:
            yield str(config[SHARE]), path, config
        for key, part in config.items():
            yield from _shared(part, f"{path}.{key}")
    elif isinstance(config, list):
        for place, part in enumerate(config):
            yield from _shared(part, f"{path}.{place}")


def check_shared(closed: Mapping[str, Any]) -> None:
    """Make sure that shared modules stand in the model alone, and are the same wherever they do.

    Raises:
        ConfigError: if not; says where.
    """
    for part, config in closed.items():
        for name, place, _ in _shared(config, part):
            if part != "model":
                problem = f"is {name!r}; only modules of search_space.model can be shared"
                raise ConfigError(f"{place}.{SHARE}", problem)
    first: dict[str, tuple[str, Any]] = {}
    for name, place, config in _shared(closed.get("model")):
        known, other = first.setdefault(name, (place, config))
        if other != config:
            raise ConfigError(
                f"{place}.{SHARE}",
                f"is {name!r}, as at {known}, but what stands there differs; write it once and"
                " refer to it with ${...}, or give one of them another name",
            )


def tied(model: Any) -> Any:
    """A closed model as ``instantiate`` builds it: what shares modules is built by our ``tied``."""
    if next(_shared(model), None) is None:
        return model
    return {"_target_": TIED, "_recursive_": False, "model": model}


def untied(model: Any) -> Any:
    """The model within."""
    within = isinstance(model, Mapping) and model.get("_target_") == TIED
    return model["model"] if within else model
