"""What may stand under the keys that open a value: numbers, options, counts of copies."""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.search_space.gene import Decision, Integer, Number, Real
from nas_hydra.search_space.node import (
    Choice,
    Constant,
    DictNode,
    ListNode,
    Node,
    Ordered,
    Reference,
    Rest,
)
from nas_hydra.search_space.syntax import dump

KEYS = ("low", "high", "step", "log")
LARGEST_INT = 2**53
"""Up to here JSON, Optuna and floats hold whole numbers exactly."""


MOST_COPIES = 1000
"""Of one block: far more than any network has, few enough to list every gene."""


def parse_number(key: str, opener: str, given: Any) -> Number:
    """The gene of ``{_int_: {low, high, step?, log?}}`` or the same with ``_float_``.

    Args:
        key: the dotted key of the open value.
        opener: ``_int_`` or ``_float_``.
        given: what stands under it, interpolations resolved.

    Returns:
        The gene, named by its key; ``high`` is the last value that its steps reach.

    Raises:
        ConfigError: naming the key, for a missing or unknown key, a wrong type, an empty range,
            a step that is not positive, or a log scale that does not fit.
    """
    place = f"{key}.{opener}"
    if not isinstance(given, Mapping):
        raise ConfigError(place, f"is {given!r}; say {{low: ..., high: ...}}")
    for name in given:
        if name not in KEYS:
            hint = f"is unknown; allowed: {listing(KEYS)}{nearest(name, KEYS)}"
            raise ConfigError(f"{place}.{name}", hint)
    low, high = (_bound(place, name, given, opener) for name in ("low", "high"))
    step = _bound(place, "step", given, opener) if given.get("step") is not None else None
    log = given.get("log", False)
    if not isinstance(log, bool):
        raise ConfigError(f"{place}.log", f"is {log!r}; allowed: true, false")
    _check_range(place, low, high, step, log)
    if opener == "_int_":
        integer = Integer(key, int(low), int(high), int(step or 1), log)
        return replace(integer, high=integer.values[-1])
    real = Real(key, low, high, step, log)
    return real if step is None else replace(real, high=real.point(len(real) - 1))


def _bound(place: str, name: str, given: Mapping[str, Any], opener: str) -> float:
    value = given.get(name)
    whole = opener == "_int_"
    wanted = "a whole number" if whole else "a number"
    if value is None:
        raise ConfigError(f"{place}.{name}", f"is missing; say {name}: followed by {wanted}")
    if type(value) is not int and (whole or type(value) is not float):
        raise ConfigError(f"{place}.{name}", f"is {value!r}; it must be {wanted}")
    most = LARGEST_INT if whole else sys.float_info.max
    if not abs(value) <= most:
        raise ConfigError(f"{place}.{name}", f"is {value}; allowed: -{most} to {most}")
    return value if whole else float(value)


def _check_range(place: str, low: float, high: float, step: float | None, log: bool) -> None:
    if low > high:
        raise ConfigError(place, f"low is {low} and high is {high}; low must not be above high")
    if not math.isfinite(high - low):
        raise ConfigError(place, f"{low} to {high} is too wide; bring low and high closer")
    if step is not None and step <= 0:
        raise ConfigError(f"{place}.step", f"is {step}; it must be above 0")
    if step is not None and not (high - low) / step < LARGEST_INT:
        raise ConfigError(f"{place}.step", f"is {step}, too small for {low} to {high}; enlarge it")
    if log and low <= 0:
        raise ConfigError(f"{place}.low", f"is {low}; with log: true it must be above 0")
    if log and step is not None:
        raise ConfigError(f"{place}.step", "does not go with log: true; leave one of them out")


def option_labels(key: str, options: Sequence[Any]) -> tuple[Decision, ...]:
    """A short, distinct label for each option: the scalar itself, or the class it builds.

    Args:
        key: the dotted key of the choice, for messages.
        options: the options as written, constant interpolations resolved.

    Raises:
        ConfigError: if two options are the same, or equal to Python, as are 1, 1.0 and true:
            neither a record nor a sampler could tell them apart.
    """
    for one, other in combinations(options, 2):
        if _equal(one, other):
            what = f"{one!r} twice" if repr(one) == repr(other) else f"{one!r} and {other!r}"
            problem = f"lists {what}, which count as equal; leave one of them out"
            raise ConfigError(f"{key}._choice_", problem)
    labels = [_label(option) for option in options]
    pairs = zip(labels, options, strict=True)
    labels = _told_apart(labels, [_with_settings(label, option) for label, option in pairs])
    labels = _told_apart(labels, [f"{label} #{i}" for i, label in enumerate(labels)])
    if len(set(labels)) < len(labels):
        raise ConfigError(
            f"{key}._choice_",
            "has options that read alike; name them: _choice_: {name: option, ...}",
        )
    return tuple(labels)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict | list) and isinstance(other, dict | list):
        return dump(one) == dump(other)
    return bool(one == other)


def _label(option: Any) -> Decision:
    if isinstance(option, dict) and isinstance(option.get("_target_"), str):
        return str(option["_target_"].rsplit(".", 1)[-1])
    # not-a-number is not equal to itself, so that no look-up would find it
    scalar = isinstance(option, bool | int | float | str | None) and option == option
    return option if scalar else str(option)


def _told_apart(labels: list[Decision], longer: Sequence[Decision]) -> list[Decision]:
    """The labels, the longer ones where a text stands more than once."""
    return [
        more if isinstance(label, str) and labels.count(label) > 1 else label
        for label, more in zip(labels, longer, strict=True)
    ]


def _with_settings(label: Decision, option: Any) -> Decision:
    """``ConvBlock(kernel_size=3)`` for a class, its plain settings told; any other label as is."""
    if not isinstance(option, dict) or "_target_" not in option:
        return label
    plain = {k: v for k, v in option.items() if k != "_target_" and not isinstance(v, dict | list)}
    return f"{label}({', '.join(f'{key}={value}' for key, value in plain.items())})"


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
        case DictNode() | ListNode() if rest:
            return _counts_of_parts(node, rest)
        case _:
            raise TypeError("not a count")
    for end in (found[0], found[-1]):
        if not 0 <= end <= MOST_COPIES:
            raise OverflowError(end)
    return set(found)


def _counts_of_parts(node: Node, rest: Rest) -> set[int]:
    return {number for part, inner in node.reads(rest) for number in _counts(part, inner)}
