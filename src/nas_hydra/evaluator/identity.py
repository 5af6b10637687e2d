"""What determines an evaluation: two with the same identity give the same numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.cache import splits
from nas_hydra.dataset.examples import SPLITS
from nas_hydra.evaluator.code import code, targets
from nas_hydra.evaluator.device import kind
from nas_hydra.named_files import digests

NEUTRAL = {
    "dataset": ("root", "download", "memory_limit", "workers", "broken", "pixel_limit"),
    "trainer": ("accelerator", "devices", "enable_progress_bar", "enable_model_summary"),
}
"""Settings that change no number: where the images lie and are held; the device has its own key."""


def identity(
    candidate: Mapping[str, Any],
    dataset: ImageDataset,
    settings: Mapping[str, Any],
    device: torch.device,
    modules: Iterable[str],
) -> dict[str, Any]:
    """Everything that the outcome of a training depends on, JSON-like.

    Args:
        candidate: its closed config.
        dataset: the one that the candidate names.
        settings: of the evaluator, and the seed of this evaluation.
        device: that trains.
        modules: names of those that train.
    """
    parts = {
        part: without(value, NEUTRAL.get(part, ())) for part, value in sorted(candidate.items())
    }
    return {
        "candidate": parts,
        "images": fingerprint(dataset),
        "files": digests(parts),
        "settings": dict(settings),
        "device": kind(device),
        "threads": torch.get_num_threads() if device.type == "cpu" else None,
        "code": code([*targets(parts), *modules]),
    }


def without(value: Any, names: tuple[str, ...]) -> Any:
    """A part of a config, less some of its keys."""
    if not names or not isinstance(value, Mapping):
        return value
    return {name: part for name, part in value.items() if name not in names}


def fingerprint(dataset: ImageDataset) -> dict[str, str]:
    """What tells images from others: digests of the training and the validation split."""
    return {name: one.digest for name, one in zip(SPLITS, splits(dataset).examples, strict=True)}
