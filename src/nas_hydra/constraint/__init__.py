"""Constraints: what a space's candidates must meet.

A constraint is any callable ``(candidate: Candidate) -> bool``; ``search_space.constraints`` lists
them, each with a ``_target_`` (a plain function with ``_partial_: true``).
"""

from nas_hydra.constraint.candidate import Candidate
from nas_hydra.constraint.rules import AtMost, Divisible, MaxFlops, MaxParams

__all__ = ["AtMost", "Candidate", "Divisible", "MaxFlops", "MaxParams"]
