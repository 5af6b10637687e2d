"""Image files that cannot be read, each by its name."""

from typing import Any

from nas_hydra.dataset.depth import Limits
from nas_hydra.errors import NasHydraError, printable


class UnreadableError(NasHydraError):
    """A file that holds no picture, or only a part of one, or too large a one.

    Args:
        file: its path.
        reason: why it cannot be read, in one line.
    """

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{printable(file)} cannot be read: {reason}")
        self.file, self.reason = file, reason

    def __reduce__(self) -> tuple[type["UnreadableError"], tuple[str, str]]:
        """Errors of worker processes are pickled."""
        return UnreadableError, (self.file, self.reason)


class RangeError(UnreadableError):
    """A file with numbers of which nobody has said which are black and white.

    Args:
        file: its path.
        mode: Pillow's name for such numbers.
        low: the least of them.
        high: the largest.
        limits: what was said.
    """

    def __init__(
        self, file: str, mode: str, low: float, high: float, limits: Limits | None
    ) -> None:
        wanted = "black and white are not known"
        if limits is not None:
            wanted = f"not from {limits[0]:.10g} to {limits[1]:.10g}"
        super().__init__(
            file, f"its numbers (mode {mode}) are from {low:.10g} to {high:.10g}, {wanted}"
        )
        self.mode, self.low, self.high, self.limits = mode, low, high, limits

    def __reduce__(self) -> tuple[type["RangeError"], tuple[Any, ...]]:
        """Errors of worker processes are pickled."""
        return RangeError, (self.file, self.mode, self.low, self.high, self.limits)
