"""What runs in a worker process, and what of its words is kept.

Imports nothing heavy before the environment is set.
"""

import gc
import logging
import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

from nas_hydra.engine.base import Evaluates, Finished, Job
from nas_hydra.engine.runtime import KEPT, keep_freed, pinned, release
from nas_hydra.errors import ConfigError, cut
from nas_hydra.process import family

log = logging.getLogger(__name__)

MOST_PRINTED = 100_000
"""Characters of one trial that are kept, and the last lines."""

LINE = 2_000
"""Characters of a line; a longer one is kept as several."""

LAST = 20
"""How many lines at the end are kept in any case: what is printed last says the most."""


class Allowance:
    """How much is kept of what one trial says.

    Attributes:
        dropped: characters that were not.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin with another trial."""
        self._left, self.dropped = MOST_PRINTED, 0

    def covers(self, text: str) -> bool:
        """Whether a text is to be kept too."""
        self._left -= len(text)
        if self._left < 0:
            self.dropped += len(text)
        return self._left >= 0


class Printed:
    """Logs what a worker prints, until its end; it may be the last thing that is heard of it.

    Args:
        connection: to read from.
        pid: of the worker.
    """

    def __init__(self, connection: Connection, pid: int) -> None:
        self._connection, self._pid = connection, pid
        self._allowance = Allowance()
        self._end: deque[str] = deque(maxlen=LAST)
        self._changing = threading.Lock()
        self.last = ""

    def read(self) -> None:
        """Read to the end, for a thread of its own."""
        connection = self._connection
        with (
            connection,
            os.fdopen(connection.fileno(), errors="replace", newline="\n", closefd=False) as lines,
        ):
            while line := lines.readline(LINE):
                with self._changing:
                    self._take(cut(line.rstrip(), LINE))
        self.renew()

    def renew(self) -> None:
        """Begin with another trial, and tell what was left out of the one before."""
        with self._changing:
            left_out = self._allowance.dropped - sum(map(len, self._end))
            if left_out:
                text = "worker %d printed %s characters more, which are not kept, and at last:"
                log.debug(text, self._pid, f"{left_out:,}")
            for line in self._end:
                log.debug("worker %d prints: %s", self._pid, line)
            self._end.clear()
            self._allowance.renew()

    def _take(self, line: str) -> None:
        self.last = line or self.last
        if self._allowance.covers(line):
            log.debug("worker %d prints: %s", self._pid, line)
        else:
            self._end.append(line)


LOGGERS = ("", "nas_hydra")
"""The loggers whose levels a worker takes over from its parent."""

IDLE = 1.0
"""Seconds without a job after which nothing is kept."""


class Ready(NamedTuple):
    """The worker has all it needs."""


class Mistake(NamedTuple):
    """A ``ConfigError``: what the user has to mend."""

    key: str
    problem: str


Answer = Finished | Mistake | Ready
"""What a worker sends, beside the records of its log."""


class LazyPickle:
    """Something that travels with a process, and is unpickled when it is asked for, not before.

    Unpickling an evaluator imports torch, which must not happen before the environment is set.

    Args:
        content: whatever can be pickled for a spawned process; tensors in shared memory stay there,
            and others are copied.
    """

    def __init__(self, content: Any) -> None:
        self._content = content

    def __getstate__(self) -> bytes:
        if "torch" not in sys.modules:
            return bytes(ForkingPickler.dumps(self._content))
        from nas_hydra.process.shared_memory import pickled

        return pickled(self._content)

    def __setstate__(self, sealed: bytes) -> None:
        self._sealed = sealed

    def open(self) -> Any:
        """The content, in the process that it has travelled to."""
        return pickle.loads(self._sealed)


@dataclass(frozen=True)
class WorkerSpec:
    """What a worker is started with.

    Args:
        evaluator_and_shared: the evaluator, and what it shares.
        threads: of torch.
        environment: variables to set before anything else is imported.
        levels: logger -> level.
    """

    evaluator_and_shared: LazyPickle
    threads: int
    environment: Mapping[str, str]
    levels: Mapping[str, int]


class PipeLogHandler(logging.Handler):
    """Sends answers and records of the log to the parent.

    Args:
        connection: to the parent.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._owner = os.getpid()
        self._allowance = Allowance()

    def send(self, message: Answer | logging.LogRecord) -> None:
        """Send one message whole, whichever thread it comes from."""
        with self.lock:  # type: ignore[union-attr]  # every handler has one
            self._connection.send(message)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record as text: what it refers to may not exist in the parent."""
        if os.getpid() != self._owner:  # a forked loader must not write between our messages
            return
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        ours = record.name.startswith("nas_hydra")
        if ours or self._allowance.covers(record.msg + (record.exc_text or "")):
            self.send(record)

    def renew(self) -> None:
        """Tell what was left out of a trial that is done."""
        if dropped := self._allowance.dropped:
            log.warning("%s characters of the messages of a trial are not kept", f"{dropped:,}")
        self._allowance.renew()


def work(connection: Connection, output: Connection, spec: WorkerSpec) -> None:
    """Evaluate jobs until the parent hangs up or ends.

    Args:
        connection: brings jobs, takes answers.
        output: takes what candidates and libraries print.
        spec: what else is needed.
    """
    family.found()
    keep_freed()
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    os.environ.update(spec.environment)
    threading.Thread(target=end_with_parent, daemon=True).start()
    post = PipeLogHandler(connection)
    logging.root.handlers[:] = [post]
    for name, level in spec.levels.items():
        logging.getLogger(name).setLevel(level)
    evaluator, shared = spec.evaluator_and_shared.open()
    with pinned(spec.threads):
        post.send(_adopted(evaluator, shared))
        gc.freeze()  # what is imported stays; to look through it takes a quarter of a second
        while True:
            try:
                if not connection.poll(IDLE):
                    release(kept=0)
                job: Job = connection.recv()
            except EOFError:
                return
            outcome = _answer(job, evaluator)
            gc.collect()  # networks and trainers refer to themselves
            release(KEPT)
            post.renew()
            post.send(outcome)


def _adopted(evaluator: Evaluates, shared: Any) -> Answer:
    try:
        evaluator.adopt(shared)
    except ConfigError as error:
        return Mistake(error.key, error.problem)
    return Ready()


def _answer(job: Job, evaluator: Evaluates) -> Answer:
    try:
        return job.finish(evaluator)
    except ConfigError as error:
        return Mistake(error.key, error.problem)


def end_with_parent() -> None:
    """End this process, and what it has started, when its parent is gone, however that ended."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        family.end_family(os.getpid())
        os._exit(1)
