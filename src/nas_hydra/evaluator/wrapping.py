"""An evaluator around another one."""

from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Self

from nas_hydra.evaluator.base import Evaluator
from nas_hydra.objective import Direction, Objectives
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Evaluation


class Wrapping(Evaluator):
    """Leaves everything to the evaluator within, but for what a class derived from it says.

    Args:
        inner: the evaluator within.
    """

    def __init__(self, inner: Evaluator) -> None:
        self.inner = inner
        self.builds, self.closes = inner.builds, inner.closes  # type: ignore[misc]
        self.counted = inner.counted  # type: ignore[misc]

    @property
    def metrics(self) -> Sequence[str]:
        """As of the evaluator within."""
        return self.inner.metrics

    @property
    def directions(self) -> Mapping[str, Direction]:
        """As of the evaluator within."""
        return self.inner.directions

    @property
    def machine(self) -> str | None:
        """As of the evaluator within."""
        return self.inner.machine

    @property
    def data(self) -> Mapping[str, Any] | None:
        """As of the evaluator within."""
        return self.inner.data

    @property
    def files(self) -> Mapping[str, str]:
        """As of the evaluator within."""
        return self.inner.files

    @property
    def objectives(self) -> Mapping[str, Direction]:
        """As of the evaluator within."""
        return self.inner.objectives

    def at(self, stage: str) -> Self:
        """The same for another stage of the data."""
        other = copy(self)
        other.inner = self.inner.at(stage)
        return other

    def prepared(self, candidate: Mapping[str, Any]) -> Mapping[str, Any]:
        """As the evaluator within."""
        return self.inner.prepared(candidate)

    def prepare(self, space: SearchSpace) -> None:
        """As the evaluator within."""
        self.inner.prepare(space)

    def remember(self, folder: Path) -> None:
        """As the evaluator within."""
        self.inner.remember(folder)

    def changed(self, folder: Path) -> str:
        """As the evaluator within."""
        return self.inner.changed(folder)

    def check(self, candidate: Mapping[str, Any]) -> None:
        """As the evaluator within."""
        self.inner.check(candidate)

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        """As the evaluator within."""
        return self.inner.evaluate(candidate, repeat, weights)

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """As of the evaluator within."""
        return self.inner.identity(candidate, repeat)

    def remeasure(self, candidate: Mapping[str, Any], weights: Path) -> Mapping[str, float]:
        """As the evaluator within."""
        return self.inner.remeasure(candidate, weights)

    def share(self) -> Any:
        """As the evaluator within."""
        return self.inner.share()

    def adopt(self, shared: Any) -> None:
        """As the evaluator within."""
        self.inner.adopt(shared)

    def optimum(self, space: SearchSpace, objectives: Objectives) -> dict[str, float]:
        """As of the evaluator within."""
        return self.inner.optimum(space, objectives)
