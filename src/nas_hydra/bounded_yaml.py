"""YAML files that may be anybody's: what is in them is bounded, however aliases repeat it."""

from pathlib import Path
from typing import Any

import yaml

MOST_VALUES, MOST_LEVELS = 50_000, 60
"""Some ten times what a search writes, aliases expanded; OmegaConf copies by recursion, which ends
at some eighty levels."""


def read_yaml(file: Path) -> Any:
    """The plain values of a file; ten times as fast as OmegaConf.

    Raises:
        ValueError: if there are too many values, or they are nested too deeply.
        OSError: if it cannot be read.
        yaml.YAMLError: if it is not YAML.
    """
    found = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    _measure(found, {}, 0)
    return found


def _measure(value: Any, known: dict[int, tuple[int, int]], level: int) -> tuple[int, int]:
    """How many values and levels there are, each as often as aliases repeat it."""
    if not isinstance(value, dict | list):
        return 1, 1
    if id(value) not in known:
        if level > MOST_LEVELS:  # or within itself
            raise ValueError(f"nested more than {MOST_LEVELS} levels deep")
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        sizes = [_measure(part, known, level + 1) for part in parts]
        known[id(value)] = 1 + sum(size for size, _ in sizes), 1 + max([0, *(d for _, d in sizes)])
    size, levels = known[id(value)]
    if size > MOST_VALUES:
        raise ValueError(f"more than {MOST_VALUES:,} values, aliases expanded")
    if levels > MOST_LEVELS:
        raise ValueError(f"nested more than {MOST_LEVELS} levels deep")
    return size, levels
