"""Trees of inputs as matrices, for methods that take nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from nas_hydra.dataset.tree import Tree

CATEGORIES, NUMBERS = "categories", "numbers"
"""The two parts of a table's inputs."""
MOST = 254
"""Categories of a column that gradient boosting tells apart; it counts the rarest as missing."""

Matrix = Any
"""(N, columns), float64: numpy's, or one of scipy's sparse ones."""


def named_tensors(tree: Tree, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a tree, each with the name of the last key on the way to it."""
    if isinstance(tree, Tensor):
        yield name, tree
        return
    pairs = tree.items() if isinstance(tree, Mapping) else ((name, part) for part in tree)
    for key, part in pairs:
        yield from named_tensors(part, str(key))


def is_table(tree: Tree) -> bool:
    """Whether inputs are those of a table: numbers, or categories, or both."""
    return isinstance(tree, Mapping) and bool(tree) and tree.keys() <= {NUMBERS, CATEGORIES}


def is_series(tree: Tree) -> bool:
    """Whether inputs are series: floats (N, C, L), alone or with a mask."""
    part = tree.get("series") if isinstance(tree, Mapping) else tree
    return isinstance(part, Tensor) and part.ndim == 3 and part.is_floating_point()


def flat_series(tree: Tree) -> NDArray[Any]:
    """Series as one row of numbers each, (N, C x L); those of unequal length end with zeros."""
    return _flat(tree["series"] if isinstance(tree, Mapping) else tree)


class Columns:
    """Inputs as one row of numbers each, for a linear model.

    Numbers are standardised, categories become a column each, and ids of words are counted and
    weighted by how rare they are (tf-idf); a mask is left out.

    Args:
        inputs: prepared, of the rows that it is fitted to.
    """

    def __init__(self, inputs: Tree) -> None:
        self._made = [_transformer(*one) for one in named_tensors(inputs)]
        for (_, tensor), made in zip(named_tensors(inputs), self._made, strict=True):
            if made is not None:
                made.fit(_flat(tensor))

    def __call__(self, inputs: Tree) -> Matrix:
        """(N, columns)."""
        parts = [
            made.transform(_flat(tensor))
            for (_, tensor), made in zip(named_tensors(inputs), self._made, strict=True)
            if made is not None
        ]
        if any(map(sparse.issparse, parts)):
            return sparse.hstack(parts).tocsr()
        return np.hstack(parts)


def _transformer(name: str, tensor: Tensor) -> Any:
    """What of scikit-learn's makes columns of such a tensor; None if none is made of it."""
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    if tensor.dtype == torch.bool:
        return None
    if tensor.is_floating_point():
        return StandardScaler()
    if name == CATEGORIES:
        return OneHotEncoder(handle_unknown="ignore")
    counted = FunctionTransformer(counts, kw_args={"ids": int(tensor.max()) + 1})
    return make_pipeline(counted, TfidfTransformer())


def _flat(tensor: Tensor) -> NDArray[Any]:
    """(N, columns), numpy's."""
    return np.asarray(tensor.cpu().contiguous().flatten(1))


def counts(rows: NDArray[np.int64], ids: int) -> Any:
    """How often each id stands in each row, (N, ids), sparse.

    Args:
        rows: (N, L), padded with 0; what is not below ``ids`` is not counted.
        ids: how many there are.
    """
    row, place = np.nonzero((rows > 0) & (rows < ids))
    ones = np.ones(len(row))
    return sparse.csr_matrix((ones, (row, rows[row, place])), shape=(len(rows), ids))


class Cells:
    """A table's raw inputs as they are, for trees: missing values stay missing.

    Args:
        inputs: of the rows that it is fitted to.
    """

    def __init__(self, inputs: Mapping[str, Tensor]) -> None:
        self._frequent = [_frequent(codes) for codes in _codes(inputs).T]

    @property
    def categorical(self) -> list[int]:
        """The places of the columns of categories, which stand first."""
        return list(range(len(self._frequent)))

    def __call__(self, inputs: Mapping[str, Tensor]) -> NDArray[np.float64]:
        """(N, categories and numbers), not a number where a value is missing, or rare."""
        columns = [
            np.where(np.isin(codes, known), codes, np.nan)
            for codes, known in zip(_codes(inputs).T, self._frequent, strict=True)
        ]
        numbers = inputs.get(NUMBERS)
        flat = [] if numbers is None else [np.asarray(numbers, "f8")]
        return np.hstack([*(one[:, None] for one in columns), *flat])


def _codes(inputs: Mapping[str, Tensor]) -> NDArray[np.int64]:
    """(N, categories); none of a table of numbers."""
    codes = inputs.get(CATEGORIES)
    return np.empty((len(inputs[NUMBERS]), 0), "i8") if codes is None else np.asarray(codes)


def _frequent(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes of a column that are told apart."""
    known, often = np.unique(codes[codes >= 0], return_counts=True)
    return known[np.argsort(-often, kind="stable")[:MOST]]
