"""Nested calls as lines of code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

WIDTH = 100
INDENT = "    "
REPEATS = 3
"""From so many equal elements in a row on, a list is written as a comprehension."""


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


Expression: TypeAlias = "str | Value | Group"


def values(expression: Expression) -> Iterator[Value]:
    """The constants in an expression, in order."""
    if isinstance(expression, Value):
        yield expression
    elif isinstance(expression, Group):
        for part in expression.parts:
            yield from values(part)


def written(expression: Expression, text: Callable[[Value], str]) -> Expression:
    """The expression with texts for its constants.

    Args:
        expression: any.
        text: is called for each constant, in order.
    """
    if isinstance(expression, Value):
        found = text(expression)
        return f"{expression.name}={found}" if expression.keyword else found
    if isinstance(expression, Group):
        parts = tuple(written(part, text) for part in expression.parts)
        return replace(expression, parts=parts)
    return expression


def lines(expression: Expression, indent: str, before: str = "", after: str = "") -> list[str]:
    """Code of at most ``WIDTH`` columns where that is possible.

    Args:
        expression: without a ``Value`` in it.
        indent: of the first line.
        before: what stands before it on the first line.
        after: what stands after it on the last.
    """
    flat = indent + before + one_line(expression) + after
    if not isinstance(expression, Group) or (len(flat) <= WIDTH and not crowded(expression)):
        return [flat]
    inner = [
        line for part in repeated(expression) for line in lines(part, indent + INDENT, after=",")
    ]
    return [indent + before + expression.before, *inner, indent + expression.after + after]


def one_line(expression: Expression) -> str:
    """The same in one line, however long."""
    if isinstance(expression, Group):
        inner = ", ".join(one_line(part) for part in repeated(expression))
        return f"{expression.before}{inner}{expression.after}"
    return str(expression)


def crowded(group: Group) -> bool:
    """Whether layers are nested in it so deep that one line is hard to read."""
    inner = [part for part in group.parts if isinstance(part, Group)]
    return group.listing and any(part.listing for part in inner)


def repeated(group: Group) -> Sequence[Expression]:
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
