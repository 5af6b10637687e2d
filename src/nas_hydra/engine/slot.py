"""A slot for a worker: has one after the other, and sees to it that its jobs come to an end."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass

from nas_hydra.engine.base import NO_LIMITS, Finished, Job, Limits
from nas_hydra.engine.process import OverLimitError, Worker, WorkerDiedError
from nas_hydra.engine.worker import Mistake, WorkerSpec
from nas_hydra.errors import ConfigError, SearchFailedError
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)

ATTEMPTS = 2
"""How many workers a trial may cost: one dies for reasons of its own, two for the candidate's."""


@dataclass(frozen=True)
class Recycling:
    """When a worker is replaced.

    Args:
        trials: after so many; None: not for that.
        memory: once it holds so many bytes more than after its first trial; None: not for that.
    """

    trials: int | None
    memory: int | None


class WorkerSlot:
    """Does one job at a time.

    Args:
        spec: what its workers are started with.
        limits: of each trial.
        recycling: when a worker is replaced.
        ready: is called when a worker has all it needs.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        limits: Limits,
        recycling: Recycling,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._spec = spec
        self._limits = limits
        self._recycling = recycling
        self._ready = ready
        self._worker: Worker | None = None
        self._closed = False
        self._changing = threading.Lock()

    def evaluate(self, job: Job) -> Trial:
        """The trial of a job; one that kills its workers or uses too much fails.

        Raises:
            ConfigError: if the user has to mend something.
            SearchFailedError: if workers do not start.
            CancelledError: if the slot is closed meanwhile.
        """
        start = time.perf_counter()
        deaths: list[str] = []
        while len(deaths) < ATTEMPTS:
            try:
                return self._attempt(job)
            except OverLimitError as error:
                return job.failed(str(error), time.perf_counter() - start)
            except WorkerDiedError as error:
                if self._closed:
                    raise CancelledError from error
                log.debug("trial %d: its worker %s", job.proposal.number, error)
                deaths.append(str(error))
        reason = f"its worker {deaths[0]}; tried again, it {deaths[1]}"
        return job.failed(reason, time.perf_counter() - start)

    def close(self) -> None:
        """End the worker, also while it works; no other is started."""
        with self._changing:
            self._closed = True
            if self._worker is not None:
                self._worker.end()

    def _attempt(self, job: Job) -> Trial:
        worker = self._worker if self._worker is not None and self._worker.alive else self._fresh()
        answer = worker.evaluate(job, self._limits)
        if isinstance(answer, Mistake):
            raise ConfigError(answer.key, answer.problem)
        assert isinstance(answer, Finished)  # whoever is given a job is ready
        self._recycle(worker, answer.spoilt)
        return answer.trial

    def _fresh(self) -> Worker:
        for _ in range(ATTEMPTS):
            try:
                worker = self._start()
                answer = worker.wait(NO_LIMITS)
            except WorkerDiedError as error:
                death = f"{error}, and said '{error.last_words}'" if error.last_words else error
                continue
            if isinstance(answer, Mistake):
                raise ConfigError(answer.key, answer.problem)
            self._ready()
            return worker
        raise SearchFailedError(
            f"no worker starts: the last one {death}. The log has what it printed; engine=serial"
            " needs no workers"
        )

    def _start(self) -> Worker:
        with self._changing:
            if self._closed:
                raise CancelledError
            if self._worker is not None:
                self._worker.end()  # it may have died since its last trial, and left something
                self._worker = None
            self._worker = Worker(self._spec)
            return self._worker

    def _recycle(self, worker: Worker, spoilt: bool) -> None:
        """End a worker that is spoilt, has grown or served long enough; another will follow."""
        held = worker.count()
        trials, memory = self._recycling.trials, self._recycling.memory
        old = trials is not None and worker.trials >= trials
        grown = memory is not None and held - worker.held_at_first > memory
        if spoilt or old or grown:
            log.debug("worker %d retires after %d trials", worker.pid, worker.trials)
            worker.end()
