"""The serial engine: one candidate after the other, in this process."""

from concurrent.futures import Future
from contextlib import ExitStack

from nas_hydra.engine.base import (
    NO_LIMITS,
    Evaluates,
    Job,
    Limits,
    Order,
    check_ahead,
    check_threads,
)
from nas_hydra.engine.runtime import KEPT, keep_freed, pinned, release
from nas_hydra.errors import ConfigError
from nas_hydra.trial import Trial


class SerialEngine:
    """Evaluates at submission: for debugging, and for evaluations that take no time.

    Args:
        ahead: how many trials may be pending when the next one is asked for. Here it changes
            nothing but which results a strategy knows, as on an engine with workers.
        threads: of torch.
        limits: must be none, since nobody watches this process.
    """

    order: Order = "asked"

    def __init__(self, ahead: int, threads: int, limits: Limits = NO_LIMITS) -> None:
        self.ahead = check_ahead(ahead)
        for key in limits.given:
            raise ConfigError(key, "needs workers that can be ended; add engine=processes")
        self._threads = check_threads(threads)
        self._pinned = ExitStack()

    def start(self, evaluator: Evaluates) -> None:
        """Set torch's threads, and keep freed memory from now on."""
        keep_freed()
        self._evaluator = evaluator
        self._pinned.enter_context(pinned(self._threads))

    def submit(self, job: Job, /) -> Future[Trial]:
        """Evaluate now; the user's own mistakes are raised now."""
        future: Future[Trial] = Future()
        future.set_result(job(self._evaluator))
        release(KEPT)
        return future

    def shutdown(self) -> None:
        """Put torch's threads back."""
        self._pinned.close()
