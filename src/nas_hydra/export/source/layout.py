"""Layers, constants and nested calls as lines of code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from itertools import groupby
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd

WIDTH = 100
INDENT = "    "
REPEATS = 3
"""From so many equal elements in a row on, a list is written as a comprehension."""


Expression: TypeAlias = "str | Value | Group"

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
NO_ARGUMENTS = {"device", "dtype", "mode"}
"""Where a layer is made, and what the class says already."""
SAME = {"stride": "kernel_size", "kdim": "embed_dim", "vdim": "embed_dim"}
"""Argument -> the other one whose value it has if it is not given."""


@dataclass(frozen=True)
class Value:
    """An argument of a constructor: a constant, which can become a parameter of the class.

    Args:
        name: of the argument.
        value: itself.
        keyword: whether it is written ``name=value``.
    """

    name: str
    value: Any
    keyword: bool = False


@dataclass(frozen=True)
class Group:
    """Something in brackets.

    Args:
        before: the text up to and with the opening bracket.
        parts: separated by commas.
        after: the closing bracket.
        listing: whether equal parts may be written as ``*[part for _ in range(n)]``.
    """

    before: str
    parts: tuple["Expression", ...]
    after: str = ")"
    listing: bool = False


def constants(expression: Expression) -> Iterator[Value]:
    """The constants in an expression, in order."""
    if isinstance(expression, Value):
        yield expression
    elif isinstance(expression, Group):
        for part in expression.parts:
            yield from constants(part)


def with_texts(expression: Expression, text: Callable[[Value], str]) -> Expression:
    """The expression with texts for its constants.

    Args:
        expression: any.
        text: is called for each constant, in order.
    """
    if isinstance(expression, Value):
        found = text(expression)
        return f"{expression.name}={found}" if expression.keyword else found
    if isinstance(expression, Group):
        parts = tuple(with_texts(part, text) for part in expression.parts)
        return replace(expression, parts=parts)
    return expression


def code_lines(expression: Expression, indent: str, before: str = "", after: str = "") -> list[str]:
    """Code of at most ``WIDTH`` columns where that is possible.

    Args:
        expression: without a ``Value`` in it.
        indent: of the first line.
        before: what stands before it on the first line.
        after: what stands after it on the last.
    """
    flat = indent + before + _one_line(expression) + after
    if not isinstance(expression, Group) or (len(flat) <= WIDTH and not _crowded(expression)):
        return [flat]
    inner = [
        line
        for part in _repeated(expression)
        for line in code_lines(part, indent + INDENT, after=",")
    ]
    return [indent + before + expression.before, *inner, indent + expression.after + after]


def _one_line(expression: Expression) -> str:
    if isinstance(expression, Group):
        inner = ", ".join(_one_line(part) for part in _repeated(expression))
        return f"{expression.before}{inner}{expression.after}"
    return str(expression)


def _crowded(group: Group) -> bool:
    """Whether layers are nested in it so deep that one line is hard to read."""
    inner = [part for part in group.parts if isinstance(part, Group)]
    return group.listing and any(part.listing for part in inner)


def _repeated(group: Group) -> Sequence[Expression]:
    """The parts, equal ones in a row put together."""
    if not group.listing:
        return group.parts
    found: list[Expression] = []
    for part, run in groupby(group.parts):
        equal = len(list(run))
        if equal < REPEATS:
            found += [part] * equal
        else:
            found.append(Group("*[", (_loop(part, equal),), "]"))
    return found


def _loop(part: Expression, times: int) -> Expression:
    loop = f" for _ in range({times})"
    if isinstance(part, Group):
        return replace(part, after=part.after + loop)
    return f"{part}{loop}"


class UnwritableError(Exception):
    """What a module does cannot be written as code; the message says what."""


def literal(value: Any) -> str:
    """A constant as code.

    Raises:
        UnwritableError: if it is none that has a notation.
    """
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str):
        return '"' + repr(value)[1:-1].replace('"', '\\"') + '"'
    if value is Ellipsis:
        return "..."
    if isinstance(value, torch.dtype | torch.memory_format):
        return repr(value)
    raise UnwritableError(f"it uses {value!r}, which cannot be written down")


def literal_or_tuple(value: Any) -> str:
    """A constant, or a tuple or list of them, as code.

    Raises:
        UnwritableError: if it has no notation.
    """
    if isinstance(value, tuple | list):
        inner = ", ".join(map(literal_or_tuple, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    return literal(value)


def torch_class(module: nn.Module) -> type[nn.Module] | None:
    """The class of ``torch.nn`` that does what a module does; None if its code is its own.

    A subclass that only makes its layers in a way of its own is what it inherits from.
    """
    for owner in type(module).__mro__:
        if getattr(nn, owner.__name__, None) is owner and owner is not nn.Module:
            same = type(module).forward is owner.forward
            return owner if same and _known(module, owner) else None
    return None


def _known(module: nn.Module, owner: type[nn.Module]) -> bool:
    if issubclass(owner, CONTAINERS):
        return True
    return all(
        hasattr(module, name) or parameter.default is not Parameter.empty
        for name, parameter in _parameters(owner)
    )


def constructor(module: nn.Module, owner: type[nn.Module]) -> Group:
    """The call that makes such a layer; its weights are left to the state dict.

    Raises:
        UnwritableError: if an argument has no notation.
    """
    return Group(f"nn.{owner.__name__}(", tuple(_arguments(module, owner)))


def _parameters(owner: type[nn.Module]) -> Iterator[tuple[str, Parameter]]:
    open_to_all = nn.RNNBase if issubclass(owner, nn.RNNBase) else owner  # they hide theirs
    for name, parameter in signature(open_to_all).parameters.items():
        listed = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if not listed and name not in NO_ARGUMENTS and not name.startswith("_"):
            yield name, parameter


def _arguments(module: nn.Module, owner: type[nn.Module]) -> Iterator[Value]:
    for name, parameter in _parameters(owner):
        value = _argument(module, name, parameter.default)
        if parameter.default is Parameter.empty:
            yield Value(name, value)
        elif value != parameter.default:
            literal_or_tuple(value)
            yield Value(name, value, keyword=True)


def _argument(module: nn.Module, name: str, default: Any) -> Any:
    """What a layer was given; what it does not remember only fills its weights."""
    if name == "bias":
        held = getattr(module, "in_proj_bias", getattr(module, "bias", None))
        return held if isinstance(held, bool) else held is not None
    if name == "add_bias_kv":
        return getattr(module, "bias_k", None) is not None
    value = getattr(module, name, default)
    if default is None and name in SAME and value == getattr(module, SAME[name], None):
        return None
    if isinstance(value, tuple) and len(set(value)) == 1:
        one = isinstance(module, nn.LayerNorm) and len(value) == 1
        return value[0] if one or isinstance(module, _ConvNd) else value
    return value
