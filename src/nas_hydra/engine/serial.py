"""The serial engine: one candidate after the other, in this process."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from nas_hydra.errors import ConfigError


class SerialEngine(Executor):
    """Evaluates at submission.

    Args:
        ahead: how many trials may be pending when the next one is asked for. Here it changes
            nothing but which results a strategy knows, as on an engine with workers.
    """

    def __init__(self, ahead: int) -> None:
        if ahead < 1:
            raise ConfigError("engine.ahead", f"is {ahead}; at least 1 is needed")
        self.ahead = ahead

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function now; what it raises is raised now."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future
