"""Encodings: candidates as numeric vectors of one length, for predictors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas_hydra.search_space.gene import Categorical, Decision, Gene
from nas_hydra.search_space.scale import fraction


@dataclass(frozen=True)
class Encoding:
    """A candidate as a vector over all genes of its space.

    Args:
        values: float64 (D,), each from 0 to 1: one-hot labels, numbers scaled to their (log)
            range, 0 where a gene is not active; then the graph features, on their own scale.
        mask: bool (D,), whether the gene of that place is active; True for graph features.
    """

    values: NDArray[np.float64]
    mask: NDArray[np.bool_]


class Encoder:
    """Knows the place of each gene in the vector.

    Args:
        genes: every gene of the space.
    """

    def __init__(self, genes: Iterable[Gene]) -> None:
        self._places: dict[str, tuple[Gene, int]] = {}
        self.length = 0
        for gene in genes:
            self._places[gene.name] = gene, self.length
            self.length += len(gene) if isinstance(gene, Categorical) else 1

    def __call__(
        self, decisions: Mapping[str, Decision], features: Sequence[float] = ()
    ) -> Encoding:
        """The vector of a candidate: its genes in the order of the config, then the features."""
        values = np.zeros(self.length + len(features))
        mask = np.zeros(len(values), dtype=bool)
        for name, decision in decisions.items():
            gene, start = self._places[name]
            if isinstance(gene, Categorical):
                values[start + gene.labels.index(decision)] = 1.0
                mask[start : start + len(gene)] = True
            else:
                values[start] = fraction(gene, decision)
                mask[start] = True
        values[self.length :] = features
        mask[self.length :] = True
        return Encoding(values, mask)
