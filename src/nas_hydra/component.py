"""Components: configs with a ``_target_``, checked against the signature of what they call."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from inspect import Parameter
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from pydantic import ConfigDict, TypeAdapter, ValidationError

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.foreign import check_foreign, permit, permit_found

CONTROL = {"_target_", "_args_", "_partial_", "_recursive_", "_convert_"}
"""Keys that steer Hydra's instantiate and are no arguments."""

UNKNOWN = object()
"""Stands for an argument whose value is still open."""

BY_POSITION = (
    Parameter.POSITIONAL_ONLY,
    Parameter.POSITIONAL_OR_KEYWORD,
    Parameter.VAR_POSITIONAL,
)
BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)

LENGTHS = {"missing": "longer", "too_long": "shorter"}
"""Words for a list that is to be a tuple of another length."""


def build(config: Mapping[str, Any], key: str, **provided: Any) -> Any:
    """Check a component's config and instantiate it.

    Args:
        config: plain values with a ``_target_``.
        key: where the config stands, for messages.
        provided: arguments that the program gives and no config does; given any, the target is
            called even if the config says ``_partial_``.

    Raises:
        ConfigError: if the target does not import, an argument is unknown, missing or of the
            wrong type, or the target itself refuses its arguments.
    """
    if not isinstance(config, Mapping) or "_target_" not in config:
        raise ConfigError(f"{key}._target_", "is missing; name the class or function to call")
    check_foreign(config, key)
    check(config, key, provided)
    try:
        if not provided:
            return instantiate(config, _convert_="all")
        # Handed to instantiate, they would be turned into configs (a dataclass comes out a dict).
        return instantiate(config, _convert_="all", _partial_=True)(**provided)
    except ConfigError:
        raise
    except Exception as error:  # whatever a target raises, it does not like its arguments
        cause = error.__cause__ if isinstance(error, InstantiationException) else error
        if isinstance(cause, ConfigError):
            raise cause from None
        raise ConfigError(key, _refusal(config["_target_"], error)) from error


def build_function(config: Mapping[str, Any], key: str) -> Callable[..., Any]:
    """Check the config of something that will be called for every candidate, and build it.

    Hydra's ``instantiate`` takes milliseconds, and each call of what it made of a ``_partial_``
    a good part of one; so it is left to configs that have components inside them.

    Raises:
        ConfigError: as ``build``, and if what was built cannot be called.
    """
    named = {name: value for name, value in config.items() if name not in CONTROL}
    listed = config.get("_args_", [])
    if plain(named) and plain(listed):
        check_foreign(config, key)
        check(config, key)
        found = partial(locate(config.get("_target_"), f"{key}._target_"), *listed, **named)
        found = found if config.get("_partial_") else _called(found, config, key)
    else:
        found = build(config, key)
    if not callable(found):
        raise ConfigError(
            key,
            f"gives {found!r}, which cannot be called with a candidate; a function needs"
            " _partial_: true beside its _target_",
        )
    return found


def _called(target: Callable[[], Any], config: Mapping[str, Any], key: str) -> Any:
    try:
        return target()
    except Exception as error:  # whatever a target raises, it does not like its arguments
        raise ConfigError(key, _refusal(config["_target_"], error)) from error


def check(value: Any, key: str, provided: Mapping[str, Any] | None = None) -> None:
    """Check every component in a plain config, this one and those inside it.

    Raises:
        ConfigError: as ``build``.
    """
    if isinstance(value, Mapping):
        if "_target_" in value:
            check_call(value, key, provided or {})
        for name, part in value.items():
            check(part, f"{key}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            check(part, f"{key}.{index}")


def check_call(config: Mapping[str, Any], key: str, provided: Mapping[str, Any]) -> None:
    """Check one component's own arguments.

    An argument that is ``UNKNOWN``, or has such a part, is checked only by its name. If
    ``_args_`` as a whole is (its length is open), no argument counts as missing.

    Raises:
        ConfigError: as ``build``.
    """
    target = config["_target_"]
    called = locate(target, f"{key}._target_")
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # written in C, without a signature to read
        return
    named = {name: value for name, value in config.items() if name not in CONTROL}
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


def locate(target: Any, key: str) -> Callable[..., Any]:
    """The class or function of a ``_target_``.

    Raises:
        ConfigError: if it does not import; the message says which part is not there. Or if it
            stands in a finished run, and is none that may be called, see ``foreign``.
    """
    if not isinstance(target, str) or not target:
        raise ConfigError(key, f"is {target!r}; it must be the dotted name of a class or function")
    permit(target, key)
    try:
        found = resolve_name(target)
    except Exception as error:  # a module may raise anything while it is imported
        raise ConfigError(key, f"'{target}' does not import: {_reason(target, error)}") from error
    if not callable(found):
        raise ConfigError(key, f"'{target}' is a {type(found).__name__}, which cannot be called")
    permit_found(target, found, key)
    return found  # type: ignore[no-any-return]  # what is callable is a Callable


def _refusal(target: str, error: Exception) -> str:
    """One line; Hydra's own message names the inner component that failed, in several."""
    text = " ".join(str(error).split())
    if isinstance(error, InstantiationException):
        return text
    return f"{target} refuses its arguments: {type(error).__name__}: {text}"


def _reason(target: str, error: Exception) -> str:
    """Why a dotted name leads nowhere: the first part of it that does not, and why."""
    module, _, name = target.rpartition(".")
    if not isinstance(error, ImportError | AttributeError | ValueError):
        return f"{type(error).__name__}: {error}".splitlines()[0]
    if not module:
        return str(error)
    try:
        home = resolve_name(module)
    except Exception as above:  # noqa: BLE001  it is reported one level up
        return _reason(module, above)
    try:
        import_module(target)
    except ModuleNotFoundError as missing:
        if missing.name != target:  # the module is there, but something that it imports is not
            return str(missing)
    except ImportError as inside:
        return str(inside)
    return f"{module} has no '{name}'{nearest(name, dir(home))}"


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
    hints = _hints(called)
    for place, parameter, value in _placed(listed, named, parameters):
        # A default says more than an annotation: ``size: int = None`` is common.
        if parameter.name in hints and plain(value) and value != parameter.default:
            _check_type(hints[parameter.name], value, f"{key}.{place}")


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


def plain(value: Any) -> bool:
    """Whether a config's value reaches its target as it is: nothing open, no component in it."""
    if isinstance(value, Mapping):
        return "_target_" not in value and all(plain(part) for part in value.values())
    if isinstance(value, list):
        return all(plain(part) for part in value)
    return value is not UNKNOWN


@cache
def _hints(called: Callable[..., Any]) -> dict[str, TypeAdapter[Any]]:
    """Argument -> a check of its annotated type, for the annotations that can be checked."""
    function = inspect.unwrap(called.__init__ if inspect.isclass(called) else called)
    space = getattr(function, "__globals__", {})
    adapters = {
        name: _adapter(annotation, space)
        for name, annotation in getattr(function, "__annotations__", {}).items()
    }
    return {name: adapter for name, adapter in adapters.items() if adapter is not None}


def _adapter(annotation: Any, space: dict[str, Any]) -> TypeAdapter[Any] | None:
    """A check of one annotation, looked up by itself: others may name what is not imported."""
    alone = SimpleNamespace(__annotations__={"it": annotation})
    try:
        hint = get_type_hints(alone, space)["it"]
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
    except Exception:  # noqa: BLE001  no type, or one that cannot be checked, such as a Protocol
        return None


def _check_type(adapter: TypeAdapter[Any], value: Any, key: str) -> None:
    """Check strictly (no number from a text), but let a YAML list be a tuple or a set."""
    try:
        adapter.validate_python(value, strict=True)
        return
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    try:
        adapter.validate_json(json.dumps(value), strict=True)
        return
    except ValidationError as error:
        # JSON's complaints are about the contents, where Python's are about "not a tuple".
        inner = error.errors(include_url=False, include_input=False)
        problems = [one for one in inner if one["type"] != "needs_python_object"] or problems
    if any(problem["type"] == "enum" for problem in problems):
        return  # many a target takes its enum's names too
    wanted = dict.fromkeys(LENGTHS.get(one["type"], one["msg"]) for one in problems)
    texts = [text.removeprefix("Input should be ") for text in wanted]
    raise ConfigError(key, f"is {value!r}; it must be {' or '.join(texts)}")
