"""What determines an evaluation: two with the same identity give the same numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from nas_hydra.evaluator.code import code, targets
from nas_hydra.evaluator.device import kind
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.later import identifying
from nas_hydra.named_files import digests, is_path

NEUTRAL = {
    "dataset": ("root", "download", "memory_limit", "workers", "broken", "pixel_limit"),
    "trainer": ("accelerator", "devices", "enable_progress_bar", "enable_model_summary"),
}
"""Settings that change no number: where the images lie and are held; the device has its own key."""


HOLDING = ("model", "task")
"""Parts that may name folders; that of the data is told by what it holds, see ``Data.noted``."""


def identity(one: Prepared, settings: Mapping[str, Any], modules: Iterable[str]) -> dict[str, Any]:
    """Everything that the outcome of a training depends on, JSON-like.

    Args:
        one: the candidate.
        settings: of the evaluator, and the seed of this evaluation.
        modules: names of those that train.
    """
    parts = {
        part: without(value, NEUTRAL.get(part, ()))
        for part, value in sorted(identifying(one).items())
    }
    return {
        "candidate": parts,
        "images": dict(one.data.noted.identity),
        "files": {**digests(parts), **digests([parts.get(name) for name in HOLDING], is_path)},
        "settings": dict(settings),
        "device": kind(one.device),
        "threads": torch.get_num_threads() if one.device.type == "cpu" else None,
        "code": code([*targets(parts), type(one.task).__module__, *modules]),
    }


def without(value: Any, names: tuple[str, ...]) -> Any:
    """A part of a config, less some of its keys."""
    if not names or not isinstance(value, Mapping):
        return value
    return {name: part for name, part in value.items() if name not in names}
