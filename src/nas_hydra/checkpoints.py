"""The checkpoints of trainings that may go on, and how much disk they take."""

import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas_hydra.search_space import Genotype
from nas_hydra.trial import Course, Proposal, Trial

FOLDER = "checkpoints"
"""Where they lie in a run's folder."""


class Checkpoints:
    """One file for each training that may be gone on from, or inherited from; no others.

    Args:
        folder: of the run.
        close: makes of a genotype what an evaluator is handed.

    Attributes:
        largest: bytes that they have taken at most.
    """

    def __init__(self, folder: Path, close: Callable[[Genotype], Mapping[str, Any]]) -> None:
        self._folder, self._close = folder / FOLDER, close
        self.largest = 0

    def course(self, proposal: Proposal, told: Sequence[Trial]) -> Course:
        """How a proposal is to be trained, its folder made."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fidelity = proposal.fidelity
        begin, parent = (_of(number, told) for number in (fidelity.continues, fidelity.inherits))
        return Course(
            fidelity,
            self._file(proposal.number),
            begin=None if begin is None else self._file(_trained(begin)),
            parent=None if parent is None else self._file(_trained(parent)),
            parent_candidate=None if parent is None else self._close(parent.proposal.genotype),
            before=None if begin is None else begin.proposal.fidelity,
        )

    def keep(
        self, needed: Collection[int], told: Iterable[Trial], pending: Iterable[Proposal]
    ) -> None:
        """Drop those of told trials that no later proposal may ask for, and no pending one needs.

        Args:
            needed: numbers of told trials.
            told: all of them; those of others may be told yet, by a search that was resumed.
            pending: proposals whose trials are not told.
        """
        kept = {*needed}
        for one in pending:
            asked = (one.fidelity.continues, one.fidelity.inherits)
            kept |= {number for number in asked if number is not None}
        files = list(self._folder.glob("*.ckpt"))
        self.largest = max(self.largest, sum(map(_size, files)))
        dropped = {trial.number for trial in told} - kept
        for file in files:
            if file.stem.isdecimal() and int(file.stem) in dropped:
                _drop(file)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.ckpt"


def _of(number: int | None, told: Sequence[Trial]) -> Trial | None:
    """The told trial with a number."""
    return None if number is None else next(one for one in told if one.number == number)


def _trained(trial: Trial) -> int:
    """The number under which a trial's network was trained."""
    return trial.number if trial.duplicate_of is None else trial.duplicate_of


def _size(place: Path) -> int:
    """Bytes of a file, or of all files in a folder, which code of the user's own has."""
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(file.stat().st_size for file in files if file.is_file())


def _drop(place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
