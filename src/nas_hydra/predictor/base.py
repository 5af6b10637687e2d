"""What every predictor can do, and candidates as it sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, SearchSpace

Array = NDArray[np.float64]
Rows = NDArray[np.intp] | Sequence[int] | slice

SAMPLES = 100
"""Random candidates from which the scale of each view is told."""
HALF = np.sqrt(0.5)
"""Scales one-hot labels so that two different ones are 1 apart."""


@dataclass(frozen=True)
class Inputs:
    """Some candidates.

    Args:
        genes: float64 (N, D), the columns of all genes. The squared distance between two
            candidates in the columns of a gene is 1 if its labels differ, the squared difference as
            a share of the (log) range for numbers, and at least 1 if it is active in one only.
        owner: int (D,), the number of the gene that a column belongs to.
        spread: squared distance of two random candidates over all genes, on average.
        views: of the candidate as a whole, float64 (N, D_v) each; two random candidates are at a
            squared distance of 1 on average.
    """

    genes: Array
    owner: NDArray[np.intp]
    spread: float
    views: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.genes)

    def rows(self, chosen: Rows) -> "Inputs":
        """Some of the candidates."""
        return replace(
            self, genes=self.genes[chosen], views=tuple(view[chosen] for view in self.views)
        )

    def joined(self, other: "Inputs") -> "Inputs":
        """These candidates, then the others."""
        views = zip(self.views, other.views, strict=True)
        return replace(
            self,
            genes=np.concatenate([self.genes, other.genes]),
            views=tuple(np.concatenate(pair) for pair in views),
        )

    def trained(self, share: Array) -> "Inputs":
        """These candidates with one gene more: how much each was trained, (N,), 0 to 1."""
        owner = np.append(self.owner, self.owner.max(initial=-1) + 1)
        return replace(self, genes=np.column_stack([self.genes, share]), owner=owner)

    @property
    def flat(self) -> Array:
        """Everything side by side, (N, D + sum of D_v)."""
        return np.concatenate([self.genes, *self.views], axis=1)


class Describe:
    """Turns genotypes of one space into inputs.

    Beside every gene there are views of the candidate as a whole: how often each label is taken
    among the genes that share their labels, such as the operations of a cell; and whatever the
    space's ``encoder`` tells of the graph.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._alike = _alike(space.genes)
        self._measure_columns(space.genes)
        rng = np.random.default_rng(0)  # decides nothing but the scale of distances
        samples = [self._row(space.sample(rng)) for _ in range(SAMPLES)]
        genes = [row for row, _ in samples]
        self._spread = _mean_distance(np.array(genes)) or 1.0
        views = [np.array(column) for column in zip(*(found for _, found in samples), strict=True)]
        self._scales = [_mean_distance(view) ** 0.5 for view in views]

    def __call__(self, genotypes: Sequence[Genotype]) -> Inputs:
        """The inputs of at least one genotype."""
        rows = [self._row(genotype) for genotype in genotypes]
        views = zip(zip(*(found for _, found in rows), strict=True), self._scales, strict=True)
        return Inputs(
            np.array([row for row, _ in rows]),
            self._owner,
            self._spread,
            tuple(np.array(view) / scale for view, scale in views if scale > 0),
        )

    def _row(self, genotype: Genotype) -> tuple[Array, list[Array]]:
        """The columns of the genes, and each view in its own units."""
        encoding = self._space.encode(genotype)
        values, places = encoding.values, encoding.genes
        labels = [np.sum([values[places[name]] for name in names], 0) for names in self._alike]
        graph = [values[place] for place in encoding.views.values()]
        scaled, active = values[: len(self._scale)] * self._scale, encoding.mask[self._firsts]
        return np.concatenate([scaled, np.where(active, 0.0, self._flags)]), labels + graph

    def _measure_columns(self, genes: Sequence[Gene]) -> None:
        """Each gene has the columns of its encoding, and at the end one for being inactive."""
        kinds = [isinstance(gene, Categorical) for gene in genes]
        widths = [len(gene) if kind else 1 for gene, kind in zip(genes, kinds, strict=True)]
        self._flags = np.where(kinds, HALF, 1.0)
        self._scale = np.repeat(self._flags, widths)
        self._firsts = np.cumsum([0, *widths[:-1]]) if genes else np.zeros(0, dtype=np.intp)
        numbers = np.arange(len(genes))
        self._owner = np.concatenate([np.repeat(numbers, widths), numbers])


def _alike(genes: Sequence[Gene]) -> list[list[str]]:
    """The names of the categorical genes that share their labels with others."""
    groups: dict[tuple[Decision, ...], list[str]] = {}
    for gene in genes:
        if isinstance(gene, Categorical):
            groups.setdefault(gene.labels, []).append(gene.name)
    return [names for names in groups.values() if len(names) > 1]


def _mean_distance(rows: Array) -> float:
    """The squared distance between two of the rows (N, D), on average."""
    return float(2 * rows.var(axis=0).sum())


class Predictor(Protocol):
    """Tells from some candidates' targets what to expect of others. Drawn from no chance."""

    def fit(self, inputs: Inputs, targets: Array, tune: bool) -> None:
        """Learn.

        Args:
            inputs: N candidates; some may be equal.
            targets: float64 (N,), more is better, of about unit variance.
            tune: whether to choose hyper-parameters anew; else those of the last time are kept.
        """

    def predict(self, inputs: Inputs) -> tuple[Array, Array]:
        """Mean and standard deviation of what M candidates are worth, without noise; (M,) each."""
