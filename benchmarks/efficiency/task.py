"""What is searched: the columns of a table of trained networks, and synthetic objectives."""

import csv
import gzip
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol

from efficiency.config import space_of
from efficiency.synthetic import SPACES, Synthetic
from nas_hydra.search_space import Decision, Genotype, SearchSpace

ROOT = Path(__file__).parents[2]
COLUMNS = ("cifar10_val_12", "cifar10_test_200", "cifar100_val_12", "cifar100_test_200")
"""Of NAS-Bench-201 (Dong and Yang 2020), in per cent."""


class Measured(NamedTuple):
    """What an evaluation gives.

    Args:
        value: what the strategy is told; more is better.
        reported: what the candidate is judged by in the end.
    """

    value: float
    reported: float


class Task(Protocol):
    """A space with an objective."""

    @property
    def space(self) -> SearchSpace:
        """What is searched."""

    @property
    def optimum(self) -> float:
        """The best value there is; infinity if that is not known."""

    def measure(self, genotype: Genotype) -> Measured:
        """Evaluate a candidate: the same one, the same result."""


@dataclass(frozen=True)
class TableTask:
    """A column of a table.

    Args:
        space: its genes, in the order of the rows' keys.
        rows: the decisions of a candidate -> what was measured of it.
        optimum: the best value of the column.
    """

    space: SearchSpace
    rows: Mapping[tuple[Decision, ...], Measured]
    optimum: float

    def measure(self, genotype: Genotype) -> Measured:
        """Look the candidate up."""
        return self.rows[tuple(genotype.values())]


@dataclass(frozen=True)
class SyntheticTask:
    """A synthetic objective; its optimum is not known.

    Args:
        objective: one instance of it.
        optimum: infinity.
    """

    objective: Synthetic
    optimum: float = float("inf")

    @property
    def space(self) -> SearchSpace:
        """The space of the objective."""
        return self.objective.space

    def measure(self, genotype: Genotype) -> Measured:
        """The noisy value, and the one without noise."""
        signal = self.objective.signal(genotype)
        return Measured(signal + self.objective.noise(genotype), signal)


def table_file() -> Path:
    """The table of NAS-Bench-201, in ``$NAS_HYDRA_SHARED/data``, by default ``../shared/data``."""
    return ROOT / os.environ.get("NAS_HYDRA_SHARED", "../shared") / "data" / "nasbench201.csv.gz"


@cache
def _table() -> list[dict[str, str]]:
    with gzip.open(table_file(), "rt", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _cells() -> SearchSpace:
    return space_of("search_space=nasbench201")


@cache
def column(name: str) -> TableTask:
    """A column of NAS-Bench-201; of one named ``*_val_12``, ``*_test_200`` is reported.

    The rows were trained one by one, and cells that compute the same function have different
    values. So the space does not know which cells are equivalent (``canonical``), and finding the
    optimum means finding a row of that value.
    """
    space = _cells()
    genes = [gene.name for gene in space.genes]
    final = name.replace("val_12", "test_200")
    rows: dict[tuple[Decision, ...], Measured] = {
        tuple(row[gene] for gene in genes): Measured(float(row[name]), float(row[final]))
        for row in _table()
    }
    return TableTask(space, rows, max(measured.value for measured in rows.values()))


def always(name: str, seed: int) -> TableTask:
    """A column is the same for every seed."""
    return column(name)


def best_reported(name: str) -> float:
    """The best of what is reported for a column."""
    return max(measured.reported for measured in column(name).rows.values())


def synthetic(name: str, instance: int) -> SyntheticTask:
    """An instance of a synthetic task."""
    return SyntheticTask(Synthetic(name, instance))


TASKS: Mapping[str, Callable[[int], Task]] = {
    **{name: partial(always, name) for name in COLUMNS},
    **{name: partial(synthetic, name) for name in SPACES},
}
"""Name -> the search's seed -> the task. Seed s gets instance s of a synthetic task."""
