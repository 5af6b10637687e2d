"""The store: evaluations that outlive their run, so that no network is trained twice."""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.run import origin_of
from nas_hydra.trial import Evaluation

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One evaluation as it is kept.

    Args:
        identity: what determines it.
        metrics: what was measured.
        epochs: how many were trained.
        seconds: what that took.
        error: why the candidate came to nothing, if it did.
        source: the trial that it was.
        weights: digest of the trained weights, under which they are kept too.
        curves: metric -> its value after each epoch; entries of version 0.1 have none.
    """

    identity: dict[str, Any]
    metrics: dict[str, float]
    epochs: int
    seconds: float
    error: str | None
    source: str
    weights: str | None
    curves: dict[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation at its original cost."""
        return Evaluation(
            self.metrics, self.epochs, self.seconds, self.error, self.source, self.curves
        )


READER = TypeAdapter(Entry)


class Store:
    """A folder of evaluations, each in a file named by a digest of what determines it.

    Any number of processes may use it at a time: a file is there whole or not at all, and two
    that write the same one write the same. Whatever cannot be read is made anew.

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
        self, identity: Mapping[str, Any], weights: Path, evaluate: Callable[[], Evaluation]
    ) -> Evaluation:
        """A known evaluation at its original cost, or a new one, which is then known.

        Args:
            identity: what determines it, JSON-like.
            weights: where the trained weights go.
            evaluate: makes it, and puts the weights there.

        Raises:
            CandidateError: if the candidate is new, and comes to nothing.
        """
        known = self.find(identity, weights)
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

    def find(self, identity: Mapping[str, Any], weights: Path) -> Evaluation | None:
        """A known evaluation, its weights put in place; None if it is not known, or torn."""
        try:
            entry = READER.validate_json(self._file(identity).read_bytes())
            if entry.identity != plain(identity):
                return None
            if entry.weights is not None:
                content = self._weights(entry.weights).read_bytes()
                if digest(content) != entry.weights:
                    return None
                write(weights, content)
        except (OSError, ValidationError):
            return None
        return entry.evaluation

    def keep(self, identity: Mapping[str, Any], evaluation: Evaluation, weights: Path) -> None:
        """Keep an evaluation and its weights, if there are any; a full disk is no reason to stop.

        The weights come first, since an entry must not name what is not there.
        """
        try:
            content = weights.read_bytes() if weights.exists() else None
            name = None if content is None or evaluation.error else digest(content)
            if content is not None and name is not None:
                write(self._weights(name), content)
            entry = Entry(
                plain(identity),
                dict(evaluation.metrics),
                evaluation.epochs,
                evaluation.seconds or 0.0,
                evaluation.error,
                origin_of(weights),
                name,
                dict(evaluation.curves),
            )
            write(self._file(identity), json.dumps(asdict(entry)).encode())
        except OSError as error:
            log.warning("not kept in evaluator.store: %s", error)

    def _file(self, identity: Mapping[str, Any]) -> Path:
        name = digest(json.dumps(identity, sort_keys=True).encode())
        return self._folder / name[:2] / f"{name}.json"

    def _weights(self, name: str) -> Path:
        return self._folder / "weights" / f"{name}.ckpt"


def plain(identity: Mapping[str, Any]) -> dict[str, Any]:
    """An identity as a file gives it back: tuples are lists, keys are texts."""
    return json.loads(json.dumps(identity))  # type: ignore[no-any-return]


def digest(content: bytes) -> str:
    """A name that only this content has."""
    return sha256(content).hexdigest()


def write(file: Path, content: bytes) -> None:
    """Write a whole file in one step, so that nobody ever reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{uuid4().hex}.new")
    fresh.write_bytes(content)
    os.replace(fresh, file)
