"""What a candidate's network costs."""

from collections.abc import Mapping
from typing import NamedTuple

from nas_hydra.constraint.candidate import Candidate
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.search_space import Decision, SearchSpace


class Cost(NamedTuple):
    """A network's size.

    Args:
        params: trainable parameters.
        flops: of one image's forward pass.
    """

    params: int
    flops: int

    def against(self, other: "Cost") -> tuple[float | None, float | None]:
        """Change of parameters and of FLOPs as shares: -0.2 is a fifth fewer; None of nothing."""
        pairs = zip(self, other, strict=True)
        params, flops = (mine / theirs - 1 if theirs else None for mine, theirs in pairs)
        return params, flops


def cost(space: SearchSpace, genotype: Mapping[str, Decision]) -> Cost | None:
    """Parameters and FLOPs of a candidate, built without memory; None if it cannot be built.

    Raises:
        ConfigError: if the space has no networks.
    """
    closed = space.close(genotype)
    if "model" not in closed or "dataset" not in closed:
        raise ConfigError("count", "needs a search that names a model and a dataset; leave it out")
    candidate = Candidate(closed)
    try:
        return Cost(candidate.params, candidate.flops)
    except CandidateError:
        return None
