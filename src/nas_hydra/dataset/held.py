"""The datasets that a process holds, each loaded once."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from nas_hydra.dataset.images import Images
from nas_hydra.dataset.split import Development, load_development, room

if TYPE_CHECKING:
    from nas_hydra.dataset.base import ImageDataset

log = logging.getLogger(__name__)

HELD = 2
"""How many datasets stay in memory: the one of the search, and one more where it is opened."""

_CPU = torch.device("cpu")
_held: dict[tuple["ImageDataset", torch.device], Development] = {}
"""The one used last at the end; those in the CPU's memory, and their copies on devices."""


def development(dataset: "ImageDataset") -> Development:
    """The training and validation splits, normalised; loaded once for equal datasets."""
    known = _held.pop((dataset, _CPU), None) or load_development(dataset)
    _hold(dataset, _CPU, known)
    return known


def resident(dataset: "ImageDataset", device: torch.device) -> Development:
    """The splits on the device, if they are in memory and fit there too; else where they are."""
    if device == _CPU:
        return development(dataset)
    known = _held.pop((dataset, device), None) or _moved(dataset, device)
    _hold(dataset, device, known)
    return known


def _moved(dataset: "ImageDataset", device: torch.device) -> Development:
    known = development(dataset)
    if not (isinstance(known.train, Images) and isinstance(known.valid, Images)):
        return known
    needed = known.train.pixels.nbytes + known.valid.pixels.nbytes
    fits = needed <= room(dataset, device)
    log.info("data: batches are %s %s", "made on" if fits else "copied to", device)
    if not fits:
        return known
    return known._replace(train=known.train.to(device), valid=known.valid.to(device))


def _hold(dataset: "ImageDataset", device: torch.device, known: Development) -> None:
    _held[dataset, device] = known
    places = [key for key in _held if key[1] == device]
    for key in places[:-HELD]:
        del _held[key]


def release() -> None:
    """Let go of every dataset."""
    _held.clear()


def share() -> dict["ImageDataset", Development]:
    """The datasets in the CPU's memory, moved to shared memory, where this process goes on."""
    shared = {dataset: known for (dataset, device), known in _held.items() if device == _CPU}
    for known in shared.values():
        for split in (known.train, known.valid):
            if isinstance(split, Images):
                for tensor in (split.pixels, split.labels):
                    tensor.share_memory_()  # type: ignore[no-untyped-call]
    return shared


def adopt(shared: Mapping["ImageDataset", Development]) -> None:
    """Hold what another process shared: nothing is loaded or copied for it any more."""
    for dataset, known in shared.items():
        _hold(dataset, _CPU, known)
