"""What a network gives on all test rows where labels apply or do not: each label's figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nas_hydra.task.report import Figure, Report, wilson

Counts = tuple[int, int, int, float]
"""Of a label: rows that have it and are told to, rows that are told to, rows that have it, and its
average precision."""


@dataclass(frozen=True)
class LabelReport(Report):
    """The scores over all labels, and what each label is told by.

    Args:
        right: rows of which every label is right.
        labels: name -> ``precision``, ``recall``, ``f1``, ``average_precision`` and ``rows``, how
            many have it.
    """

    right: int = 0
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, figures: Mapping[str, float], total: int, right: int, counts: Mapping[str, Counts]
    ) -> "LabelReport":
        """The scores, with the interval of ``exact_match``.

        Args:
            figures: the scores.
            total: number of rows.
            right: rows of which every label is right.
            counts: of each label.
        """
        known: dict[str, Figure] = {**figures, "test_exact_match_interval": wilson(right, total)}
        labels = {name: _of_one(*each) for name, each in counts.items()}
        return cls(known, total, right, labels)

    @property
    def parts(self) -> dict[str, Any]:
        """The scores, and those of each label."""
        return {**super().parts, "labels": {name: dict(one) for name, one in self.labels.items()}}

    def found(self, unit: str) -> str:
        """How many rows it is right on."""
        share = self.right / self.total
        return (
            f"is right in every label of {self.right:,} of {self.total:,} test {unit} ({share:.2%})"
        )

    def sentence(self, unit: str) -> str:
        """Rows that are right in every label, where that would lie with others, and the rest."""
        low, high = wilson(self.right, self.total)
        f1, precision = (float(str(self.figures[f"test_{name}"])) for name in ("f1", "map"))
        return (
            f"The weights in this folder are right in every label of {self.right / self.total:.2%}"
            f" of the test {unit}, which would lie between {low:.2%} and {high:.2%} with others of"
            f" the same kind (95 %, Wilson); the mean F1 of the labels is {f1:.2%}, and their mean"
            f" average precision {precision:.2%}."
        )


def _of_one(hits: int, told: int, rows: int, average: float) -> dict[str, float]:
    """The figures of one label; 0 of what is divided by nothing."""
    return {
        "precision": hits / told if told else 0.0,
        "recall": hits / rows if rows else 0.0,
        "f1": 2 * hits / (told + rows) if told + rows else 0.0,
        "average_precision": average,
        "rows": rows,
    }
