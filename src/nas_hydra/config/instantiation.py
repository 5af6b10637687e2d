"""From a closed config to what it describes, by the rules of Hydra's ``instantiate``.

Hydra's own copies, merges and resolves a config each time, which takes longer than to build many a
network; of a closed config, which is plain values, all that is left to do is to call what it names.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from nas_hydra.config.foreign import find

TARGET, ARGS, PARTIAL = "_target_", "_args_", "_partial_"
STEERING = frozenset(("_recursive_", "_convert_"))
APART = frozenset((TARGET, ARGS, PARTIAL, *STEERING))
"""Keys that are no names of arguments."""

SYSTEM = ("os", "posix", "nt", "shutil", "subprocess", "_functools", "itertools")
BUILTINS = ("eval", "exec", "compile", "__import__", "map", "filter", "exit", "quit", "breakpoint")
"""Modules, and functions of Python's own, that no config calls, as with Hydra: with a word, they
delete files, run whatever a text says, or call in turn what they are given.
"""


class TargetError(Exception):
    """What a config names is not there, or raises when it is called; its cause says why.

    Args:
        target: what is called, by the name under which it is defined.
        place: where in the config that stands, such as ``_args_.0``; empty at the top.
        reason: why it is not called; empty if the cause says it.
    """

    def __init__(self, target: str, place: str, reason: str = "") -> None:
        super().__init__(target, place, reason)
        self.target, self.place, self.reason = target, place, reason


class Way(NamedTuple):
    """How a config's parts reach what it calls; what is within follows, unless it says otherwise.

    Args:
        recursive: whether components among them are built, or passed as configs.
        convert: whether mappings and lists are plain ones; with ``none`` they are OmegaConf's.
    """

    recursive: bool = True
    convert: str = "all"

    def within(self, config: Mapping[str, Any]) -> "Way":
        """The way of the parts of a mapping."""
        if STEERING.isdisjoint(config):
            return self
        return Way(config.get("_recursive_", self.recursive), config.get("_convert_", self.convert))


PLAIN = Way()


class Instantiator:
    """Calls what a closed config names; without state, but for what a subclass adds."""

    def made(self, config: Any, way: Way = PLAIN, place: str = "") -> Any:
        """What a config describes: components built, in the order in which they are written.

        Args:
            config: closed, plain values.
            way: of what is around it.
            place: where it stands.

        Raises:
            TargetError: naming the innermost component that cannot be called, or raises.
        """
        if isinstance(config, Mapping):
            way = way.within(config)
            if TARGET in config:
                return self.component(config, way, place)
            return {key: self.made(part, way, _below(place, key)) for key, part in config.items()}
        if isinstance(config, list | tuple):
            parts = [self.made(part, way, _below(place, key)) for key, part in enumerate(config)]
            return tuple(parts) if isinstance(config, tuple) else parts
        return config

    def component(self, config: Mapping[str, Any], way: Way, place: str, **provided: Any) -> Any:
        """What the target of a config gives, or with ``_partial_`` a function that calls it.

        Args:
            config: with a ``_target_``.
            way: of its parts.
            place: where it stands.
            provided: further arguments; given any, the target is called in any case.
        """
        deferred = config.get(PARTIAL, False) and not provided
        call = _called_by(config[TARGET], place)
        named = {
            key: self._argument(part, way, _below(place, key))
            for key, part in config.items()
            if key not in APART or key == ARGS
            if not (deferred and isinstance(part, str) and part == "???")
        }
        listed = named.pop(ARGS, ())
        try:
            if deferred:
                return partial(call, *listed, **named)
            return call(*listed, **{**named, **provided})
        except TargetError:
            raise
        except (Exception, SystemExit) as error:  # a target may raise anything it likes
            raise TargetError(_name_of(call), place) from error

    def _argument(self, part: Any, way: Way, place: str) -> Any:
        """A part of a component's config, as its target gets it."""
        found = self.made(part, way, place) if way.recursive else _copied(part)
        if way.convert != "none":
            is_config = OmegaConf.is_config(found)  # as some targets give them
            return OmegaConf.to_container(found, resolve=True) if is_config else found
        contained = isinstance(part, list | tuple) or (
            isinstance(part, Mapping) and not (way.recursive and TARGET in part)
        )
        return OmegaConf.create(found, flags={"allow_objects": True}) if contained else found


def instantiate(config: Any, **provided: Any) -> Any:
    """What a closed config describes.

    Args:
        config: plain values; with a ``_target_`` if anything is provided.
        provided: arguments of the target that no config can give.

    Raises:
        TargetError: naming the innermost component that cannot be called, or raises.
    """
    maker = Instantiator()
    if provided:
        return maker.component(config, PLAIN.within(config), "", **provided)
    return maker.made(config)


def _called_by(target: Any, place: str) -> Any:
    """The class or function that a ``_target_`` names.

    Raises:
        TargetError: if there is none, or none that a config calls.
    """
    try:
        found = find(target)
    except Exception as error:  # a module may raise anything while it is imported
        raise TargetError(str(target), place) from error
    if not callable(found):
        raise TargetError(str(target), place, f"is a {type(found).__name__}, and no function")
    home, name = getattr(found, "__module__", None), getattr(found, "__qualname__", "")
    if home in SYSTEM or (home == "builtins" and name in BUILTINS):
        raise TargetError(str(target), place, "is not called by a config")
    return found


def _name_of(called: Any) -> str:
    """Where a class or function is defined."""
    name = getattr(called, "__qualname__", None)
    return f"{called.__module__}.{name}" if name else repr(called)


def _copied(value: Any) -> Any:
    """Plain values that whoever gets them may change; components in them stay configs."""
    if isinstance(value, Mapping):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copied(part) for part in value]
    return tuple(map(_copied, value)) if isinstance(value, tuple) else value


def _below(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)
