"""scikit-learn's estimators as what answers for a task: targets in, outputs out."""

import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import Tensor

from nas_hydra.dataset import Tree
from nas_hydra.retrain.features import Matrix
from nas_hydra.task import Task
from nas_hydra.task.multi_task import MultiTask

log = logging.getLogger(__name__)

LEAST = 1e-6
"""No share of a class is less, or one wrong answer would make a loss infinite."""

Make = Callable[[str], Any]
"""The kind of a target, see ``Task.takes``, to an estimator of scikit-learn's."""


def heads_of(task: Task) -> Mapping[Any, Task]:
    """The tasks of which each has a target of its own: one, or those of the heads by name.

    Empty if one of them tells something else than classes, numbers or labels.
    """
    heads: Mapping[Any, Task] = task.heads if isinstance(task, MultiTask) else {None: task}
    known = all(one.takes in ("class", "number", "labels") for one in heads.values())
    return heads if known else {}


def fitted(make: Make, task: Task, columns: Matrix, target: Tree) -> Callable[[Matrix], Tree]:
    """What answers for a task, an estimator for each of its heads.

    Args:
        make: makes one.
        task: whose outputs are wanted.
        columns: (N, F), of the rows that are trained on.
        target: of these rows.
    """
    heads = heads_of(task)
    found = {
        name: _Head(make, one, columns, target if name is None else target[name])
        for name, one in heads.items()
    }
    if None in found:
        return found[None]
    return lambda columns: {name: one(columns) for name, one in found.items()}


class _Head:
    """An estimator for one target, fitted."""

    def __init__(self, make: Make, task: Task, columns: Matrix, target: Tensor) -> None:
        self._task, self._takes = task, str(task.takes)
        values = np.asarray(target.cpu())
        if self._takes == "number":
            values = values.reshape(len(values), -1)
        self._classes = getattr(task, "num_classes", 0)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with threadpool_limits(limits=1):  # boosting's threads wait for each other and others'
                self._estimator = make(self._takes).fit(columns, values)
        if any(one.category.__name__ == "ConvergenceWarning" for one in told):
            log.warning("references: a linear model was still improving when it was stopped")

    def __call__(self, columns: Matrix) -> Tensor:
        """The outputs of rows."""
        if self._takes == "class":
            return _logs(self._shares(columns))
        if self._takes == "labels":
            shares = self._estimator.predict_proba(columns)
            return _logs(shares) - _logs(1 - shares)
        found = np.asarray(self._estimator.predict(columns), "f4")
        numbers: Tensor = self._task.output_of(torch.as_tensor(found).view(len(found), -1))
        return numbers

    def _shares(self, columns: Matrix) -> NDArray[np.float64]:
        """(N, classes), 0 for those that no training row has."""
        found = self._estimator.predict_proba(columns)
        shares = np.zeros((len(found), self._classes))
        shares[:, self._estimator.classes_] = found
        return shares


def _logs(shares: NDArray[np.float64]) -> Tensor:
    return torch.as_tensor(np.log(np.clip(shares, LEAST, 1)), dtype=torch.float32)


def linear(takes: str) -> Any:
    """Logistic regression, or that of ridge, at scikit-learn's defaults."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier

    if takes == "number":
        return Ridge()
    found = LogisticRegression(max_iter=1000)
    return OneVsRestClassifier(found) if takes == "labels" else found


def boosting(takes: str, categorical: list[int], seed: int) -> Any:
    """Histogram gradient boosting at scikit-learn's defaults.

    Args:
        takes: the kind of target.
        categorical: the places of the columns of categories.
        seed: of the rows by which it stops early, where there are more than 10,000.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.multioutput import MultiOutputRegressor

    given = {"categorical_features": categorical or None, "random_state": seed}
    if takes == "number":
        return MultiOutputRegressor(HistGradientBoostingRegressor(**given))
    found = HistGradientBoostingClassifier(**given)
    return OneVsRestClassifier(found) if takes == "labels" else found


def nearest(takes: str) -> Any:
    """The row that is nearest, by Euclidean distance."""
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    if takes == "number":
        return KNeighborsRegressor(1)
    found = KNeighborsClassifier(1)
    return OneVsRestClassifier(found) if takes == "labels" else found
