"""Counts: how many copies of a repeated block there can be."""

from typing import Any

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.gene import Integer
from nas_hydra.search_space.node import (
    Choice,
    Constant,
    Items,
    Node,
    Ordered,
    Reference,
    Rest,
    Table,
)

MOST_COPIES = 1000
"""Of one block: far more than any network has, few enough to list every gene."""


def possible_counts(key: str, count: Node, given: Any) -> tuple[int, ...]:
    """Every number of copies that a ``_repeat_`` can close to, rising.

    Args:
        key: the dotted key of the ``_repeat_``.
        count: its node.
        given: what is written there, for messages.

    Raises:
        ConfigError: if it can close to anything but a whole number from 0 to ``MOST_COPIES``.
    """
    try:
        return tuple(sorted(_counts(count, ())))
    except TypeError:
        raise ConfigError(
            key,
            f"is {given!r}; it must be a whole number, an open one (_int_, or a _choice_ of whole "
            "numbers) or a reference to one",
        ) from None
    except OverflowError as error:
        raise ConfigError(key, f"can be {error}; allowed: 0 to {MOST_COPIES} copies") from None


def _counts(node: Node, rest: Rest) -> set[int]:
    """Every whole number that a part of a node can close to.

    Raises:
        TypeError: if it can close to anything else.
        OverflowError: if it can be below 0 or above ``MOST_COPIES``.
    """
    match node:
        case Constant():
            number = node.part(rest)
            if type(number) is not int:
                raise TypeError("not a count")
            found = range(number, number + 1)
        case Ordered(gene=Integer(values=values)):
            found = values
        case Choice() | Reference():
            return _counts_of_parts(node, rest)
        case Table() | Items() if rest:
            return _counts_of_parts(node, rest)
        case _:
            raise TypeError("not a count")
    for end in (found[0], found[-1]):
        if not 0 <= end <= MOST_COPIES:
            raise OverflowError(end)
    return set(found)


def _counts_of_parts(node: Node, rest: Rest) -> set[int]:
    return {number for part, inner in node.reads(rest) for number in _counts(part, inner)}
