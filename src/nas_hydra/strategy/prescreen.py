"""Prescreens: which of many possible children is worth an evaluation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from numpy.random import Generator

from nas_hydra.objective import Objectives
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.base import Novelty
from nas_hydra.trial import Trial


@dataclass(frozen=True)
class Child:
    """A candidate that was bred and may be proposed.

    Args:
        genotype: its decisions.
        origin: what made it: ``mutation``, ``crossover``, ...
        parents: numbers of the trials that it descends from.
        facts: what the prescreen says about its choice, see ``Proposal``.
    """

    genotype: Genotype
    origin: str
    parents: tuple[int, ...]
    facts: Mapping[str, float] = field(default_factory=dict, compare=False)


Breed = Callable[[], Child | None]
"""Makes one more child that is feasible and was not proposed before; None if none turns up."""


class Prescreen(Protocol):
    """Picks the child to propose."""

    def start(self, space: SearchSpace, objectives: Objectives, unseen: Novelty) -> None:
        """Called once, before anything else: what is searched and what was proposed so far."""

    def tell(self, trial: Trial) -> None:
        """Learn from a trial: every one that is told, initial, failed and duplicate ones too."""

    def __call__(self, breed: Breed, pending: Sequence[Genotype], rng: Generator) -> Child | None:
        """The child to propose; None if there is none, and a random candidate is proposed.

        Args:
            breed: may be called as often as the prescreen likes.
            pending: what is proposed and not told yet.
            rng: the only source of chance.
        """


class NoPrescreen:
    """Every child is evaluated."""

    def start(self, space: SearchSpace, objectives: Objectives, unseen: Novelty) -> None:
        """Nothing to prepare."""

    def tell(self, trial: Trial) -> None:
        """Nothing to learn."""

    def __call__(self, breed: Breed, pending: Sequence[Genotype], rng: Generator) -> Child | None:
        """The first child that is bred."""
        return breed()
