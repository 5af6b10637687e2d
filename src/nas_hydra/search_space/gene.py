"""Genes, the decisions that a config leaves open; a genotype has one for each that is active."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from numpy.random import Generator

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Decision = bool | int | float | str | None
"""What a gene can hold: a scalar that YAML, JSON and Optuna all know."""


STEP_CONTINUES = 0.5
"""Chance that a mutation of an ordered gene goes one step further (a geometric step length)."""
STEP_DEVIATION = 0.15
"""Standard deviation of a mutation of a continuous gene, as a share of its (log) range."""


def shown(decision: Decision) -> str:
    """A decision for people: a number with a fraction to four digits, anything else as it is."""
    return f"{decision:.4g}" if isinstance(decision, float) else str(decision)


@dataclass(frozen=True)
class Categorical:
    """One of several labels without an order."""

    name: str
    labels: tuple[Decision, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def sample(self, rng: Generator) -> Decision:
        """A label, uniformly."""
        return self.labels[int(rng.integers(len(self.labels)))]

    def at(self, share: float) -> Decision:
        """The label at a share, 0 to below 1, of all."""
        return self.labels[int(share * len(self.labels))]

    def mutate(self, decision: Decision, rng: Generator) -> Decision:
        """Another label, uniformly: categorical genes jump."""
        others = [label for label in self.labels if label != decision]
        return others[int(rng.integers(len(others)))] if others else decision

    def __contains__(self, decision: object) -> bool:
        """Whether the decision is one of the labels; ``True`` is not the label 1."""
        if decision not in self.labels:
            return False
        return type(self.labels[self.labels.index(decision)]) is type(decision)

    @property
    def allowed(self) -> str:
        """The possible decisions in words."""
        return "one of " + ", ".join(str(label) for label in self.labels)


@dataclass(frozen=True)
class Integer:
    """A whole number in ``low, low + step, ..., high``; with ``log``, sampled log-uniformly."""

    name: str
    low: int
    high: int
    step: int = 1
    log: bool = False

    @property
    def values(self) -> range:
        """Every possible decision, in order."""
        return range(self.low, self.high + 1, self.step)

    def __len__(self) -> int:
        return len(self.values)

    def sample(self, rng: Generator) -> int:
        """A value, uniformly (or log-uniformly) over the grid."""
        if not self.log:
            return self.values[int(rng.integers(len(self)))]
        return self._rounded(rng.random())

    def at(self, share: float) -> int:
        """The value at a share, 0 to below 1, of the grid (or of the logarithmic range)."""
        if not self.log:
            return self.values[int(share * len(self))]
        return self._rounded(share)

    def _rounded(self, share: float) -> int:
        low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
        return min(max(round(math.exp(low + share * (high - low))), self.low), self.high)

    def mutate(self, decision: Decision, rng: Generator) -> int:
        """A near value, never the same if there is another: ordered genes step.

        The step is a geometric number of grid points; with ``log``, a Gaussian share of the value.
        """
        position = self.values.index(cast(int, decision))
        length = int(rng.geometric(STEP_CONTINUES))
        if self.log:
            spread = STEP_DEVIATION * math.log(self.high / self.low)
            length = max(1, round(abs(rng.normal(0.0, spread)) * cast(int, decision)))
        return self.values[_step(position, length, len(self), rng)]

    def __contains__(self, decision: object) -> bool:
        return type(decision) is int and decision in self.values

    @property
    def allowed(self) -> str:
        """The possible decisions in words."""
        grid = f" in steps of {self.step}" if self.step != 1 else ""
        return f"a whole number from {self.low} to {self.high}{grid}"


@dataclass(frozen=True)
class Real:
    """A number in [low, high], on a grid if it has a ``step``; with ``log``, log-uniform."""

    name: str
    low: float
    high: float
    step: float | None = None
    log: bool = False

    @property
    def continuous(self) -> bool:
        """Whether there are endlessly many possible decisions."""
        return self.step is None and self.low < self.high

    def __len__(self) -> int:
        """Number of possible decisions.

        Raises:
            TypeError: if the gene is continuous.
        """
        if self.continuous:
            raise TypeError(f"{self.name} is continuous; it has no number of values")
        return 1 if self.step is None else math.floor(_span(self.low, self.high, self.step)) + 1

    def point(self, position: int) -> float:
        """The grid point at a position from 0 to ``len - 1``, as written: 0.3, not 0.1 * 3."""
        if self.step is None:
            raise TypeError(f"{self.name} has no grid")
        return float(_decimal(self.low) + position * _decimal(self.step))

    def exact(self, decision: Decision) -> float:
        """An allowed decision as this gene writes it: 1 as 1.0, and grid points without noise."""
        value = float(cast(float, decision))
        return value if self.step is None else self.point(self.position(value))

    def sample(self, rng: Generator) -> float:
        """A value, uniformly (or log-uniformly)."""
        if self.step is not None:
            return self.point(int(rng.integers(len(self))))
        return self.unscale(rng.uniform(self.scale(self.low), self.scale(self.high)))

    def at(self, share: float) -> float:
        """The value at a share, 0 to below 1, of the grid or the (log) range."""
        if self.step is not None:
            return self.point(int(share * len(self)))
        low, high = self.scale(self.low), self.scale(self.high)
        return self.unscale(low + share * (high - low))

    def mutate(self, decision: Decision, rng: Generator) -> float:
        """A near value, never the same if there is another: some grid steps, or a Gaussian one."""
        value = float(cast(float, decision))
        if self.step is not None:
            length = int(rng.geometric(STEP_CONTINUES))
            return self.point(_step(self.position(value), length, len(self), rng))
        low, high = self.scale(self.low), self.scale(self.high)
        moved = self.scale(value) + rng.normal(0.0, STEP_DEVIATION * (high - low))
        # reflected at the ends, which would otherwise collect every step beyond them
        near = self.unscale(2 * low - moved if moved < low else min(moved, 2 * high - moved))
        return near if near != value else self.low if value != self.low else self.high

    def __contains__(self, decision: object) -> bool:
        if type(decision) not in (int, float) or not self.low <= cast(float, decision) <= self.high:
            return False
        if self.step is None:
            return True
        value = float(cast(float, decision))
        return abs(value - self.point(self.position(value))) < 1e-6 * self.step

    @property
    def allowed(self) -> str:
        """The possible decisions in words."""
        grid = f" in steps of {self.step}" if self.step is not None else ""
        return f"a number from {self.low} to {self.high}{grid}"

    def position(self, value: float) -> int:
        """The grid point nearest to a value; only with a ``step``."""
        return round(_span(self.low, value, cast(float, self.step)))

    def scale(self, value: float) -> float:
        """The value's logarithm if the gene is on a log scale, else the value."""
        return math.log(value) if self.log else value

    def unscale(self, value: float) -> float:
        """The decision for what ``scale`` gives, kept inside the range."""
        inside = min(max(value, self.scale(self.low)), self.scale(self.high))
        return min(max(math.exp(inside) if self.log else inside, self.low), self.high)


Gene = Categorical | Integer | Real
Number = Integer | Real


def _step(position: int, length: int, count: int, rng: Generator) -> int:
    """A position ``length`` steps up or down, kept inside and away from where it was."""
    ways: Sequence[int] = [way for way in (-1, 1) if 0 <= position + way < count]
    if not ways:
        return position
    way = ways[int(rng.integers(len(ways)))]
    return min(max(position + way * length, 0), count - 1)


def _decimal(value: float) -> Fraction:
    """The number that was written: 0.1 is one tenth here, not the nearest binary fraction."""
    return Fraction(repr(value))


def _span(low: float, high: float, step: float) -> Fraction:
    return (_decimal(high) - _decimal(low)) / _decimal(step)


@dataclass(frozen=True, eq=False, repr=False)
class Genotype(Mapping[str, Decision]):
    """A frozen mapping from gene name to decision, active genes only.

    Args:
        decisions: in the order in which the space asked for them.
        key: digest of the closed config: two genotypes that build the same config have the
            same key, whatever their decisions.
    """

    decisions: Mapping[str, Decision]
    key: str

    def __getitem__(self, name: str) -> Decision:
        return self.decisions[name]

    def __contains__(self, name: object) -> bool:
        return name in self.decisions

    def __iter__(self) -> Iterator[str]:
        return iter(self.decisions)

    def __len__(self) -> int:
        return len(self.decisions)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.summary

    @property
    def summary(self) -> str:
        """One line for people: ``depth=3 width=32 lr=0.003162``."""
        return " ".join(f"{name}={shown(decision)}" for name, decision in self.decisions.items())


def distribution(gene: Gene) -> "BaseDistribution":
    """Optuna's name for what a gene allows."""
    # Here, since Optuna takes a while to import.
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if isinstance(gene, Categorical):
        return CategoricalDistribution(gene.labels)
    if isinstance(gene, Integer):
        return IntDistribution(gene.low, gene.high, log=gene.log, step=gene.step)
    return FloatDistribution(gene.low, gene.high, log=gene.log, step=gene.step)
