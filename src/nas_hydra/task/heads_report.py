"""What a network with several heads gives on all test rows: the report of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nas_hydra.task.report import Report

TEST = "test_"


@dataclass(frozen=True)
class HeadsReport(Report):
    """The reports of all heads; a figure ``test_acc`` is ``test_NAME_acc`` here.

    Args:
        heads: by their names.
    """

    heads: Mapping[str, Report] = field(default_factory=dict)

    @classmethod
    def of(cls, heads: Mapping[str, Report]) -> "HeadsReport":
        """The figures of all heads, which have the same rows."""
        figures = {
            f"{TEST}{name}_{figure.removeprefix(TEST)}": value
            for name, head in heads.items()
            for figure, value in head.figures.items()
        }
        return cls(figures, next(iter(heads.values())).total, heads)

    @property
    def parts(self) -> dict[str, Any]:
        """The figures, and what each head's report has beside them."""
        return {**super().parts, "heads": {name: head.parts for name, head in self.heads.items()}}

    def found(self, unit: str) -> str:
        """What was measured of each."""
        told = [f"as for {name}, it {head.found(unit)}" for name, head in self.heads.items()]
        return "; ".join([f"has {len(told)} heads", *told])

    def sentence(self, unit: str) -> str:
        """What each says."""
        return " ".join(f"{name}: {head.sentence(unit)}" for name, head in self.heads.items())
