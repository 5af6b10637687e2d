"""What every engine can do, and the job that it runs."""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ByteSize, ConfigDict, PositiveFloat

from nas_hydra.engine.restoring import restored
from nas_hydra.errors import CandidateError, ConfigError, in_one_line, mistake_of_helper, said
from nas_hydra.files.digest import digest_of_file
from nas_hydra.objective import Objective
from nas_hydra.trial import Course, Evaluation, Proposal, Trial, measured

log = logging.getLogger(__name__)


MOST_THREADS = 4096

Order = Literal["asked", "completion"]
"""In which order results are told: that of asking, or that in which they are finished."""


class Evaluates(Protocol):
    """What an engine needs of an evaluator; ``nas_hydra.evaluator.base`` says what it does."""

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """Measure a candidate."""

    def share(self) -> Any:
        """What worker processes need, picklable, large tensors in shared memory."""

    def adopt(self, shared: Any) -> None:
        """Take what was shared, in a worker, before the first evaluation."""


class Limits(BaseModel):
    """What one trial may use before it is ended as failed; None: as much as it likes.

    Args:
        timeout: seconds of evaluation.
        memory_limit: resident memory of the process that evaluates, libraries and data included,
            in bytes or as a text: ``2GB``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    timeout: PositiveFloat | None = None
    memory_limit: ByteSize | None = None

    @property
    def given(self) -> list[str]:
        """The config keys of the limits that are set."""
        return [f"trial.{name}" for name, value in self if value is not None]


NO_LIMITS = Limits()


class Finished(NamedTuple):
    """A trial that took place.

    Args:
        trial: its outcome.
        spoilt: whether it left something in its process that changes other trials there.
    """

    trial: Trial
    spoilt: bool


@dataclass(frozen=True)
class Job:
    """One candidate to evaluate; called, it gives its trial, also when the candidate fails.

    Args:
        objectives: which of the metrics are the trial's values.
        proposal: what was asked for.
        candidate: its closed config, or its decisions if the evaluator looks these up.
        repeat: how many evaluations of the same candidate came before.
        weights: file for the trained weights.
        course: how much it is trained; None is the whole training, as every evaluator does it.
    """

    objectives: Sequence[Objective]
    proposal: Proposal
    candidate: Mapping[str, Any]
    repeat: int
    weights: Path
    course: Course | None = None

    def __call__(self, evaluator: Evaluates) -> Trial:
        """Evaluate, and say why if that fails; the user's own mistakes are raised."""
        return self.finish(evaluator).trial

    def finish(self, evaluator: Evaluates) -> Finished:
        """The same, and whether this process is still as it was."""
        with restored() as lost:
            trial = self._evaluate(evaluator)
        if lost:
            log.warning(
                "trial %d has changed what cannot be put back: %s",
                *(self.proposal.number, ", ".join(lost)),
            )
        return Finished(trial, bool(lost))

    def _evaluate(self, evaluator: Evaluates) -> Trial:
        start = time.perf_counter()
        try:
            more = () if self.course is None else (self.course,)
            evaluation = evaluator.evaluate(self.candidate, self.repeat, self.weights, *more)
        except ConfigError:
            raise
        except CandidateError as error:
            return self.failed(said(error) or "no message", time.perf_counter() - start)
        except (Exception, SystemExit) as error:  # whatever a candidate does, the search goes on
            if mistake := mistake_of_helper(error):
                raise mistake from error
            log.warning("trial %d failed", self.proposal.number, exc_info=error)
            return self.failed(in_one_line(error), time.perf_counter() - start)
        seconds = time.perf_counter() - start
        trial = measured(self.proposal, evaluation, self.objectives, seconds)
        kept = trial.complete and self.weights.is_file()
        return replace(trial, weights=digest_of_file(self.weights)) if kept else trial

    def failed(self, error: str, seconds: float) -> Trial:
        """The trial of a candidate that came to nothing, and why, in one line."""
        return Trial(self.proposal, "failed", seconds=seconds, error=error)


class Engine(Protocol):
    """Evaluates jobs, and says how many of them may be pending."""

    ahead: int
    """Proposal k is asked when k - ahead + 1 trials have been told, no more and no fewer."""

    order: Order
    """In which order the search tells results."""

    def start(self, evaluator: Evaluates) -> None:
        """Get ready to evaluate; called once, before the first job."""

    def submit(self, job: Job, /) -> Future[Trial]:
        """Begin a job, or do it at once."""

    def shutdown(self) -> None:
        """Give up what is not done and let go of every resource; works at any time."""


def check_threads(threads: int) -> int:
    """The number of threads that torch is to use.

    Raises:
        ConfigError: if it is none, or more than any machine has.
    """
    if not 1 <= threads <= MOST_THREADS:
        problem = f"is {threads}; at least 1 is needed, and at most {MOST_THREADS} are allowed"
        raise ConfigError("engine.threads", problem)
    return threads


def check_ahead(ahead: int) -> int:
    """The number of trials that may be pending.

    Raises:
        ConfigError: if it is less than one.
    """
    if ahead < 1:
        raise ConfigError("engine.ahead", f"is {ahead}; at least 1 is needed")
    return ahead
