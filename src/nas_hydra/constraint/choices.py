"""Constraints on what was chosen: their arguments refer to values of the candidate's config."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nas_hydra.constraint.candidate import Candidate


@dataclass(frozen=True)
class Divisible:
    """A number is a multiple of another: a width of its attention heads.

    Args:
        number: for example ``${search_space.width}``.
        by: another, not zero.
    """

    number: int
    by: int

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it is."""
        return self.number % self.by == 0


@dataclass(frozen=True)
class AtMost:
    """A number, or the sum of all numbers in a list or mapping, is no larger than a limit.

    A list of 0 and 1 (or false and true) is counted by that: ``value: ${search_space.edges}`` with
    ``limit: 9`` is the edge budget of NAS-Bench-101 (Ying et al. 2019).

    Args:
        value: a number, or numbers in lists and mappings, also nested; texts are not counted.
        limit: the largest value allowed; may refer to the config too.
    """

    value: Any
    limit: float

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it is."""
        return sum(numbers(self.value)) <= self.limit


def numbers(value: Any) -> Iterator[float]:
    """All numbers in a plain value, true being 1 and false 0."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers(part)
    elif isinstance(value, int | float):
        yield value
