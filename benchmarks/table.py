"""Tables of what was measured on every network."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median

import torch
from training import NETWORKS, Shape

Times = Mapping[str, Mapping[Shape, Sequence[float]]]
"""Part -> network -> seconds per candidate, one per repetition."""


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Args:
        what: was measured.
        cells: one per network.
        together: the figure for all of them.
        goal: in words, and whether it is reached; None if there is none.
    """

    what: str
    cells: Sequence[str]
    together: str = ""
    goal: tuple[str, bool] | None = None

    def __str__(self) -> str:
        goal, reached = self.goal or ("", None)
        met = {True: "yes", False: "**no**", None: ""}[reached]
        return f"| {' | '.join([self.what, *self.cells, self.together, goal, met])} |"


def seconds_row(what: str, times: Mapping[Shape, Sequence[float]], unit: str = "s") -> Row:
    """Medians, with the least and the most."""
    factor = 1000 if unit == "ms" else 1
    digits = 0 if unit == "ms" else 2
    return Row(
        what,
        [
            f"{factor * median(all_):.{digits}f} {unit}"
            f" ({factor * min(all_):.{digits}f}-{factor * max(all_):.{digits}f})"
            for all_ in times.values()
        ],
    )


def ratios(
    above: Mapping[Shape, Sequence[float]], below: Mapping[Shape, Sequence[float]]
) -> list[float]:
    """Per network, the median of the ratios within each repetition."""
    return [
        median(a / b for a, b in zip(above[shape], below[shape], strict=True)) for shape in NETWORKS
    ]


def ratio_row(what: str, values: Sequence[float], least: float | None = None) -> Row:
    """Ratios, and their geometric mean with the least that it must be."""
    mean = geometric_mean(values)
    goal = None if least is None else (f"mean at least {least:g}", mean >= least)
    return Row(what, [f"{value:.2f}" for value in values], f"{mean:.2f}", goal)


def table(rows: Iterable[Row]) -> str:
    """The rows below a head that names the networks."""
    networks = [shape.name for shape in NETWORKS]
    head = ["blocks x kernels x width", *networks, "together", "goal", "reached"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *map(str, rows)]
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on."""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {versions}"
