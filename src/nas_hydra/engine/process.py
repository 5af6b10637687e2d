"""A worker process, as its parent sees it."""

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import wait

import psutil

from nas_hydra.document.text import byte_size
from nas_hydra.engine.base import Job, Limits
from nas_hydra.engine.worker import Answer, Printed, WorkerSpec, work
from nas_hydra.errors import in_one_line
from nas_hydra.process.family import end_family, ending

log = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks at a worker that is busy."""

PARTING = 5.0
"""Seconds that a worker may take to end by itself: it waits for processes that it has started."""

SPAWN = get_context("spawn")

_starting = threading.Lock()
"""Held while a process is started: until then, settings of this process are others."""


class WorkerDiedError(Exception):
    """A worker ended by itself or was killed.

    Args:
        how: that happened, to follow upon the word worker.
        last_words: the last line that it has printed.
    """

    def __init__(self, how: str, last_words: str = "") -> None:
        super().__init__(how)
        self.last_words = last_words


class OverLimitError(Exception):
    """A trial was ended because it used too much; the message has the figures."""


class Worker:
    """A worker process, from its start to its end.

    Args:
        spec: what it is started with.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._connection, theirs = SPAWN.Pipe()
        printed, output = SPAWN.Pipe(duplex=False)
        # No daemon: a candidate may load its data with processes of its own.
        self._process = SPAWN.Process(target=work, args=(theirs, output, spec), daemon=False)
        self.trials = 0
        self.held_at_first = 0
        with _refusals_told():
            with _starting, _plain_start_method(), _uninterrupted():
                self._process.start()
            self.pid = self._process.pid or 0
            self._usage = psutil.Process(self.pid)
        theirs.close()
        output.close()
        self._printed = Printed(printed, self.pid)
        self._reader = threading.Thread(target=self._printed.read, daemon=True)
        try:
            with _refusals_told():
                self._reader.start()
        except WorkerDiedError:
            self.end()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process is there, also if somebody else has waited for its end."""
        return self._process.is_alive() and self._usage.is_running()

    @property
    def memory(self) -> int:
        """Resident memory in bytes; 0 if the process is gone."""
        try:
            return int(self._usage.memory_info().rss)
        except psutil.Error:
            return 0

    def count(self) -> int:
        """Note that a trial is done; the memory that is held after it, in bytes."""
        held = self.memory
        self.trials += 1
        if self.trials == 1:
            self.held_at_first = held
        return held

    def evaluate(self, job: Job, limits: Limits) -> Answer:
        """Have a job done.

        Raises:
            OverLimitError: if it uses too much; the worker is then ended.
            WorkerDiedError: if the worker ends before it answers.
        """
        self._printed.renew()
        try:
            self._connection.send(job)
        except OSError as error:
            raise self._died() from error
        return self.wait(limits)

    def wait(self, limits: Limits) -> Answer:
        """The worker's next answer; raises as ``evaluate``."""
        start = time.monotonic()
        while True:
            message = self._receive()
            if message is not None:
                return message
            excess = _over(limits, time.monotonic() - start, self.memory)
            if excess:
                self.end()
                raise OverLimitError(excess)

    def _receive(self) -> Answer | None:
        """An answer, if there is one within a tick; what is logged is logged here."""
        wait([self._connection, self._process.sentinel], TICK)
        try:
            while self._connection.poll():
                message: Answer | logging.LogRecord = self._connection.recv()
                if not isinstance(message, logging.LogRecord):
                    return message
                logging.getLogger(message.name).handle(message)
        except (EOFError, OSError) as error:
            raise self._died() from error
        if not self.alive:  # its own processes may still hold the connection
            raise self._died()
        return None

    def _died(self) -> WorkerDiedError:
        self._process.join(PARTING)
        self.end()
        self._reader.join(PARTING)
        return WorkerDiedError(ending(self._process.exitcode), self._printed.last)

    def end(self) -> None:
        """Kill the process and those that it has started; nothing of theirs is worth waiting for.

        Works at any time and from any thread; the connection is left to whoever waits for it.
        """
        with suppress(psutil.Error):  # it was quicker
            self._usage.kill()
        self._process.join()
        end_family(self.pid)


@contextmanager
def _refusals_told() -> Iterator[None]:
    """What the system refuses to start is told as a worker that died."""
    try:
        yield
    except (OSError, RuntimeError, psutil.Error) as error:  # of a process; of a thread
        raise WorkerDiedError(
            f"was refused by the system ({in_one_line(error)}): there may be a limit of processes"
            " (ulimit -u, or a container's), of open files (ulimit -n) or of memory"
        ) from error


@contextmanager
def _plain_start_method() -> Iterator[None]:
    """Processes started meanwhile take over a default start method that they know.

    Each is told that of its parent, also if it is started in another way; joblib's processes have
    one of joblib's own.
    """
    method = multiprocessing.get_start_method(allow_none=True)
    if method is None or method in multiprocessing.get_all_start_methods():
        yield
        return
    multiprocessing.set_start_method(None, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(method, force=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, not even while they begin.

    It reaches every process of a terminal; ours ends its workers itself.
    """
    resource_tracker.ensure_running()  # to start it would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _over(limits: Limits, seconds: float, held: int) -> str | None:
    """Which limit is exceeded, with the figures."""
    if limits.timeout is not None and seconds > limits.timeout:
        return f"trial.timeout: ended after {seconds:.1f} s; {limits.timeout:g} s are allowed"
    if limits.memory_limit is not None and held > limits.memory_limit:
        return (
            f"trial.memory_limit: ended when its worker held {byte_size(held)} of memory, after"
            f" {seconds:.1f} s; {byte_size(limits.memory_limit)} are allowed"
        )
    return None
