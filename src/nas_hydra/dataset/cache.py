"""The datasets that a process holds, each loaded once."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import torch

from nas_hydra.dataset.data import CPU
from nas_hydra.dataset.loading import Splits, StageRows
from nas_hydra.dataset.rows import Rows
from nas_hydra.dataset.source import examples
from nas_hydra.dataset.split import Stage
from nas_hydra.dataset.tree import leaves, nbytes
from nas_hydra.errors import ConfigError
from nas_hydra.process import shared_memory

log = logging.getLogger(__name__)

KEPT = 2
"""How many datasets stay in memory: the one of the search, and one more where it is opened."""


class Loadable(Protocol):
    """What a dataset says of itself here; equal ones have the same splits."""

    def __hash__(self) -> int: ...

    @property
    def stage(self) -> Stage:
        """What its rows are for."""

    def room(self, device: torch.device) -> int:
        """How many bytes its rows may take there."""

    def choose(self) -> StageRows:
        """Which rows its stage asks for."""

    def load(self) -> Splits:
        """These rows, prepared."""


_cached: dict[tuple[Loadable, torch.device], Splits] = {}
"""The one used last at the end; those in the CPU's memory, and their copies on devices."""

_doubted: set[Loadable] = set()
"""Those whose images may have changed where they lie since they were loaded."""

_only: ContextVar[Stage | None] = ContextVar("stage", default=None)


@contextmanager
def only_stage(stage: Stage) -> Iterator[None]:
    """Give out no images of another stage for a while."""
    token = _only.set(stage)
    try:
        yield
    finally:
        _only.reset(token)


def splits(dataset: Loadable) -> Splits:
    """What a dataset trains and measures on, normalised; loaded once for equal datasets.

    Raises:
        ConfigError: as ``load``; or if images of another stage are asked for than may be.
    """
    _check(dataset)
    known = _cached.pop((dataset, CPU), None) or dataset.load()
    _keep(dataset, CPU, known)
    return known


def resident(dataset: Loadable, device: torch.device) -> Splits:
    """The splits on the device, if they are in memory and fit there too; else where they are."""
    if device == CPU:
        return splits(dataset)
    _check(dataset)
    known = _cached.pop((dataset, device), None) or _moved(dataset, device)
    _keep(dataset, device, known)
    return known


def _moved(dataset: Loadable, device: torch.device) -> Splits:
    known = splits(dataset)
    held = _in_memory(known)
    if not held:
        return known
    needed = sum(nbytes(part.inputs) for part in held)
    fits = needed <= dataset.room(device)
    log.info("data: batches are %s %s", "made on" if fits else "copied to", device)
    if not fits:
        return known
    moved: dict[str, Any] = {
        name: part.to(device) if isinstance(part, Rows) else part
        for name, part in known._asdict().items()
    }
    return Splits(**moved)


def _in_memory(known: Splits) -> list[Rows]:
    """Those of the splits that lie in memory."""
    return [part for part in known[:3] if isinstance(part, Rows)]


def _keep(dataset: Loadable, device: torch.device, known: Splits) -> None:
    _cached[dataset, device] = known
    places = [key for key in _cached if key[1] == device]
    for key in places[:-KEPT]:
        del _cached[key]


def doubt_datasets() -> None:
    """Before a dataset is used again, see whether its images are still those that were loaded.

    For whoever begins something: what changes while it runs is not its concern.
    """
    _doubted.update(dataset for dataset, _ in _cached)


def _check(dataset: Loadable) -> None:
    """Let go of a dataset that is doubted, if its images are not there, or others by now."""
    if _only.get() not in (None, dataset.stage):
        raise ConfigError(
            "evaluator",
            f"asks for images as of a {dataset.stage} while a network is retrained and tested; in"
            " a class of your own, take those of the data that it is given",
        )
    if dataset not in _doubted:
        return
    _doubted.discard(dataset)
    known = _cached.get((dataset, CPU))
    if known is not None and _same(known, dataset):
        return
    for key in [key for key in _cached if key[0] == dataset]:
        del _cached[key]


def _same(known: Splits, dataset: Loadable) -> bool:
    try:
        choice = dataset.choose()
        now = [examples(*chosen).digest for chosen in (choice.train, choice.measured)]
    except ConfigError:  # which loading them will raise again
        return False
    return now == [one.digest for one in known.examples]


def release_datasets() -> None:
    """Let go of every dataset."""
    _cached.clear()
    _doubted.clear()


def share_datasets() -> dict[Loadable, Splits]:
    """The datasets in the CPU's memory, moved to shared memory, where this process goes on."""
    shared = {dataset: known for (dataset, device), known in _cached.items() if device == CPU}
    for known in shared.values():
        for split in _in_memory(known):
            for tensor in leaves((split.inputs, split.target)):
                shared_memory.share(tensor)
    return shared


def adopt_datasets(shared: Mapping[Loadable, Splits]) -> None:
    """Hold what another process shared: nothing is loaded or copied for it any more."""
    for dataset, known in shared.items():
        _keep(dataset, CPU, known)
