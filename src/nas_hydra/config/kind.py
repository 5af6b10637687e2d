"""Kinds: whether what a target gives is what is wanted, told before it is called, and after."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import UnionType
from typing import Annotated, Any, Protocol, Union, get_args, get_origin, get_type_hints

from nas_hydra.errors import ConfigError, listing

SCALARS = (int, float, str, bool, bytes, type(None))


def check_kind(
    config: Mapping[str, Any], called: Callable[..., Any], wanted: Any, key: str
) -> None:
    """Make sure, without calling it, that a component's target gives what is wanted.

    Args:
        config: the component's, with a ``_target_``.
        called: what that names.
        wanted: a class, a Protocol, a ``Callable``, or several of them as an annotation writes
            them; what else an annotation may say is not looked at.
        key: where the config stands, for messages.

    Raises:
        ConfigError: if it gives something else, or a function does not say what it gives.
    """
    deferred, target = config.get("_partial_") is True, config["_target_"]
    given = partial if deferred else given_by(called)
    if given is None:
        if any(map(particular, options(wanted))):
            raise ConfigError(f"{key}._target_", f"'{target}' {_unsaid(wanted)}")
        return
    if deferred and not meets(given, wanted):
        problem = f"makes no sense here, where {named(wanted)} is wanted and no function"
        raise ConfigError(f"{key}._partial_", f"{problem} that makes one; leave it out")
    if deferred and inspect.isbuiltin(called) and any(map(is_protocol, options(wanted))):
        problem = f"'{target}' is built into Python, and is no {named(wanted)}"
        raise ConfigError(f"{key}._target_", problem)
    if deferred:
        given, wanted = given_by(called), _result_of(wanted)
    if given is not None and not meets(given, wanted):
        raise ConfigError(
            f"{key}._target_",
            f"'{target}' gives a {given.__name__}, {_difference(wanted, partial(_lacking, given))}",
        )


def check_plain(value: Any, wanted: Any, key: str) -> None:
    """Make sure that a value that is no component stands where none is wanted.

    Raises:
        ConfigError: if it does not.
    """
    parts = [one for one in options(wanted) if is_protocol(one) or _is_function(one)]
    others = [one for one in options(wanted) if one not in parts]
    fits = any(_meets(type(value), one) for one in others)
    if parts and not fits:
        raise ConfigError(key, f"is {value!r}; it must be {named(wanted)}: {{_target_: ..., ...}}")


def check_made(made: Any, wanted: Any, key: str) -> None:
    """Make sure that what a target gave is what is wanted.

    Raises:
        ConfigError: if it is not.
    """
    if not any(_is(made, option) for option in options(wanted)):
        problem = _difference(wanted, partial(_missing, made))
        raise ConfigError(key, f"gives a {type(made).__name__}, {problem}")


def given_by(called: Callable[..., Any]) -> type | None:
    """The class of what a call gives: itself, or what a function's annotation says; or None."""
    if inspect.isclass(called):
        return called
    try:
        hint = get_type_hints(called).get("return")
    except Exception:  # noqa: BLE001  it has none, or one that names what is not imported
        return None
    found = get_origin(hint) or hint
    return found if inspect.isclass(found) and found is not Any else None


def meets(given: type, wanted: Any) -> bool:
    """Whether instances of a class can be what is wanted, as far as that can be told."""
    return any(_meets(given, option) for option in options(wanted))


def options(wanted: Any) -> list[Any]:
    """The kinds that an annotation names, without their own arguments (but for ``Callable``)."""
    return [
        option if get_origin(option) in (None, Callable) else get_origin(option)
        for option in _flat(wanted)
    ]


def _result_of(wanted: Any) -> Any:
    """What the functions that are wanted are to give."""
    for option in options(wanted):
        if _is_function(option) and get_args(option):
            return get_args(option)[1]
        if is_protocol(option):  # one whose only method is a call
            return get_type_hints(option.__call__).get("return", Any)
    return Any


def part_of(wanted: Any) -> Any:
    """What the elements of a list are to be."""
    lists = (list, tuple, Sequence, Iterable)
    kinds = [get_args(one)[0] for one in _flat(wanted) if get_origin(one) in lists]
    return kinds[0] if kinds else Any


def particular(option: Any) -> bool:
    """Whether it is a kind of object or function, and no plain value."""
    return _is_function(option) or (inspect.isclass(option) and option not in (*SCALARS, Any))


def named(wanted: Any) -> str:
    """What is wanted, in words."""
    names = [
        "a function" if _is_function(option) else getattr(option, "__name__", str(option))
        for option in options(wanted)
        if option is not type(None)
    ]
    return " or ".join(names)


def _members(protocol: type) -> dict[str, bool]:
    """What an object of a Protocol has, by name, and whether that is a method."""
    found: dict[str, bool] = {}
    for base in protocol.__mro__:
        if is_protocol(base):
            own = {**vars(base), **vars(base).get("__annotations__", {})}
            found |= {
                name: inspect.isfunction(vars(base).get(name))
                for name in own
                if not name.startswith("_") or name == "__call__"
            }
    return found


def is_protocol(option: Any) -> bool:
    """Whether it is a Protocol of somebody's, and no class."""
    return bool(getattr(option, "_is_protocol", False)) and option is not Protocol


def _flat(wanted: Any) -> list[Any]:
    """The parts of a union, each as it is written."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return [option for part in get_args(wanted) for option in _flat(part)]
    return _flat(get_args(wanted)[0]) if origin is Annotated else [wanted]


def _meets(given: type, option: Any) -> bool:
    if _is_function(option):
        return issubclass(given, Callable)  # type: ignore[arg-type]  # it asks for __call__
    if not inspect.isclass(option) or option is Any:
        return True
    if is_protocol(option):
        return not _lacking(given, option)
    return issubclass(given, option) or (given is int and issubclass(option, int | float))


def _lacking(given: type, protocol: type) -> list[str]:
    """The methods of a Protocol that a class does not define; its other members, objects may."""
    if any("__getattr__" in vars(base) for base in given.__mro__):
        return []
    methods = [name for name, method in _members(protocol).items() if method]
    # In the classes' own dictionaries: that a class can be called is no __call__ of its objects.
    return [name for name in methods if not any(name in vars(base) for base in given.__mro__)]


def _is(made: Any, option: Any) -> bool:
    if _is_function(option):
        return callable(made)
    if is_protocol(option):
        return not _missing(made, option)
    return _meets(type(made), option)


def _has(made: Any, name: str) -> bool:
    """Whether a value has an attribute; one that is there is not asked for, which may take long."""
    known = inspect.getattr_static(made, name, _has) is not _has
    return known or hasattr(made, name)


def _missing(made: Any, protocol: type) -> list[str]:
    return [name for name in _members(protocol) if not _has(made, name)]


def _is_function(option: Any) -> bool:
    return option is Callable or get_origin(option) is Callable


def _unsaid(wanted: Any) -> str:
    if any(map(_is_function, options(wanted))):
        return (
            "is a function; say _partial_: true beside it, so that it is called later, and not now"
        )
    problem = "is a function that does not say what it gives; name a class, or annotate its result"
    return f"{problem}: -> {named(wanted)}"


def _difference(wanted: Any, lacking: Callable[[type], list[str]]) -> str:
    """Why something is not what is wanted; ``lacking`` says what it lacks of a Protocol."""
    kinds = [option for option in options(wanted) if option is not type(None)]
    if any(map(_is_function, kinds)):
        return "which cannot be called; a function needs _partial_: true beside its _target_"
    if len(kinds) == 1 and is_protocol(kinds[0]):
        return f"which is no {named(wanted)}: it lacks {listing(lacking(kinds[0]))}"
    return f"and {named(wanted)} is wanted"
