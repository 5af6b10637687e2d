"""Constants as code."""

from typing import Any

import torch


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
