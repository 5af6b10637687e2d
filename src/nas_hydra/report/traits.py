"""What the best candidates of a search have in common."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from nas_hydra.search_space import Categorical, Decision, Gene, Real
from nas_hydra.search_space.gene import Number
from nas_hydra.search_space.gene import shown as in_words
from nas_hydra.search_space.scale import fraction
from nas_hydra.trial import Trial

MOST_VALUES = 8
"""A number with more values than this is told by the quarter of its (log) range."""
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
INACTIVE = "not active"


class Trait(NamedTuple):
    """A decision and how common it is.

    Args:
        gene: its name.
        decision: as it is shown.
        best: its share among the best trials, 0 to 1.
        all: its share among all.
    """

    gene: str
    decision: str
    best: float
    all: float

    @property
    def difference(self) -> float:
        """By how much the best ones have it more often, -1 to 1."""
        return self.best - self.all


def traits(best: Sequence[Trial], trials: Sequence[Trial], genes: Sequence[Gene]) -> list[Trait]:
    """Every decision that was taken, the one first that tells the best most clearly.

    Args:
        best: at least one.
        trials: the best ones among them.
        genes: of the space.
    """
    found = [trait for gene in genes for trait in _of_gene(gene, best, trials)]
    return sorted(found, key=lambda trait: -trait.difference)


def _of_gene(gene: Gene, best: Sequence[Trial], trials: Sequence[Trial]) -> list[Trait]:
    here, there = (Counter(shown(gene, trial) for trial in group) for group in (best, trials))
    return [
        Trait(gene.name, label, here[label] / len(best), there[label] / len(trials))
        for label in there
        if len(there) > 1
    ]


def shown(gene: Gene, trial: Trial) -> str:
    """A trial's decision in words; of a number with many values, where on its range it is."""
    if gene.name not in trial.proposal.genotype:
        return INACTIVE
    decision: Decision = trial.proposal.genotype[gene.name]
    if isinstance(gene, Categorical) or not many(gene):
        return in_words(decision)
    return QUARTERS[min(int(4 * fraction(gene, decision)), 3)]


def many(gene: Number) -> bool:
    """Whether it is a number with more than ``MOST_VALUES`` values."""
    return (isinstance(gene, Real) and gene.continuous) or len(gene) > MOST_VALUES
