"""Search spaces: configs with choices left open."""

from nas_hydra.search_space.enumeration import every, fixed
from nas_hydra.search_space.gene import Categorical, Decision, Gene, Integer, Real
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.space import PARTS, SearchSpace

__all__ = [
    "PARTS",
    "Categorical",
    "Decision",
    "Gene",
    "Genotype",
    "Integer",
    "Real",
    "SearchSpace",
    "every",
    "fixed",
]
