"""The log file of a run."""

import logging
import sys
from pathlib import Path

from nas_hydra.errors import cut

LONGEST_ENTRY = 20_000
"""Characters of a message with its traceback that are kept: its beginning and its end."""


class LogFile(logging.FileHandler):
    """Keeps every message; where it cannot, as on a full disk, that is said once, in one line.

    Python's own would print a traceback for each.

    Args:
        filename: where.
    """

    def __init__(self, filename: str) -> None:
        super().__init__(filename, encoding="utf-8", errors="backslashreplace")
        self._fails = False

    def format(self, record: logging.LogRecord) -> str:
        """A message and its traceback, of bearable length."""
        return cut(super().format(record), LONGEST_ENTRY)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that the log has gaps from here on."""
        if not self._fails:
            self._fails = True
            name = Path(self.baseFilename).name
            print(f"{name} lacks messages from here on: {sys.exc_info()[1]}", file=sys.stderr)
