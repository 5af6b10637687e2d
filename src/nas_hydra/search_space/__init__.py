"""Search spaces: configs with choices left open."""

from nas_hydra.search_space.encoding import Encoding
from nas_hydra.search_space.feasibility import Hooks
from nas_hydra.search_space.gene import Categorical, Decision, Gene, Genotype, Integer, Real
from nas_hydra.search_space.scale import fixed
from nas_hydra.search_space.space import PARTS, SearchSpace, every
from nas_hydra.search_space.vary import descend

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
