"""Encodings: candidates as numeric vectors of one length, for predictors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.gene import Categorical, Decision, Gene
from nas_hydra.search_space.scale import fraction

KEY = "search_space.encoder"
NO_VIEWS: Mapping[str, Sequence[float]] = {}


@dataclass(frozen=True)
class Encoding:
    """A candidate as a vector over all genes of its space.

    Args:
        values: float64 (D,), each from 0 to 1: one-hot labels, numbers scaled to their (log)
            range, 0 where a gene is not active; then the graph features, on their own scale.
        mask: bool (D,), whether the gene of that place is active; True for graph features.
        genes: name -> the places of a gene, in the order of the config.
        views: name -> the places of one view of the graph, such as its paths.
    """

    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    genes: Mapping[str, slice]
    views: Mapping[str, slice]


class Encoder:
    """Knows the place of each gene in the vector.

    Args:
        genes: every gene of the space.
    """

    def __init__(self, genes: Iterable[Gene]) -> None:
        self._genes = {gene.name: gene for gene in genes}
        widths = {
            name: len(gene) if isinstance(gene, Categorical) else 1
            for name, gene in self._genes.items()
        }
        self._places = _consecutive(widths, 0)
        self._length = sum(widths.values())
        self._views: dict[str, slice] | None = None

    def __call__(
        self,
        decisions: Mapping[str, Decision],
        graph: Mapping[str, Sequence[float]] = NO_VIEWS,
    ) -> Encoding:
        """The vector of a candidate: its genes in the order of the config, then its graph.

        Raises:
            ConfigError: if the graph's features are not such numbers, or not those of the
                candidates before.
        """
        features = _arrays(graph)
        views = _consecutive({name: len(view) for name, view in features.items()}, self._length)
        if views != (self._views or views):
            raise ConfigError(KEY, "gives candidates different features; all must have the same")
        self._views = views
        values = np.zeros(self._length + sum(len(view) for view in features.values()))
        mask = np.zeros(len(values), dtype=bool)
        for name, decision in decisions.items():
            gene, place = self._genes[name], self._places[name]
            mask[place] = True
            if isinstance(gene, Categorical):
                values[place.start + gene.labels.index(decision)] = 1.0
            else:
                values[place.start] = fraction(gene, decision)
        for name, place in views.items():
            values[place] = features[name]
        mask[self._length :] = True
        return Encoding(values, mask, self._places, views)


def _arrays(graph: Any) -> dict[str, NDArray[np.float64]]:
    """Graph features by the name of a view; float64 (D,) each."""
    try:
        views = {str(name): np.asarray(view, dtype=float) for name, view in graph.items()}
    except (AttributeError, TypeError, ValueError, OverflowError):
        views = {"": np.zeros(())}
    if any(view.ndim != 1 or not np.isfinite(view).all() for view in views.values()):
        problem = f"gives {graph!r} for a candidate; it must give finite numbers by name of a view"
        raise ConfigError(KEY, f"{problem}: {{degrees: [1, 2]}}")
    return views


def _consecutive(widths: Mapping[str, int], start: int) -> dict[str, slice]:
    places = {}
    for name, width in widths.items():
        places[name] = slice(start, start + width)
        start += width
    return places
