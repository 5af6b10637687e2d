"""What a worker prints, in the log as far as that is bearable."""

import logging
import os
import threading
from collections import deque
from multiprocessing.connection import Connection

from nas_hydra.errors import cut

log = logging.getLogger(__name__)

KEPT = 100_000
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
        self._left, self.dropped = KEPT, 0

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
