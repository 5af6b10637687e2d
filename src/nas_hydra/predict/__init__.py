"""Classifies images with a retrained model; what is said of each is known without torch."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """What an image is.

    Args:
        image: its path.
        probabilities: class -> probability, the most probable first.
        note: what is to be said of it, if anything.
        trained_on: whether the model was trained on it; None if that is not known.
    """

    image: str
    probabilities: Mapping[str, float]
    note: str = ""
    trained_on: bool | None = None

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
