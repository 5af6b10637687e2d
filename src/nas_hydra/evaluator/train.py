"""Evaluation by training, and the gate before it: what cannot fit or work costs no training."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import torch
from pydantic import ByteSize, TypeAdapter, ValidationError

from nas_hydra.dataset import Tree
from nas_hydra.document.text import byte_size
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.base import Evaluator, Wrapping
from nas_hydra.evaluator.build import zeros
from nas_hydra.evaluator.footprint import Footprint
from nas_hydra.evaluator.latency import Costed, Latency
from nas_hydra.evaluator.meta_network import META
from nas_hydra.evaluator.prepared import Prepared, prepared_by
from nas_hydra.evaluator.store import Stored
from nas_hydra.evaluator.training import Training
from nas_hydra.task.members import per_answer
from nas_hydra.trial import Course, Evaluation

log = logging.getLogger(__name__)


class Gated(Wrapping):
    """Looks at every candidate on the meta device before any memory is given to it.

    The memory that is there is measured once, when the first candidate comes: what is free later
    depends on what other workers train just then, and which candidates fail must not.

    Args:
        inner: evaluates what passes.
        memory_limit: of the process that trains on a CPU, libraries and data included, in bytes or
            as a text: ``2GB``; None is what the machine has. A GPU's memory is its own limit.

    Raises:
        ConfigError: if the limit is no number of bytes.
    """

    def __init__(self, inner: Evaluator, memory_limit: int | str | None = None) -> None:
        super().__init__(inner)
        try:
            self._limit = TypeAdapter(ByteSize | None).validate_python(memory_limit)
        except ValidationError as error:
            raise ConfigError(
                "evaluator.memory_limit", f"is {memory_limit!r}; allowed: 2GB, or bytes"
            ) from error
        self._room: dict[torch.device, int] = {}

    def check(self, candidate: Mapping[str, Any]) -> None:
        """As the evaluator within, of what passes."""
        one = prepared_by(self, candidate)
        self.admit(one)
        self.inner.check(one)

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """As the evaluator within, of what passes."""
        one = prepared_by(self, candidate)
        self.admit(one)
        return self.within(one, repeat, weights, course)

    def admit(self, one: Prepared) -> None:
        """Let a candidate pass, or refuse it. One that needs values to be built passes.

        Raises:
            CandidateError: if it cannot fit or cannot work; with the figures.
        """
        try:
            needed = one.footprint
        except CandidateError as error:
            log.debug("not built on the meta device: %s", error)
            return
        rows = one.data.batch_size
        self._fit(needed, rows, one.device)
        if needed.output is not None:
            self._check(one, needed.output)

    def _check(self, one: Prepared, output: Tree) -> None:
        """Look at what a whole batch gives in training, where a network may give something else."""
        target = zeros(one.example.target, one.data.batch_size, META)
        try:
            one.task.check(output, per_answer(target, output))
        except CandidateError as error:
            raise CandidateError(f"in training, {error}") from None

    def _fit(self, needed: Footprint, batch_size: int, device: torch.device) -> None:
        if device not in self._room:
            self._room[device] = self._room_on(device)
        room = self._room[device]
        # On a GPU, what does not fit is trained once more alone and with batches cut in two.
        least = needed.bytes - needed.activations // 2 if device.type == "cuda" else needed.bytes
        if least > room:
            key = " under trial.memory_limit" if self._limit and device.type == "cpu" else ""
            raise CandidateError(
                f"does not fit: training takes about {needed} at batch size {batch_size}; "
                f"{device} has {byte_size(max(room, 0))} for it{key}"
            )

    def _room_on(self, device: torch.device) -> int:
        """Bytes that a training may take: of a GPU all that it has, of a CPU what is available."""
        if device.type == "cuda":
            return int(torch.cuda.get_device_properties(device).total_memory)
        available = int(psutil.virtual_memory().available)
        if self._limit is None:
            return available
        return min(available, self._limit - psutil.Process().memory_info().rss)


class TrainEvaluator(Wrapping):
    """Trains a candidate, unless it cannot fit, or the store knows it.

    Measured are what the task measures (of classification ``val_acc``, ``val_f1``, ``val_loss`` and
    ``train_loss``) and ``params`` (trainable ones), and on demand ``flops`` (of one row's forward
    pass, two for each multiply-accumulate, see ``Candidate.flops``), ``latency`` (milliseconds of a
    forward pass, see ``Latency``; with the weights, layout and precision of training) and
    ``memory`` (bytes that the training of one batch takes at its peak, see ``Footprint``: an
    estimate, the same on every device). A candidate of which this cannot be told is not trained,
    and fails.

    Args:
        seed: see ``Training``, as of the next three.
        channels_last: likewise.
        tf32: likewise.
        compile: likewise.
        store: folder that keeps evaluations across runs, see ``Stored``; None or ``none`` keeps
            none.
        memory_limit: what would need more is not trained, see ``Gated``.
        measure: metrics to measure beside those of training, see ``Costed``.
        latency: how it is measured; needed only where ``measure`` names it.
    """

    def __init__(
        self,
        seed: int,
        channels_last: bool = True,
        tf32: bool = True,
        compile: bool = False,
        store: str | None = None,
        memory_limit: int | str | None = None,
        measure: Sequence[str] = (),
        latency: Latency | None = None,
    ) -> None:
        training = Training(seed, channels_last, tf32, compile)
        known: Evaluator = training if store in (None, "none") else Stored(training, str(store))
        super().__init__(Gated(Costed(known, training, measure, latency), memory_limit))
