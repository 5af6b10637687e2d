"""Constraints on the network, which is built for them without weights."""

from dataclasses import dataclass

from nas_hydra.constraint.candidate import Candidate


@dataclass(frozen=True)
class MaxParams:
    """The network has no more trainable parameters than so many.

    Args:
        limit: 1e6 is a million.
    """

    limit: float

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it keeps to the limit."""
        return candidate.params <= self.limit


@dataclass(frozen=True)
class MaxFlops:
    """One image's forward pass takes no more floating-point operations than so many.

    Args:
        limit: two for each multiply-accumulate; see ``Candidate.flops`` for what counts.
    """

    limit: float

    def __call__(self, candidate: Candidate) -> bool:
        """Whether it keeps to the limit."""
        return candidate.flops <= self.limit
