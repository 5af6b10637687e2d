"""Evaluation of a winner: as in its search, but on more rows, and measured on the test split."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from nas_hydra.dataset.cache import only_stage
from nas_hydra.dataset.split import Stage
from nas_hydra.evaluator.base import Evaluator, Wrapping
from nas_hydra.evaluator.fit import is_lightnings, trainer_callbacks
from nas_hydra.evaluator.keeping import callbacks_of
from nas_hydra.evaluator.prepared import task_of
from nas_hydra.evaluator.rehearsal import local
from nas_hydra.evaluator.trainer import build_trainer
from nas_hydra.objective import Direction
from nas_hydra.trial import Course, Evaluation


class FinalEvaluator(Wrapping):
    """Trains a candidate on a search's data, as the search's evaluator does, and tests it once.

    It is trained on the training and validation rows together, and nothing is measured meanwhile.
    Where something monitors the training (see ``monitoring``), the validation rows are left for
    that, as in the search. The ``val_`` metrics of the search have their counterparts in
    ``test_acc``, ``test_f1``, ``test_loss`` and the like; all others are the same.

    This is not for a search.

    Args:
        evaluator: of the search.
        monitored: whether the validation rows are left for monitoring.
    """

    def __init__(self, evaluator: Evaluator, monitored: bool) -> None:
        self.stage: Stage = "monitored" if monitored else "final"
        super().__init__(evaluator.at(self.stage))

    @property
    def metrics(self) -> Sequence[str]:
        """Names of everything that it measures."""
        return [name_in_test(name) for name in self.inner.metrics]

    @property
    def directions(self) -> Mapping[str, Direction]:
        """As of the search's evaluator."""
        return {name_in_test(name): way for name, way in self.inner.directions.items()}

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """Train from scratch, and test."""
        with only_stage(self.stage):
            evaluation = self.within(candidate, repeat, weights, course)
        return replace(evaluation, metrics=_tested(evaluation.metrics))

    def remeasure(self, candidate: Mapping[str, Any], weights: Path) -> Mapping[str, float]:
        """The ``test_`` metrics of a network with these weights, without training it."""
        return _tested(self.inner.remeasure(candidate, weights))


def _tested(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics of a search under the names that they have in the end."""
    return {name_in_test(name): value for name, value in metrics.items()}


def name_in_test(metric: str) -> str:
    """``val_acc`` as ``test_acc``, and ``val/acc`` as ``test/acc``; other names as they are."""
    return re.sub(r"^val(?=[_/])", "test", metric)


def monitoring(candidate: Mapping[str, Any]) -> list[str]:
    """What of a candidate's training looks at validation rows while it goes on.

    Callbacks of the user's own are taken to do so: what they read is not known.

    Args:
        candidate: its closed config.
    """
    scheduler = candidate.get("scheduler") or {}
    trainer = build_trainer(local(candidate["trainer"]), parts=1)
    named = [*_callbacks([*trainer_callbacks(trainer), *callbacks_of(task_of(candidate))])]
    if str(scheduler.get("monitor", "")).startswith("val_"):
        named.append(str(scheduler["_target_"]).rpartition(".")[2])
    return named


def _callbacks(callbacks: Iterable[pl.Callback]) -> Iterator[str]:
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if not is_lightnings(callback) or str(monitor).startswith("val_"):
            yield type(callback).__name__
