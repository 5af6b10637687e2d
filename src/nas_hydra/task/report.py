"""What a network gives on all test rows: in figures, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nas_hydra.document.text import number

Figure = float | Sequence[float]
"""A number, or the two ends of an interval."""


@dataclass(frozen=True)
class Report:
    """What one network gives on the test rows.

    Args:
        figures: by the names that they have in ``metrics.json``, all JSON-like: ``test_rmse``.
        total: number of rows.
    """

    figures: Mapping[str, Figure]
    total: int

    @property
    def parts(self) -> dict[str, Any]:
        """What ``metrics.json`` holds of it."""
        return {"model": dict(self.figures)}

    def found(self, unit: str) -> str:
        """What was measured anew, as in ``the model ...``.

        Args:
            unit: what the rows are called.
        """
        return f"has {self._listed} on {self.total:,} test {unit}"

    def sentence(self, unit: str) -> str:
        """What a card says of the weights beside it."""
        return f"The weights in this folder have {self._listed} on the test {unit}."

    @property
    def _listed(self) -> str:
        return ", ".join(
            f"{name} {number(value)}"
            for name, value in self.figures.items()
            if isinstance(value, float)
        )


@dataclass(frozen=True)
class ClassReport(Report):
    """What a network takes for what.

    Args:
        confusion: how often each class (a row) was taken for each (a column).
    """

    confusion: Sequence[Sequence[int]] = field(default_factory=list)

    @classmethod
    def of(
        cls, confusion: Sequence[Sequence[int]], more: Mapping[str, float] | None = None
    ) -> "ClassReport":
        """The accuracy with its interval, of a confusion matrix; and further figures."""
        right, total = hits(confusion), sum(map(sum, confusion))
        figures: dict[str, Figure] = {"test_acc": right / total}
        figures["test_acc_interval"] = wilson(right, total)
        return cls({**figures, **(more or {})}, total, confusion)

    @property
    def parts(self) -> dict[str, Any]:
        """The accuracy and the confusion."""
        return {**super().parts, "confusion": [list(row) for row in self.confusion]}

    def found(self, unit: str) -> str:
        """How many rows it is right on."""
        right = hits(self.confusion)
        return f"is right on {right:,} of {self.total:,} test {unit} ({right / self.total:.2%})"

    def sentence(self, unit: str) -> str:
        """The accuracy, and where it would lie with other rows."""
        right = hits(self.confusion)
        low, high = wilson(right, self.total)
        return (
            f"The accuracy of the weights in this folder is {right / self.total:.2%}; with other"
            f" test {unit} of the same kind it would lie between {low:.2%} and {high:.2%} (95 %,"
            " Wilson)."
        )


def hits(confusion: Sequence[Sequence[int]]) -> int:
    """How many rows a confusion matrix has on its diagonal."""
    return sum(row[place] for place, row in enumerate(confusion))


def wilson(right: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share of rows (Wilson 1927): the chance in the choice of rows."""
    from scipy import stats  # half a second, which no search needs

    found = stats.binomtest(right, total).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)
