"""Keys of the config that are younger than records that were made without them."""

from collections.abc import Mapping
from typing import Any

LATER: Mapping[str, Mapping[str, Any]] = {
    "dataset": {
        "broken": "error",
        "pixel_limit": 100_000_000,
        "background": "white",
        "range": None,
    },
    "evaluator": {"measure": []},
}
"""Part of a config -> its later keys, and the values that mean what was done before there were any.

With these values they are left out of what identifies a run or a candidate.
"""


def identifying(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts without those of their later keys that say nothing new."""
    return {name: _without(part, LATER.get(name, {})) for name, part in parts.items()}


def _without(part: Any, later: Mapping[str, Any]) -> Any:
    if not later or not isinstance(part, Mapping):
        return part
    return {key: value for key, value in part.items() if key not in later or later[key] != value}
