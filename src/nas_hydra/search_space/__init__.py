"""Search spaces: configs with choices left open."""

from nas_hydra.search_space.descent import descend
from nas_hydra.search_space.encoding import Encoding
from nas_hydra.search_space.enumeration import every
from nas_hydra.search_space.gene import Categorical, Decision, Gene, Integer, Real
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.hooks import Hooks
from nas_hydra.search_space.scale import fixed
from nas_hydra.search_space.space import PARTS, SearchSpace

__all__ = [
    "PARTS",
    "Categorical",
    "Decision",
    "Encoding",
    "Gene",
    "Genotype",
    "Hooks",
    "Integer",
    "Real",
    "SearchSpace",
    "descend",
    "every",
    "fixed",
]
