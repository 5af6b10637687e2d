"""What a learning-rate scheduler is stepped by: Lightning's keys, beside the scheduler's own."""

from collections.abc import Callable, Mapping
from typing import Any

from nas_hydra.errors import ConfigError, nearest

INTERVALS = ("step", "epoch")

ALLOWED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "interval": (lambda given: given in INTERVALS, "step, epoch"),
    "frequency": (lambda given: type(given) is int and given > 0, "1 and more"),
    "monitor": (lambda given: isinstance(given, str), "the name of a metric"),
    "strict": (lambda given: isinstance(given, bool), "true, false"),
    "name": (lambda given: isinstance(given, str), "a text"),
}
"""Key -> whether a value may stand there, and which may, in words.

As in Lightning, ``interval`` and ``frequency`` say after how many steps of the optimizer, or
epochs, the scheduler is stepped; ``monitor`` the metric that it is told, and ``strict`` that
training fails where there is none; ``name`` what ``LearningRateMonitor`` calls it.
"""


def check_stepping(given: Mapping[str, Any]) -> None:
    """Make sure that the keys have values that Lightning knows.

    Raises:
        ConfigError: naming the first that has not.
    """
    for name, value in given.items():
        fits, allowed = ALLOWED[name]
        if value is not None and not fits(value):
            hint = nearest(value, INTERVALS) if name == "interval" else ""
            raise ConfigError(f"scheduler.{name}", f"is {value!r}; allowed: {allowed}{hint}")
