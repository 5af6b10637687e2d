"""The datasets that a process holds, each loaded once."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch

from nas_hydra import shared_memory
from nas_hydra.dataset.images import Images
from nas_hydra.dataset.split import Splits, load_development, room

if TYPE_CHECKING:
    from nas_hydra.dataset.base import ImageDataset

log = logging.getLogger(__name__)

HELD = 2
"""How many datasets stay in memory: the one of the search, and one more where it is opened."""

_CPU = torch.device("cpu")
Load = Callable[["ImageDataset"], Splits]
"""``load_development`` or ``load_final``."""

_held: dict[tuple["ImageDataset", Load, torch.device], Splits] = {}
"""The one used last at the end; those in the CPU's memory, and their copies on devices."""


def splits(dataset: "ImageDataset", load: Load = load_development) -> Splits:
    """The training and validation splits, normalised; loaded once for equal datasets.

    Args:
        dataset: whose splits they are.
        load: loads them; another loader loads others.
    """
    known = _held.pop((dataset, load, _CPU), None) or load(dataset)
    _hold(dataset, load, _CPU, known)
    return known


def resident(
    dataset: "ImageDataset", device: torch.device, load: Load = load_development
) -> Splits:
    """The splits on the device, if they are in memory and fit there too; else where they are."""
    if device == _CPU:
        return splits(dataset, load)
    known = _held.pop((dataset, load, device), None) or _moved(dataset, device, load)
    _hold(dataset, load, device, known)
    return known


def _moved(dataset: "ImageDataset", device: torch.device, load: Load) -> Splits:
    known = splits(dataset, load)
    if not (isinstance(known.train, Images) and isinstance(known.valid, Images)):
        return known
    needed = known.train.pixels.nbytes + known.valid.pixels.nbytes
    fits = needed <= room(dataset, device)
    log.info("data: batches are %s %s", "made on" if fits else "copied to", device)
    if not fits:
        return known
    return known._replace(train=known.train.to(device), valid=known.valid.to(device))


def _hold(dataset: "ImageDataset", load: Load, device: torch.device, known: Splits) -> None:
    _held[dataset, load, device] = known
    places = [key for key in _held if key[2] == device]
    for key in places[:-HELD]:
        del _held[key]


def release() -> None:
    """Let go of every dataset."""
    _held.clear()


def share() -> dict[tuple["ImageDataset", Load], Splits]:
    """The datasets in the CPU's memory, moved to shared memory, where this process goes on."""
    shared = {
        (dataset, load): known for (dataset, load, device), known in _held.items() if device == _CPU
    }
    for known in shared.values():
        for split in (known.train, known.valid):
            if isinstance(split, Images):
                shared_memory.share(split.pixels)
                shared_memory.share(split.labels)
    return shared


def adopt(shared: Mapping[tuple["ImageDataset", Load], Splits]) -> None:
    """Hold what another process shared: nothing is loaded or copied for it any more."""
    for (dataset, load), known in shared.items():
        _hold(dataset, load, _CPU, known)
