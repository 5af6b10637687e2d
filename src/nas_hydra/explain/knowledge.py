"""What is known of any candidate: measured in the record, or predicted by the surrogate."""

from collections.abc import Sequence
from typing import Protocol

from nas_hydra.errors import CandidateError
from nas_hydra.explain.result import Estimate, Source
from nas_hydra.explain.searched import Searched
from nas_hydra.explain.surrogate import Surrogate
from nas_hydra.search_space import Genotype


class Trains(Protocol):
    """Measures a candidate that the record lacks."""

    def __call__(self, genotype: Genotype) -> float:
        """The objective's value.

        Raises:
            CandidateError: if it cannot be trained.
        """


class Knowledge:
    """Estimates of candidates, and how two of them differ.

    Args:
        searched: whose record it is.
        surrogate: that has learned from it.
    """

    def __init__(self, searched: Searched, surrogate: Surrogate) -> None:
        self._searched, self._surrogate = searched, surrogate
        self._numbers = {trial.key: trial.number for trial in reversed(searched.trials)}

    def scores(self, genotypes: Sequence[Genotype]) -> list[float]:
        """What is expected of candidates, more is better."""
        if not genotypes:
            return []
        found: list[float] = self._surrogate.scores(self._surrogate.describe(genotypes))[0].tolist()
        return found

    def estimates(self, genotypes: Sequence[Genotype]) -> list[Estimate]:
        """What is known of candidates."""
        values = [float(self._surrogate.values(score)) for score in self.scores(genotypes)]
        return [self._estimate(*both) for both in zip(genotypes, values, strict=True)]

    def _estimate(self, genotype: Genotype, predicted: float) -> Estimate:
        number = self._numbers.get(genotype.key)
        if number is None:
            return Estimate(dict(genotype), predicted, predicted, "predicted")
        value = self._searched.mean(genotype.key)
        return Estimate(dict(genotype), predicted, value, "measured", number)

    def trained(self, genotypes: Sequence[Genotype], train: Trains) -> list[Estimate]:
        """The same; what the record lacks is trained now."""
        found = self.estimates(genotypes)
        return [
            _trained(known, genotype, train) if known.source == "predicted" else known
            for known, genotype in zip(found, genotypes, strict=True)
        ]


def _trained(known: Estimate, genotype: Genotype, train: Trains) -> Estimate:
    try:
        value = train(genotype)
    except CandidateError as error:
        return Estimate(known.genotype, known.predicted, known.value, "predicted", None, str(error))
    return Estimate(known.genotype, known.predicted, value, "trained")


def difference(before: Estimate, after: Estimate) -> tuple[float, Source]:
    """By how much the value changes, and where that is from.

    It is predicted unless both values are known: the difference of a measured and a predicted one
    would be mostly that of the two ways.
    """
    sources = {before.source, after.source}
    if "predicted" in sources:
        return after.predicted - before.predicted, "predicted"
    return after.value - before.value, "trained" if "trained" in sources else "measured"
