"""What a config refers to: resolvers, and the key that the user typed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.basecontainer import BaseContainer
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import ConfigError

THIRD = "third_of_budget"
HARMLESS = (
    *("oc.create", "oc.decode", "oc.deprecated", "oc.select"),
    *("oc.dict.keys", "oc.dict.values"),
    *(THIRD, "metrics_of"),
)
"""Resolvers that reach nothing but the config."""
ENVIRONMENT = "oc.env"
FEWEST = 2
"""Nothing can be learned from a single trial."""


@contextmanager
def without_environment() -> Iterator[None]:
    """While this lasts, no text of a config reaches the environment, the clock or a program."""
    with _table(HARMLESS):
        OmegaConf.register_new_resolver(ENVIRONMENT, _no_environment)
        yield


@contextmanager
def as_written() -> Iterator[None]:
    """While this lasts, what the environment holds stays the text that asks for it."""
    with _table(tuple(name for name in BaseContainer._resolvers if name != ENVIRONMENT)):
        OmegaConf.register_new_resolver(ENVIRONMENT, _asking)
        yield


@contextmanager
def _table(names: tuple[str, ...]) -> Iterator[None]:
    """OmegaConf can forget a resolver, but not give it back: its table is exchanged for a while."""
    outer = BaseContainer._resolvers
    BaseContainer._resolvers = {name: outer[name] for name in names if name in outer}
    try:
        yield
    finally:
        BaseContainer._resolvers = outer


def _no_environment(*_: Any) -> Any:
    raise ValueError("the environment is not told to the config of a finished run")


def _asking(*given: Any) -> str:
    return f"${{{ENVIRONMENT}:{','.join('null' if one is None else str(one) for one in given)}}}"


def _third_of_budget(most: Any, least: int = FEWEST, /, *, _root_: DictConfig) -> Any:
    """``${third_of_budget:30}``: a third of ``budget.trials``, at least two and at most 30.

    So that of what a strategy does in turn, such as founders and generations, a small budget has
    room for more than the first. What is no number is left to those who read it.
    """
    trials = OmegaConf.select(_root_, "budget.trials")
    counted = isinstance(most, int) and isinstance(trials, int)
    return min(most, max(least, trials // 3)) if counted else most


OmegaConf.register_new_resolver(THIRD, _third_of_budget, replace=True)


REFERENCE = re.compile(r"\$\{\s*(\.*)([\w.]+)\s*\}")
"""``${a.b}``, and ``${..b}`` from where it stands."""


@contextmanager
def naming_origin(config: DictConfig) -> Iterator[None]:
    """Where a value is wrong that comes from another key, name that one: it is to be mended.

    Args:
        config: whose keys the errors are about, references unresolved.
    """
    try:
        yield
    except ConfigError as error:
        known = origin(config, error.key) if type(error) is ConfigError else error.key
        if known == error.key or not _tells_value(error.problem, config, error.key):
            raise
        raise ConfigError(known, f"{error.problem} ({error.key} refers to it)") from error


def origin(config: DictConfig, key: str) -> str:
    """The key whose value stands at another one, at the end of all references."""
    seen = [key]
    while (found := _next(config, seen[-1])) and found not in seen:
        seen.append(found)
    return seen[-1]


def broken(config: DictConfig, key: str) -> str:
    """Of a key whose references cannot be followed, the one whose own leads nowhere."""
    seen = [key]
    while found := [one for one in _references(config, seen[-1]) if _fails(config, one)]:
        if found[0] in seen:
            break
        seen.append(found[0])
    return seen[-1]


def _next(config: DictConfig, key: str) -> str | None:
    """Where a key leads that is nothing but a reference, or lies within one."""
    parts = key.split(".")
    for length in range(1, len(parts) + 1):
        node = _node(config, parts[:length])
        text = node._value() if node is not None and node._is_interpolation() else None
        if found := REFERENCE.fullmatch(str(text)):
            return ".".join([*_absolute(parts[:length], found), *parts[length:]])
    return None


def _references(config: DictConfig, key: str) -> list[str]:
    node, parts = _node(config, key.split(".")), key.split(".")
    text = str(node._value()) if node is not None and node._is_interpolation() else ""
    return [".".join(_absolute(parts, found)) for found in REFERENCE.finditer(text)]


def _absolute(place: Sequence[str], reference: re.Match[str]) -> list[str]:
    dots = len(reference[1])
    return [*(place[:-dots] if dots else ()), *reference[2].split(".")]


def _node(config: DictConfig, parts: Sequence[str]) -> Any:
    """What stands at a key, references unresolved; None if nothing does."""
    node: Any = config
    for part in parts:
        if not OmegaConf.is_config(node) or node._is_none() or node._is_interpolation():
            return None
        if isinstance(node, DictConfig):
            node = node._get_node(part, validate_access=False)
        elif part.isdecimal() and isinstance(node, ListConfig) and int(part) < len(node):
            node = node._get_node(int(part))
        else:
            return None
    return node


def _fails(config: DictConfig, key: str) -> bool:
    if _node(config, key.split(".")) is None:
        return False
    try:
        OmegaConf.select(config, key, throw_on_missing=True)
    except OmegaConfBaseException:
        return True
    return False


def _tells_value(problem: str, config: DictConfig, key: str) -> bool:
    """Whether a message begins with the value of a key, and is not about the key itself."""
    try:
        value: Any = OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return False
    value = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    return problem.startswith((f"is {value!r}", f"is {value}"))
