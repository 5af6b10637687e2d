"""Open numbers: what stands under ``_int_`` and ``_float_``."""

import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.search_space.gene import Integer, Number, Real

KEYS = ("low", "high", "step", "log")
LARGEST_INT = 2**53
"""Up to here JSON, Optuna and floats hold whole numbers exactly."""


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
    """One of low, high and step, checked on its own."""
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
    """What the bounds must be to each other."""
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
