"""The evaluator and the engine of a search whose trials the host program evaluates."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_hydra.engine.base import NO_LIMITS, Job, Limits, Order, check_ahead
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.loop import Search
from nas_hydra.trial import Course, Evaluation, Proposal, Trial, measured


class HandEvaluator(Evaluator):
    """Knows the names of what the host measures.

    Args:
        metrics: these names.
    """

    def __init__(self, metrics: Sequence[str]) -> None:
        self._metrics = metrics

    @property
    def metrics(self) -> Sequence[str]:
        """Names of what the objective speaks of."""
        return self._metrics

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """Never: the host does."""
        raise NotImplementedError


@dataclass(frozen=True)
class Asked:
    """A job that the host has, its outcome to be, and when it was handed out."""

    job: Job
    outcome: Future[Trial]
    since: float


class HandEngine:
    """Hands jobs to the host, and takes its answers.

    Args:
        ahead: how many trials may be pending when the next one is asked for.
        limits: must be none, since nobody watches the host.
    """

    order: Order = "asked"

    def __init__(self, ahead: int, limits: Limits = NO_LIMITS) -> None:
        self.ahead = check_ahead(ahead)
        for key in limits.given:
            raise ConfigError(key, "is for nas-hydra's own workers; a Study has none, leave it out")
        self.asked: dict[int, Asked] = {}

    def start(self, evaluator: Evaluator) -> None:
        """Nothing to get ready."""

    def submit(self, job: Job, /) -> Future[Trial]:
        """Note what the host has to evaluate."""
        asked = Asked(job, Future(), time.perf_counter())
        self.asked[job.proposal.number] = asked
        return asked.outcome

    def answer(self, proposal: Proposal, evaluation: Evaluation) -> Trial:
        """The trial of a proposal that the host has evaluated.

        Raises:
            ConfigError: if it is not pending, or an objective was not measured.
        """
        asked = self.asked.get(proposal.number)
        if asked is None or asked.job.proposal != proposal:
            raise ConfigError(
                "proposal",
                f"{proposal.number} is not pending; pending are {sorted(self.asked) or 'none'}",
            )
        seconds = time.perf_counter() - asked.since
        trial = measured(proposal, evaluation, asked.job.objectives, seconds)
        del self.asked[proposal.number]
        asked.outcome.set_result(trial)
        return trial

    def shutdown(self) -> None:
        """Forget what is not answered."""
        self.asked.clear()


class Dialogue(Search):
    """A search that never waits: where it would, it says for which trial."""

    def tell(self) -> None:
        """Tell the oldest pending trial.

        Raises:
            ConfigError: if the host has not told it yet.
        """
        oldest, ahead = self._pending[0], self.engine.ahead
        if not oldest.future.done() and len(self._pending) < ahead:
            raise ConfigError(
                "strategy",
                f"waits for trial {oldest.number} before it can make the next proposal; tell it",
            )
        if not oldest.future.done():
            raise ConfigError(
                "engine.ahead",
                f"is {ahead}, so trial {oldest.number} has to be told before the next proposal can"
                f" be made; tell it, or let more of them be pending (engine.ahead={ahead + 1})",
            )
        super().tell()

    def settle(self, all_of_them: bool = False) -> None:
        """Tell what the next proposal waits for, and no more, or its outcome would depend on it.

        Args:
            all_of_them: tell whatever has its turn, since no proposal is to come.
        """
        most = 0 if all_of_them else self.engine.ahead - 1
        while len(self._pending) > most and self._pending[0].future.done():
            self.tell()

    @property
    def known(self) -> list[Trial]:
        """Every trial whose outcome is known, those told first."""
        waiting = [one.future.result() for one in self._pending if one.future.done()]
        return [*self.told, *waiting]
