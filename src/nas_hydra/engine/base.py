"""What every engine can do, and the job that it runs."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.objective import Objective, values_of
from nas_hydra.trial import Evaluation, Proposal, Trial

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One candidate to evaluate; called, it gives its trial, also when the candidate fails.

    Args:
        evaluate: measures a closed config; takes it, the repeat and the file for the weights.
        objectives: which of the metrics are the trial's values.
        proposal: what was asked for.
        candidate: its closed config.
        repeat: how many evaluations of the same candidate came before.
        weights: file for the trained weights.
    """

    evaluate: Callable[[Mapping[str, Any], int, Path], Evaluation]
    objectives: Sequence[Objective]
    proposal: Proposal
    candidate: Mapping[str, Any]
    repeat: int
    weights: Path

    def __call__(self) -> Trial:
        """Evaluate, and say why if that fails; the user's own mistakes are raised."""
        start = time.perf_counter()
        try:
            evaluation = self.evaluate(self.candidate, self.repeat, self.weights)
        except ConfigError:
            raise
        except CandidateError as error:
            return self._failed(first_line(error), start)
        except Exception as error:  # whatever a candidate does, the search goes on
            log.warning("trial %d failed", self.proposal.number, exc_info=error)
            return self._failed(f"{type(error).__name__}: {first_line(error)}", start)
        return self._finished(evaluation, time.perf_counter() - start)

    def _finished(self, evaluation: Evaluation, seconds: float) -> Trial:
        metrics, epochs = evaluation.metrics, evaluation.epochs
        values = values_of(self.objectives, metrics)
        if values is None:
            error = "an objective is not a finite number"
            return Trial(self.proposal, "failed", {}, metrics, epochs, seconds, error)
        return Trial(self.proposal, "complete", values, metrics, epochs, seconds)

    def _failed(self, error: str, start: float) -> Trial:
        seconds = time.perf_counter() - start
        return Trial(self.proposal, "failed", seconds=seconds, error=error)


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).strip() or "no message").splitlines()[0]


class Engine(Protocol):
    """A ``concurrent.futures.Executor`` that says how many results may be pending."""

    ahead: int
    """Proposal k is asked when trials 0 ... k - ahead have been told, no more and no fewer."""

    def submit(self, job: Job, /) -> Future[Trial]:
        """Begin a job, or do it at once."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of every resource."""
