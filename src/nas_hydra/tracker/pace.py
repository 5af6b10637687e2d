"""How fast something may go on that must not hold up a search."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Pace:
    """Holds a side job to a share of the time since its beginning.

    Args:
        share: of the time, 0 to 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._began = perf_counter()
        self._spent = 0.0

    @property
    def due(self) -> bool:
        """Whether the job has taken no more than its share."""
        return self._spent <= self._share * (perf_counter() - self._began)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time of a block as the job's."""
        began = perf_counter()
        try:
            yield
        finally:
            self._spent += perf_counter() - began
