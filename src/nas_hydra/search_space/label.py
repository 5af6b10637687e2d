"""The labels by which a categorical gene calls its options."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.gene import Decision
from nas_hydra.search_space.plain import dump


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
