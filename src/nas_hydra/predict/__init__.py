"""Answers of a retrained model to files; what is said of each row is known without torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Cells = Mapping[str, str | float]
"""Columns of one row, by their names."""


class Answer(Protocol):
    """What a model says of a row."""

    @property
    def content(self) -> Any:
        """All of it, JSON-like."""

    @property
    def cells(self) -> Cells:
        """All of it, flat, for a csv file."""

    def shown(self, top: int) -> Mapping[str, str]:
        """What a table shows of it.

        Args:
            top: how many classes, at most.
        """


@dataclass(frozen=True)
class OfClasses:
    """One of several classes.

    Args:
        probabilities: class -> probability, the most probable first.
    """

    probabilities: Mapping[str, float]

    @property
    def label(self) -> str:
        """The most probable class."""
        return next(iter(self.probabilities))

    @property
    def content(self) -> dict[str, Any]:
        """The class, and how probable each is."""
        label = self.label
        sure = self.probabilities[label]
        return {"label": label, "probability": sure, "probabilities": dict(self.probabilities)}

    @property
    def cells(self) -> Cells:
        """The class and its probability, and those of all classes in the order of their names."""
        known = {f"p({name})": self.probabilities[name] for name in sorted(self.probabilities)}
        return {"class": self.label, "probability": self.probabilities[self.label], **known}

    def shown(self, top: int) -> dict[str, str]:
        """The class, how probable that is, and the next ones."""
        shares = [(label, f"{share:.1%}") for label, share in self.probabilities.items()]
        found = dict(zip(("class", "probability"), shares[0], strict=True))
        if top > 1:
            found["next"] = ", ".join(f"{label} {share}" for label, share in shares[1:top])
        return found


@dataclass(frozen=True)
class OfLabels:
    """Any of several labels.

    Args:
        probabilities: label -> probability, the most probable first.
        threshold: from which on a label is given.
    """

    probabilities: Mapping[str, float]
    threshold: float = 0.5

    @property
    def labels(self) -> list[str]:
        """Those that are given, the most probable first."""
        return [name for name, share in self.probabilities.items() if share >= self.threshold]

    @property
    def content(self) -> dict[str, Any]:
        """The labels, and how probable each is."""
        return {"labels": self.labels, "probabilities": dict(self.probabilities)}

    @property
    def cells(self) -> Cells:
        """The labels, and the probabilities of all in the order of their names."""
        known = {f"p({name})": self.probabilities[name] for name in sorted(self.probabilities)}
        return {"labels": " ".join(self.labels), **known}

    def shown(self, top: int) -> dict[str, str]:
        """The labels, and the most probable ones."""
        first = list(self.probabilities.items())[:top]
        return {
            "labels": ", ".join(self.labels) or "none",
            "most probable": ", ".join(f"{label} {share:.1%}" for label, share in first),
        }


@dataclass(frozen=True)
class OfNumbers:
    """Numbers in the units of what they tell.

    Args:
        numbers: by their names.
    """

    numbers: Mapping[str, float]

    @property
    def content(self) -> dict[str, Any]:
        """The numbers."""
        return {"numbers": dict(self.numbers)}

    @property
    def cells(self) -> Cells:
        """The numbers."""
        return self.numbers

    def shown(self, top: int) -> dict[str, str]:
        """The numbers, to six digits."""
        return {name: f"{value:.6g}" for name, value in self.numbers.items()}


@dataclass(frozen=True)
class OfText:
    """How a text goes on.

    Args:
        text: what follows it.
    """

    text: str

    @property
    def content(self) -> dict[str, Any]:
        """What follows."""
        return {"continuation": self.text}

    @property
    def cells(self) -> Cells:
        """What follows."""
        return {"continuation": self.text}

    def shown(self, top: int) -> dict[str, str]:
        """What follows."""
        return {"continuation": self.text}


@dataclass(frozen=True)
class OfFile:
    """A picture, or an array, in a file of its own.

    Args:
        file: its path.
    """

    file: str

    @property
    def content(self) -> dict[str, Any]:
        """The path."""
        return {"file": self.file}

    @property
    def cells(self) -> Cells:
        """The path."""
        return {"file": self.file}

    def shown(self, top: int) -> dict[str, str]:
        """The path."""
        return {"file": self.file}


@dataclass(frozen=True)
class OfHeads:
    """What each of several heads says.

    Args:
        heads: by their names.
    """

    heads: Mapping[str, Answer]

    @property
    def content(self) -> dict[str, Any]:
        """That of each head under its name."""
        return {"heads": {name: one.content for name, one in self.heads.items()}}

    @property
    def cells(self) -> Cells:
        """``digit.class``."""
        return {
            _under(name, key): cell
            for name, one in self.heads.items()
            for key, cell in one.cells.items()
        }

    def shown(self, top: int) -> dict[str, str]:
        """Likewise."""
        return {
            _under(name, key): cell
            for name, one in self.heads.items()
            for key, cell in one.shown(top).items()
        }


def _under(head: str, key: str) -> str:
    """The name of a head's column; one number may be called as its head is."""
    return key if key == head else f"{head}.{key}"


@dataclass(frozen=True)
class Prediction:
    """What is said of a row.

    Args:
        name: its path; of a row in a file, ``FILE:ROW``.
        answer: what it is.
        note: what is to be said of it, if anything.
        trained_on: whether the model was trained on it; None if that is not known.
    """

    name: str
    answer: Answer
    note: str = ""
    trained_on: bool | None = None


@dataclass(frozen=True)
class Skipped:
    """A row that nothing could be said of.

    Args:
        name: its path.
        reason: why.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Predicted:
    """All that was said.

    Args:
        unit: what one row is: ``image``, or ``row``.
        predictions: of the rows, in their order.
        skipped: those that could not be used.
    """

    unit: str
    predictions: Sequence[Prediction]
    skipped: Sequence[Skipped] = ()
