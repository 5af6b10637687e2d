"""The pool engine: candidates are evaluated in worker processes that stay.

Threads of this process hand the jobs out, each to a worker of its own. That is simpler than a pool
of anonymous processes and holds more: a worker that dies takes nobody with it, each has GPUs of its
own, and its memory and time are watched where they are spent.
"""

import atexit
import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from queue import PriorityQueue, SimpleQueue
from threading import Lock

from joblib.externals.loky import cpu_count
from pydantic import ByteSize, TypeAdapter

from nas_hydra.engine.base import (
    NO_LIMITS,
    Evaluates,
    Job,
    Limits,
    Order,
    check_ahead,
    check_threads,
)
from nas_hydra.engine.runtime import PAGES
from nas_hydra.engine.slot import Recycling, WorkerSlot
from nas_hydra.engine.worker import LOGGERS, LazyPickle, WorkerSpec
from nas_hydra.errors import ConfigError, SearchFailedError, in_one_line
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    No CUDA context is made.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        names = [name.strip() for name in given.split(",") if name.strip()]
        return names[: names.index("-1")] if "-1" in names else names  # as CUDA reads it
    from torch.cuda import device_count

    return [str(index) for index in range(device_count())]


def room(gpus: int, per_trial: float) -> int:
    """How many trials the GPUs have room for at a time.

    Args:
        gpus: how many there are.
        per_trial: GPUs per trial: a whole number, or a share of one, above 0.

    Raises:
        ConfigError: if ``per_trial`` is none of these.
    """
    if per_trial <= 0 or (per_trial > 1 and per_trial != int(per_trial)):
        raise ConfigError(
            "engine.gpus_per_trial",
            f"is {per_trial}; allowed: a share of one GPU, above 0 and below 1, a whole number of"
            " GPUs, or null to leave them alone",
        )
    if per_trial > 1:
        return gpus // int(per_trial)
    return gpus * int(1 / per_trial + 1e-9)  # three thirds are one, also in floating point


def workers_for(workers: int | None, threads: int, gpus: int, per_trial: float | None) -> int:
    """How many workers there are.

    Args:
        workers: what the config asks for; None fills the machine.
        threads: of each.
        gpus: how many there are.
        per_trial: GPUs per trial; None if no GPU is used.

    Raises:
        ConfigError: if there is no room for so many.
    """
    if workers is not None and workers < 1:
        raise ConfigError("engine.workers", f"is {workers}; at least 1 is needed, or null for all")
    if per_trial is None or not gpus:
        return workers or max(1, cpu_count() // threads)
    most = room(gpus, per_trial)
    if most < (workers or 1):
        raise ConfigError(
            "engine.workers",
            f"is {workers or 1}; {gpus} GPUs have room for {most} with"
            f" engine.gpus_per_trial={per_trial:g}",
        )
    return workers or most


def assigned(worker: int, gpus: Sequence[str], per_trial: float | None) -> str | None:
    """``CUDA_VISIBLE_DEVICES`` of a worker, or None to leave it as it is.

    Workers that share GPUs are spread over them.

    Args:
        worker: its number, from 0, below ``room``.
        gpus: names of those that there are.
        per_trial: as above.
    """
    if per_trial is None or not gpus:
        return None
    if per_trial <= 1:
        return gpus[worker % len(gpus)]
    each = int(per_trial)
    return ",".join(gpus[worker * each : (worker + 1) * each])


@dataclass(order=True)
class Waiting:
    """A job that no worker has begun yet; the least of them is begun first.

    Args:
        priority: what it costs, negative; 0 where that is not known.
        place: how many were submitted before it.
        job: to be done.
        future: its trial.
    """

    priority: float
    place: int
    job: Job = field(compare=False)
    future: Future[Trial] = field(compare=False)


class ProcessEngine:
    """Evaluates in worker processes, several candidates at a time.

    Args:
        workers: how many; None: one per core (``threads`` cores each), or as many as the GPUs have
            room for.
        threads: of torch, in each worker.
        gpus_per_trial: a share of one GPU or a whole number of them; None: leave GPUs alone.
        recycle_trials: replace a worker after so many trials; None: never for that.
        recycle_memory: replace a worker once it holds so many bytes more than after its first
            trial, as a number or a text (``1GB``); None: never for that.
        ahead: how many trials may be pending when the next one is asked for; None: twice the
            workers, which keeps all of them busy.
        order: in which order results are told. ``asked`` gives the same trials whatever the
            number of workers; ``completion`` never lets a strategy wait for a slow trial.
        limits: of each trial.
    """

    def __init__(
        self,
        workers: int | None,
        threads: int,
        gpus_per_trial: float | None,
        recycle_trials: int | None,
        recycle_memory: ByteSize | None,
        ahead: int | None,
        order: Order,
        limits: Limits = NO_LIMITS,
    ) -> None:
        check_threads(threads)
        if recycle_trials is not None and recycle_trials < 1:
            problem = f"is {recycle_trials}; at least 1 is needed, or null for never"
            raise ConfigError("engine.recycle_trials", problem)
        gpus = visible_gpus() if gpus_per_trial is not None else []
        self.workers = workers_for(workers, threads, len(gpus), gpus_per_trial)
        self.ahead = check_ahead(2 * self.workers if ahead is None else ahead)
        self.order = order
        self._threads = threads
        self._visible = [assigned(worker, gpus, gpus_per_trial) for worker in range(self.workers)]
        self._recycling = Recycling(recycle_trials, _bytes_of(recycle_memory))
        self._limits = limits
        self._slots: list[WorkerSlot] = []
        self._pool: ThreadPoolExecutor | None = None
        self._unheard = Lock()
        self._waiting: PriorityQueue[Waiting] = PriorityQueue()
        self._submitted = count()

    def start(self, evaluator: Evaluates) -> None:
        """Share what the evaluator shares; a worker is started when there is a job for it."""
        shared = LazyPickle((evaluator, evaluator.share()))
        self._slots = [
            WorkerSlot(self._spec(shared, visible), self._limits, self._recycling, self._welcome)
            for visible in self._visible
        ]
        many = f"{self.workers} workers start" if self.workers > 1 else "a worker starts"
        log.info("%s; what they import takes some seconds", many)
        self._free: SimpleQueue[WorkerSlot] = SimpleQueue()
        for slot in self._slots:
            self._free.put(slot)
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="slot")
        atexit.register(self.shutdown)  # or Python would wait for workers who wait for it

    def submit(self, job: Job, /) -> Future[Trial]:
        """Have a job done by the next free worker.

        Of those that wait, what costs most begins first, so that no long one is left over at the
        end; where results are told as they come, that would change them, and none is preferred.
        """
        if self._pool is None:
            raise RuntimeError("the engine is not started")
        cost = job.proposal.cost if self.order == "asked" else None
        waiting = Waiting(-(cost.planned if cost else 0.0), next(self._submitted), job, Future())
        self._waiting.put(waiting)
        try:
            _ = self._pool.submit(self._begin_next)
        except RuntimeError as error:
            raise SearchFailedError(
                f"no thread starts for a worker ({in_one_line(error)}): there may be a limit of"
                " processes (ulimit -u, or a container's); try fewer engine.workers"
            ) from error
        return waiting.future

    def shutdown(self) -> None:
        """End every worker at once."""
        if self._pool is None:
            return
        self._pool.shutdown(wait=False, cancel_futures=True)
        while not self._waiting.empty():
            self._waiting.get().future.cancel()
        for slot in self._slots:
            slot.close()
        self._pool.shutdown()
        self._pool = None
        atexit.unregister(self.shutdown)

    def _welcome(self) -> None:
        """Tell of the first worker that has all it needs."""
        if self._unheard.acquire(blocking=False):
            log.info("the first worker is ready, and evaluates")

    def _begin_next(self) -> None:
        """Have the first of the waiting jobs done."""
        waiting = self._waiting.get()
        try:
            waiting.future.set_result(self._evaluate(waiting.job))
        except BaseException as error:  # noqa: BLE001  # whoever waits for the trial gets it
            waiting.future.set_exception(error)

    def _evaluate(self, job: Job) -> Trial:
        slot = self._free.get()
        try:
            return slot.evaluate(job)
        finally:
            self._free.put(slot)

    def _spec(self, shared: LazyPickle, visible: str | None) -> WorkerSpec:
        environment = {name: str(self._threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        environment |= PAGES
        if visible is not None:
            environment["CUDA_VISIBLE_DEVICES"] = visible
        levels = {name: logging.getLogger(name).level for name in LOGGERS}
        return WorkerSpec(shared, self._threads, environment, levels)


def _bytes_of(given: ByteSize | None) -> int | None:
    return None if given is None else int(TypeAdapter(ByteSize).validate_python(given))
