"""What is said of an image."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """What an image is.

    Args:
        image: its path.
        probabilities: class -> probability, the most probable first.
        note: what was done to it before, if anything.
    """

    image: str
    probabilities: Mapping[str, float]
    note: str = ""

    @property
    def label(self) -> str:
        """The most probable class."""
        return next(iter(self.probabilities))


@dataclass(frozen=True)
class Skipped:
    """An image that could not be classified.

    Args:
        image: its path.
        reason: why.
    """

    image: str
    reason: str
