"""The store: evaluations that outlive their run, so that no network is trained twice."""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import NonNegativeFloat, NonNegativeInt, TypeAdapter

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.base import Evaluator, Wrapping
from nas_hydra.files.digest import DIGEST, intact, sealed, unsealed
from nas_hydra.run import origin_of
from nas_hydra.trial import FULL, Course, Evaluation

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoreEntry:
    """One evaluation as it is kept.

    Args:
        identity: what determines it.
        metrics: what was measured.
        epochs: how many were trained.
        seconds: what that took.
        error: why the candidate came to nothing, if it did.
        source: the trial that it was.
        weights: digest of the trained weights, under which they are kept too.
        curves: metric -> its value after each epoch.
        stopped: see ``Evaluation``, as of the next one.
        inherited: likewise.
    """

    identity: dict[str, Any]
    metrics: dict[str, float]
    epochs: NonNegativeInt
    seconds: NonNegativeFloat
    error: str | None
    source: str
    weights: str | None
    curves: dict[str, tuple[float, ...]]
    stopped: bool = False
    inherited: float | None = None

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation at its original cost."""
        return Evaluation(
            self.metrics,
            self.epochs,
            self.seconds,
            self.error,
            self.source,
            self.curves,
            self.stopped,
            self.inherited,
        )


READER = TypeAdapter(StoreEntry)


class Stored(Wrapping):
    """Asks the evaluator within only for what the store does not know.

    Args:
        inner: tells what an evaluation depends on, and makes it.
        folder: of the store.
    """

    def __init__(self, inner: Evaluator, folder: str) -> None:
        super().__init__(inner)
        self._store = Store(folder)

    def at(self, stage: str) -> Evaluator:  # type: ignore[override]
        """The evaluator within: nothing is known of another stage."""
        return self.inner.at(stage)

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """A known evaluation at its original cost, or a new one.

        One that is known leaves no checkpoint: whatever goes on from it is trained from the
        beginning, and comes to the same. What inherits is not kept: it would not.
        """
        one = self.prepared(candidate)
        if course is not None and course.fidelity.inherits is not None:
            return self.within(one, repeat, weights, course)
        return self._store(
            {**self.identity(one, repeat), **_identity_of(course)},
            weights,
            lambda: self.within(one, repeat, weights, course),
            self.metrics,
        )


def _identity_of(course: Course | None) -> dict[str, Any]:
    """What the outcome of a training depends on beside its candidate; nothing of a whole one."""
    if course is None:
        return {}
    fidelity, before = course.fidelity, course.before or FULL
    known = {"epochs": fidelity.epochs, "of": fidelity.of, "begun": before.epochs}
    found: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    if fidelity.thresholds is not None:
        found["thresholds"] = asdict(fidelity.thresholds)
    return {"course": found} if found else {}


class Store:
    """A folder of evaluations, each in a file named by a digest of what determines it.

    Any number of processes may use it at a time: a file is there whole or not at all, and two
    that write the same one write the same. Each has a digest of its content; what cannot be read,
    or is not what was written, is made anew.

    Args:
        folder: made when the first evaluation is kept.

    Raises:
        ConfigError: if there is something else in its place.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).expanduser().absolute()
        if self._folder.exists() and not self._folder.is_dir():
            raise ConfigError("evaluator.store", f"is {self._folder}, which is no folder")

    def __call__(
        self,
        identity: Mapping[str, Any],
        weights: Path,
        evaluate: Callable[[], Evaluation],
        metrics: Sequence[str] = (),
    ) -> Evaluation:
        """A known evaluation at its original cost, or a new one, which is then known.

        Args:
            identity: what determines it, JSON-like.
            weights: where the trained weights go.
            evaluate: makes it, and puts the weights there.
            metrics: what it must have measured, unless it came to nothing.

        Raises:
            CandidateError: if the candidate is new, and comes to nothing.
        """
        known = self.find(identity, weights, metrics)
        if known is not None:
            log.info("not trained again: known from %s", known.source)
            return known
        start = time.perf_counter()
        try:
            evaluation = evaluate()
        except CandidateError as error:
            # What another error is behind may come from the machine: a full GPU, a missing file.
            if error.__cause__ is None:
                failed = Evaluation({}, 0, time.perf_counter() - start, str(error))
                self.keep(identity, failed, weights)
            raise
        seconds = time.perf_counter() - start
        measured = replace(evaluation, seconds=seconds)
        self.keep(identity, measured, weights)
        return measured

    def find(
        self, identity: Mapping[str, Any], weights: Path, metrics: Sequence[str] = ()
    ) -> Evaluation | None:
        """A known evaluation, its weights put in place; None if it is not known, or damaged."""
        file = self._file(identity)
        try:
            if not file.exists():
                return None
            entry = _entry_of(_read(file))
            missing = [name for name in metrics if name not in entry.metrics]
            if entry.identity != _plain(identity) or (missing and entry.error is None):
                raise ValueError("it is the entry of something else")
            if entry.weights is not None:
                content = _read(self._weights(entry.weights))
                if _digest(content) != entry.weights:
                    raise ValueError("its weights are not those that were written")
                _write(weights, content)
        except (OSError, ValueError, RecursionError) as error:  # so is a ValidationError
            reason = str(error).splitlines()[0]
            log.info("%s is damaged, or cannot be used, and made anew: %s", file, reason)
            return None
        return entry.evaluation

    def keep(self, identity: Mapping[str, Any], evaluation: Evaluation, weights: Path) -> None:
        """Keep an evaluation and its weights, if there are any; a full disk is no reason to stop.

        The weights come first, since an entry must not name what is not there.
        """
        try:
            content = weights.read_bytes() if weights.exists() else None
            name = None if content is None or evaluation.error else _digest(content)
            if content is not None and name is not None:
                _write(self._weights(name), content)
            entry = StoreEntry(
                _plain(identity),
                dict(evaluation.metrics),
                evaluation.epochs,
                evaluation.seconds or 0.0,
                evaluation.error,
                origin_of(weights),
                name,
                dict(evaluation.curves),
                evaluation.stopped,
                evaluation.inherited,
            )
            _write(self._file(identity), json.dumps(sealed(asdict(entry))).encode())
        except OSError as error:
            log.warning("not kept in evaluator.store: %s", error)

    def _file(self, identity: Mapping[str, Any]) -> Path:
        name = _digest(json.dumps(identity, sort_keys=True).encode())
        return self._folder / name[:2] / f"{name}.json"

    def _weights(self, name: str) -> Path:
        return self._folder / "weights" / f"{name}.ckpt"


def _entry_of(content: bytes) -> StoreEntry:
    """An entry from its file."""
    held = json.loads(content)
    if not isinstance(held, dict) or DIGEST not in held or not intact(held):
        raise ValueError("it is not as it was written")
    return READER.validate_python(unsealed(held))


def _read(file: Path) -> bytes:
    """The content of a file."""
    if not file.is_file():
        raise FileNotFoundError(f"there is no file {file}")
    return file.read_bytes()


def _plain(identity: Mapping[str, Any]) -> dict[str, Any]:
    """An identity as a file gives it back: tuples are lists, keys are texts."""
    return json.loads(json.dumps(identity))  # type: ignore[no-any-return]


def _digest(content: bytes) -> str:
    """A name that only this content has."""
    return sha256(content).hexdigest()


def _write(file: Path, content: bytes) -> None:
    """Write a whole file in one step, so that nobody ever reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{uuid4().hex}.new")
    try:
        fresh.write_bytes(content)
        os.replace(fresh, file)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
