"""Arguments: whether a component's config fits the signature of what it calls."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import Parameter
from typing import Any

from nas_hydra.config.annotation import check_value, hints
from nas_hydra.config.kind import given_by, options, part_of, particular
from nas_hydra.config.total_steps import counted_later
from nas_hydra.errors import ConfigError, listing, nearest

CONTROL = {"_target_", "_args_", "_partial_", "_recursive_", "_convert_", "_share_"}
"""Keys that say how a component is built, and are no arguments."""

STEERING: Mapping[str, Sequence[Any]] = {
    "_partial_": (True, False),
    "_recursive_": (True, False),
    "_convert_": ("none", "partial", "object", "all"),
}
"""What the keys among them that are no part of the call may be."""

STEPPING = ("interval", "frequency", "monitor", "strict", "name")
"""Keys of Lightning's, beside a learning-rate scheduler's own arguments."""

OWN = {"_recursive_": True, "_convert_": "all"}
"""What some of them must be for our own classes, which take plain values and finished parts."""

UNKNOWN = object()
"""Stands for an argument whose value is still open."""

BY_POSITION = (
    Parameter.POSITIONAL_ONLY,
    Parameter.POSITIONAL_OR_KEYWORD,
    Parameter.VAR_POSITIONAL,
)
BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


HERE = __name__.partition(".")[0]
EXACT = (HERE, "pytorch_lightning", "lightning")
"""Packages whose annotations say of which kind the parts of an argument are."""


def check_arguments(
    config: Mapping[str, Any], called: Callable[..., Any], key: str, provided: Mapping[str, Any]
) -> None:
    """Check one component's own arguments.

    Args:
        config: the component's, with a ``_target_``.
        called: what that names.
        key: where the config stands, for messages.
        provided: arguments that the program gives and no config does.

    Raises:
        ConfigError: if one is unknown, missing or of the wrong type, or a key that steers Hydra
            has no meaning.
    """
    _check_steering(config, called, key)
    config = with_lists(config, called)
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # written in C, without a signature to read
        return
    target = config["_target_"]
    apart = (*CONTROL, *stepping(called, signature.parameters))
    named = {name: value for name, value in config.items() if name not in apart}
    listed = config.get("_args_", [])
    _check_names(target, named, signature.parameters, provided, key)
    incomplete = listed is UNKNOWN or bool(config.get("_partial_", False))
    listed = [] if listed is UNKNOWN else listed
    bind = signature.bind_partial if incomplete else signature.bind
    try:
        bind(*listed, **named, **provided)
    except TypeError as error:
        raise ConfigError(key, f"does not fit {target}: {error}") from None
    _check_types(called, listed, named, signature.parameters, key)


def kinds_of(called: Callable[..., Any]) -> Mapping[str, Any]:
    """Argument -> what its annotation wants, for our own classes and Lightning's.

    What others annotate is too often narrower than what they take.
    """
    if _package_of(called) not in EXACT:
        return {}
    return {name: known[0].type for name, known in hints(called).items()}


def stepping(called: Callable[..., Any], parameters: Mapping[str, Parameter]) -> Sequence[str]:
    """Which of ``STEPPING`` are no arguments of what a config calls: none, if no scheduler."""
    return [name for name in STEPPING if name not in parameters] if schedules(called) else ()


def schedules(called: Callable[..., Any]) -> bool:
    """Whether a call gives a learning-rate scheduler; if it does not say, it wants an optimizer."""
    given = given_by(called)
    if given is not None:
        return any(base.__name__ == "LRScheduler" for base in given.__mro__)
    try:
        return next(iter(inspect.signature(called).parameters), None) == "optimizer"
    except (TypeError, ValueError):
        return False


def with_lists(config: Mapping[str, Any], called: Callable[..., Any]) -> Mapping[str, Any]:
    """A component's config in which lists of parts are lists, though mappings were given.

    A mapping of callbacks, each under a name, can be changed on the command line. Those that are
    null are left out.
    """
    found = {
        name: [part for part in config[name].values() if part is not None]
        for name, known in hints(called).items()
        if isinstance(config.get(name), Mapping)
        and "_target_" not in config[name]
        and any(map(particular, options(part_of(known[0].type))))
    }
    return {**config, **found}


def plain(value: Any) -> bool:
    """Whether a config's value reaches its target as it is: nothing open, no component in it."""
    if isinstance(value, Mapping):
        return "_target_" not in value and all(plain(part) for part in value.values())
    if isinstance(value, list | tuple):
        return all(plain(part) for part in value)
    return value is not UNKNOWN and not counted_later(value)


def _package_of(called: Callable[..., Any]) -> str:
    """The package that a class or function is part of."""
    return str(getattr(called, "__module__", "")).partition(".")[0]


def _check_steering(config: Mapping[str, Any], called: Callable[..., Any], key: str) -> None:
    """Check the keys that say how a component is built."""
    own = {**OWN, "_recursive_": not getattr(called, "takes_configs", False)}
    for name, allowed in STEERING.items():
        value = config.get(name, OWN.get(name, False))
        if value is UNKNOWN:
            continue
        if not any(value is option or value == option != 1 for option in allowed):
            raise ConfigError(f"{key}.{name}", f"is {value!r}; allowed: {listing(allowed)}")
        if _package_of(called) == HERE and value != own.get(name, value):
            problem = "makes no sense beside a target of nas_hydra, which takes plain values"
            raise ConfigError(f"{key}.{name}", f"{problem} and finished parts; leave it out")
    listed = config.get("_args_", [])
    if listed is not UNKNOWN and not isinstance(listed, list | tuple):
        raise ConfigError(f"{key}._args_", f"is {listed!r}; it must be a list")


def _check_names(
    target: str,
    named: Mapping[str, Any],
    parameters: Mapping[str, Parameter],
    provided: Mapping[str, Any],
    key: str,
) -> None:
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    allowed = [n for n, p in parameters.items() if p.kind in BY_NAME and n not in provided]
    for name in named:
        if name in allowed:
            continue
        if name in parameters and name not in provided:
            raise ConfigError(f"{key}.{name}", "can be given only by its position, in _args_")
        raise ConfigError(
            f"{key}.{name}",
            f"is no argument of {target}; allowed: {listing(allowed)}{nearest(name, allowed)}",
        )


def _check_types(
    called: Callable[..., Any],
    listed: Sequence[Any],
    named: Mapping[str, Any],
    parameters: Mapping[str, Parameter],
    key: str,
) -> None:
    """Check arguments that are known to fit the parameters by number and name."""
    known = hints(called)
    for place, parameter, value in _placed(listed, named, parameters):
        if parameter.name not in known:
            continue
        # A default says more than an annotation: ``size: int = None`` is common.
        if plain(value) and value != parameter.default:
            check_value(known[parameter.name], value, f"{key}.{place}")


def _placed(
    listed: Sequence[Any], named: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> Iterator[tuple[str, Parameter, Any]]:
    """Where each argument stands in the config, the parameter that takes it, and its value."""
    takers = [parameter for parameter in parameters.values() if parameter.kind in BY_POSITION]
    for index, value in enumerate(listed):
        yield f"_args_.{index}", takers[min(index, len(takers) - 1)], value
    for name, value in named.items():
        if name in parameters:  # else it goes to **kwargs
            yield name, parameters[name], value
