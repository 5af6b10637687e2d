"""How code of the user's own tells of its epochs, ends early, and goes on with what it has kept."""

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nas_hydra.errors import CandidateError, cut
from nas_hydra.evaluator.external import metrics_from
from nas_hydra.trial import Course, Evaluation, Thresholds

log = logging.getLogger(__name__)

REPORTED = "epochs.jsonl"
"""The file in the folder that has a line of JSON for each epoch."""
EXAMPLE = '{"epoch": 1, "loss": 0.5}'


class Reporter:
    """What a function is told of its training, and tells of it.

    It keeps in ``folder`` what it needs to go on, and then reports the epoch: one that was reported
    is not asked for again, by a promotion or after an interruption.

    Args:
        folder: of its own; what was kept after the epochs before is there.
        epochs: that the training has had when the trial ends.
        planned: those of the whole training, which a schedule of rates is to follow.
        wanted: metrics that every epoch has.
        first: epochs that it had had when the trial began.
        thresholds: that may end it before.

    Attributes:
        begin: epochs that are over; the first one to train is the next, counted from 1.

    Raises:
        CandidateError: if the folder has other epochs.
    """

    def __init__(
        self,
        folder: Path,
        epochs: int,
        planned: int,
        wanted: Sequence[str],
        first: int = 0,
        thresholds: Thresholds | None = None,
    ) -> None:
        self.folder, self.epochs, self.planned = folder, epochs, planned
        self._wanted, self._first, self._thresholds = wanted, first, thresholds
        self._told: list[dict[str, float]] = []  # of each epoch the metrics
        self.read()
        self.begin = len(self._told)

    def report(self, epoch: int, **metrics: float) -> None:
        """Tell what an epoch has led to.

        Args:
            epoch: the one after that of the last report.
            metrics: by their names.

        Raises:
            CandidateError: if it is another one, or lacks a finite number that is wanted.
        """
        self._take({"epoch": epoch, **metrics})
        line = json.dumps({"epoch": len(self._told), **self._told[-1]})
        with (self.folder / REPORTED).open("a", encoding="utf-8") as stream:
            stream.write(f"{line}\n")

    @property
    def should_stop(self) -> bool:
        """Whether nothing more is wanted: it was trained as far as asked, or is not worth it."""
        return self.stopped or len(self._told) >= self.epochs

    @property
    def stopped(self) -> bool:
        """Whether an epoch of this trial has fallen below its thresholds."""
        return self._ended is not None

    def read(self) -> None:
        """Take in what a program has written since; a line without its end is still to come."""
        for line in _lines(self.folder / REPORTED)[len(self._told) :]:
            self._take(_read(line))

    def evaluation(self) -> Evaluation:
        """What the trial has come to: nothing counts after the epoch that has ended it.

        Raises:
            CandidateError: if epochs are missing.
        """
        if not self.should_stop:
            problem = f"it has reported {len(self._told)} epochs, and was to train {self.epochs}"
            raise CandidateError(f"{problem}; each one is reported, in order")
        own = self._told[self._first : self._ended]
        curves = {name: tuple(one[name] for one in own) for name in self._wanted}
        return Evaluation(own[-1], len(own), curves=curves, stopped=self.stopped)

    @property
    def _ended(self) -> int | None:
        """The epoch that has ended it, since it fell below the thresholds."""
        known = self._thresholds
        for epoch in range(self._first + 1, len(self._told) + 1):
            if known is not None and known.end(epoch, self._told[epoch - 1][known.metric]):
                return epoch
        return None

    def _take(self, given: Mapping[str, Any]) -> None:
        """Count in the next epoch."""
        epoch = len(self._told) + 1
        if given["epoch"] != epoch:
            told = cut(repr(given["epoch"]), 100)
            raise CandidateError(f"it has reported epoch {told} where epoch {epoch} comes next")
        if epoch > self.epochs:
            raise CandidateError(f"it has reported epoch {epoch}, and was to end with {epoch - 1}")
        metrics = {name: value for name, value in given.items() if name != "epoch"}
        try:
            self._told.append(metrics_from(metrics, self._wanted))
        except CandidateError as error:
            raise CandidateError(f"epoch {epoch}: {error}") from None


@contextmanager
def reporting(course: Course | None, whole: int, wanted: Sequence[str]) -> Iterator[Reporter]:
    """A reporter with a folder, which lasts as long as a search may ask for it.

    Args:
        course: of the training; None is a whole one, whose folder nobody asks for.
        whole: epochs of a whole training.
        wanted: metrics that every epoch has.
    """
    if course is None:
        with TemporaryDirectory(prefix="nas-hydra-") as name:
            yield Reporter(Path(name), whole, whole, wanted)
        return
    _open(course)
    asked, before = course.fidelity, course.before
    planned = asked.of or whole
    first = 0 if before is None else before.epochs or whole
    yield Reporter(course.leave, asked.epochs or planned, planned, wanted, first, asked.thresholds)


def _open(course: Course) -> None:
    """Make a trial's folder in one step, with what the trial that it goes on from has kept.

    One that is there was left by the same trial before its search was stopped.
    """
    if not course.leave.is_dir():
        fresh = course.leave.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        if course.begin is None:
            fresh.mkdir()
        elif course.begin.is_dir():
            shutil.copytree(course.begin, fresh)
        else:
            log.warning("%s is gone; the training begins anew", course.begin)
            fresh.mkdir()
        os.rename(fresh, course.leave)
    reported = course.leave / REPORTED
    if reported.is_file():  # its last line may be torn
        reported.write_bytes(b"".join(_lines(reported)))


def _lines(file: Path) -> list[bytes]:
    """The whole lines of a file, which need not be there."""
    lines = file.read_bytes().splitlines(keepends=True) if file.is_file() else []
    return [line for line in lines if line.endswith(b"\n")]


def _read(line: bytes) -> dict[str, Any]:
    """A line as a report.

    Raises:
        CandidateError: if it is none.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "epoch" not in found:
        told = cut(line.decode(errors="replace").strip(), 100)
        raise CandidateError(f"a line of {REPORTED} is no report such as {EXAMPLE}: {told}")
    return found
