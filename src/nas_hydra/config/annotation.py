"""Annotations: the types that a callable says its arguments have, and whether a value fits."""

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from nas_hydra.errors import ConfigError
from nas_hydra.masking import masked

LENGTHS = {"missing": "longer", "too_long": "shorter"}
"""Words for a list that is to be a tuple of another length."""


class Hint(NamedTuple):
    """An argument's annotated type, and a check of it, if it can be checked."""

    type: Any
    adapter: TypeAdapter[Any] | None


@cache
def hints(called: Callable[..., Any]) -> Mapping[str, Sequence[Hint]]:
    """Argument -> its annotated types: the callable's own, then those of its public base classes.

    A class may take what its base takes and say less: torch's ``LazyConv2d`` hands ``padding`` on
    to ``Conv2d``, but only there do annotations know of ``same``.
    """
    own, *inherited = [_own_hints(function) for function in _functions(called)]
    return {
        name: [hint, *(other[name] for other in inherited if name in other)]
        for name, hint in own.items()
    }


def check_value(known: Sequence[Hint], value: Any, key: str) -> None:
    """Check a plain value against the types that an argument may have.

    Raises:
        ConfigError: if it has none of them.
    """
    problems = [_problems(hint.adapter, value) for hint in known]
    if all(problems):
        texts = [text.removeprefix("Input should be ") for text in problems[0]]
        raise ConfigError(key, f"is {masked(value, key)!r}; it must be {' or '.join(texts)}")


def _functions(called: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """What takes the arguments, and takes them before."""
    if not inspect.isclass(called):
        yield inspect.unwrap(called)
        return
    yield inspect.unwrap(called.__init__)
    for base in called.__mro__[1:]:
        if "__init__" in vars(base) and not base.__name__.startswith("_"):
            yield inspect.unwrap(vars(base)["__init__"])


def _own_hints(function: Callable[..., Any]) -> dict[str, Hint]:
    space = getattr(function, "__globals__", {})
    annotations = getattr(function, "__annotations__", {})
    return {name: _hint(annotation, space) for name, annotation in annotations.items()}


def _hint(annotation: Any, space: dict[str, Any]) -> Hint:
    """One annotation, looked up by itself: others may name what is not imported."""
    alone = SimpleNamespace(__annotations__={"it": annotation})
    try:
        hint = _eager(get_type_hints(alone, space)["it"])
    except Exception:  # noqa: BLE001  it names what is not there
        return Hint(Any, None)
    try:
        return Hint(hint, TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)))
    except Exception:  # noqa: BLE001  no type that can be checked, such as a Protocol
        return Hint(hint, None)


def _eager(hint: Any) -> Any:
    """With ``Sequence`` for ``Iterable``, into which pydantic does not look."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Iterable:
        return Sequence[parts[0]]  # type: ignore[valid-type]  # made at run time, as the next
    return Union[tuple(map(_eager, parts))] if origin in (Union, UnionType) else hint  # noqa: UP007


def _problems(adapter: TypeAdapter[Any] | None, value: Any) -> list[str]:
    """What a value should be: strictly (no number from a text), but a list may be a tuple."""
    if adapter is None:
        return []
    try:
        adapter.validate_python(value, strict=True)
        return []
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    try:
        adapter.validate_json(json.dumps(value), strict=True)
        return []
    except ValidationError as error:
        # JSON's complaints are about the contents, where Python's are about "not a tuple".
        inner = error.errors(include_url=False, include_input=False)
        problems = [one for one in inner if one["type"] != "needs_python_object"] or problems
    if any(problem["type"] == "enum" for problem in problems):
        return []  # many a target takes its enum's names too
    return list(dict.fromkeys(LENGTHS.get(one["type"], one["msg"]) for one in problems))
