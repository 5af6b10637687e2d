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
    "evaluator": {"measure": [], "fidelities": None, "epochs": None},
    "task": {
        "_target_": "nas_hydra.task.classification.Classification",
        "keep": "last",
        "patience": None,
        "average": None,
        "class_weights": None,
        "label_smoothing": 0.0,
        "top_k": [],
        "metrics": {},
    },
    "strategy": {
        "cost": None,
        "cost_aware": {"founders": 0.1, "free": 0.1, "counted": 32, "parents": 0.0},
    },
    "fidelity": {"_target_": "nas_hydra.fidelity.full.Full"},
    "inherit": {"_target_": "nas_hydra.inherit.none.FromScratch"},
    "finalists": {"number": 0, "epochs": None, "start": "anew"},
}
"""Part of a config -> its later keys, and the values that mean what was done before there were any.

With these values they are left out of what identifies a run or a candidate, and so is a part that
has no others.
"""
LATER_PARTS = ("task", "fidelity", "inherit", "finalists")
"""Those of the parts that are themselves younger than some records."""


def identifying(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts without those of their later keys that say nothing new."""
    known = {name: _without(part, LATER.get(name, {})) for name, part in parts.items()}
    return {name: part for name, part in known.items() if part or not parts[name]}


def with_later(parts: Mapping[str, Any]) -> dict[str, Any]:
    """A config as it is meant today, though it was written when there were fewer parts."""
    return {**parts, **{name: dict(LATER[name]) for name in LATER_PARTS if name not in parts}}


def _without(part: Any, later: Mapping[str, Any]) -> Any:
    if not later or not isinstance(part, Mapping):
        return part
    return {key: value for key, value in part.items() if key not in later or later[key] != value}
