"""What a network costs, beside what training measures: operations, memory, and time here."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import torch
from torch import nn

from nas_hydra.dataset.tree import Tree, leaves
from nas_hydra.errors import CandidateError, ConfigError, listing, nearest
from nas_hydra.evaluator.base import Evaluator, Wrapping
from nas_hydra.evaluator.build import noise
from nas_hydra.evaluator.prepared import Prepared, prepared_by
from nas_hydra.evaluator.trainer import processors
from nas_hydra.objective import meant
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Course, Evaluation

LEAST = {"batch_size": 1, "warmup": 0, "repeats": 1}


@dataclass(frozen=True)
class Latency:
    """Measures the median time of a forward pass.

    It is a measurement: a second one gives a slightly different number, another machine a quite
    different one, and whatever else runs on the device meanwhile slows it down. So does, on a GPU,
    a candidate that shares it, and on a CPU a second worker that has no core of its own.

    Args:
        batch_size: rows per pass.
        warmup: passes before the first one that is timed.
        repeats: passes that are timed.
    """

    batch_size: int
    warmup: int
    repeats: int

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(
                    f"evaluator.latency.{name}",
                    f"is {getattr(self, name)}; at least {least} is needed",
                )

    def batch(self, inputs: Tree, device: torch.device) -> Tree:
        """A batch to time: noise, since zeros may be multiplied faster.

        Args:
            inputs: of an example.
            device: where it lies.
        """
        return noise(inputs, self.batch_size, device)

    def __call__(self, model: nn.Module, inputs: Tree) -> float:
        """Milliseconds that the model takes for the inputs, on the device where both lie."""
        model.eval()
        with torch.inference_mode():
            times = [_timed(model, inputs) for _ in range(self.warmup + self.repeats)]
        return 1000 * median(times[self.warmup :])


def _timed(model: nn.Module, inputs: Tree) -> float:
    """Seconds of one forward pass, begun and ended with nothing under way on the device."""
    device = leaves(inputs)[0].device
    _finish(device)
    start = time.perf_counter()
    model(inputs)
    _finish(device)
    return time.perf_counter() - start


def _finish(device: torch.device) -> None:
    """Wait until a device has done what it was given; a CPU has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


ON_DEMAND = ("flops", "latency", "memory")
COUNTABLE = ("flops", "params", "latency")


class Timed(Protocol):
    """Knows how long the networks take that it trains."""

    def timed(self, one: Prepared, latency: Latency) -> float:
        """Milliseconds of a forward pass."""


class Costed(Wrapping):
    """Measures, before the evaluator within trains, what is asked for of ``ON_DEMAND``.

    They are of this machine, and are kept in no store: latencies would be those of others.

    Args:
        inner: trains, or knows what training gives.
        training: makes the network that is timed.
        measure: metrics to measure; names of those of training change nothing.
        latency: how it is measured; needed only where ``measure`` names it.
    """

    def __init__(
        self,
        inner: Evaluator,
        training: Timed,
        measure: Sequence[str] = (),
        latency: Latency | None = None,
    ) -> None:
        super().__init__(inner)
        self._training, self._measure, self._latency = training, measure, latency

    @property
    def metrics(self) -> Sequence[str]:
        """Those of the evaluator within, and what is asked for."""
        return [*self.inner.metrics, *(name for name in ON_DEMAND if name in self._measure)]

    @property
    def costs(self) -> Sequence[str]:
        """What a network is known to take before it is trained."""
        return COUNTABLE

    def cost(self, candidate: Mapping[str, Any], name: str) -> float:
        """What a whole training costs: parameters, or what its rows take in forward passes.

        ``flops`` counts operations, ``latency`` milliseconds. Backward passes are left out: they
        take a like share more of every network.

        Raises:
            CandidateError: if it cannot be told.
        """
        one = prepared_by(self, candidate)
        if name == "params":
            return float(one.meta_network.params)
        if name == "flops":
            return float(one.meta_network.flops) * _rows_trained(one)
        assert self._latency is not None  # the config has it
        row = self._training.timed(one, self._latency) / self._latency.batch_size
        return row * _rows_trained(one)

    @property
    def machine(self) -> str | None:
        """The processors, if latency is measured."""
        return processors() if "latency" in self._measure else None

    def prepare(self, space: SearchSpace) -> None:
        """As the evaluator within.

        Raises:
            ConfigError: if something is asked for that is not measured, naming what is.
        """
        self.inner.prepare(space)
        if self.inner.metrics:  # else they are known once a candidate was checked
            _check_measure(self._measure, self.metrics, self._latency)

    def check(self, candidate: Mapping[str, Any]) -> None:
        """As the evaluator within.

        Raises:
            ConfigError: as ``prepare``.
        """
        self.inner.check(candidate)
        _check_measure(self._measure, self.metrics, self._latency)

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """As the evaluator within, with the costs."""
        one = prepared_by(self, candidate)
        costs = self.measured(one)
        evaluation = self.within(one, repeat, weights, course)
        if evaluation.error is not None:
            return evaluation
        return replace(evaluation, metrics={**evaluation.metrics, **costs})

    def measured(self, one: Prepared) -> dict[str, float]:
        """What is asked for, here and now.

        Raises:
            CandidateError: if it cannot be told.
        """
        found: dict[str, float] = {}
        if "flops" in self._measure:
            found["flops"] = float(one.meta_network.flops)
        if "memory" in self._measure:
            found["memory"] = float(_memory(one))
        if "latency" in self._measure:
            assert self._latency is not None  # or it would not have been prepared
            found["latency"] = self._training.timed(one, self._latency)
        return found


def _rows_trained(one: Prepared) -> float:
    """How many rows pass through the network in training, by its own epochs, steps and batches.

    Those of one epoch where nothing but the clock or a callback ends it. Rows count as 1 where
    nobody knows how many there are.
    """
    trainer, batch = one["trainer"], one.data.batch_size
    epochs, steps = trainer.get("max_epochs"), trainer.get("max_steps", -1)
    epoch = float(one.data.rows or 1)
    limit = trainer.get("limit_train_batches")
    if limit is not None:
        epoch = min(epoch, limit * batch) if isinstance(limit, int) else epoch * limit
    limits = [epoch * epochs] if epochs is not None and epochs > 0 else []
    if steps is not None and steps > 0:
        limits.append(float(steps * batch * (trainer.get("accumulate_grad_batches") or 1)))
    return min(limits, default=epoch)


def _memory(one: Prepared) -> int:
    """Bytes that the training of a batch takes."""
    try:
        needed = one.footprint
    except CandidateError:
        needed = None
    if needed is None or needed.output is None:
        raise CandidateError("its memory cannot be told: it takes values to build or run it")
    return needed.bytes


def _check_measure(measure: Sequence[str], metrics: Sequence[str], latency: Latency | None) -> None:
    """Make sure that everything asked for can be measured.

    Args:
        measure: what is asked for.
        metrics: what the evaluator measures; empty if that is not known yet.
        latency: how latency is measured.
    """
    allowed = list(dict.fromkeys([*metrics, *ON_DEMAND]))
    for name in measure:
        if meant(name, allowed) not in allowed:
            raise ConfigError(
                "evaluator.measure",
                f"names '{name}', which is not measured; allowed: {listing(allowed)}"
                f"{nearest(name, allowed)} (it has the names of the objective, here"
                f" objective.{name}, unless it is given)",
            )
    if "latency" in measure and latency is None:
        raise ConfigError("evaluator.latency", "is missing, and says how latency is measured")
