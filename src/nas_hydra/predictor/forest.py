"""A random forest (Breiman 2001)."""

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from nas_hydra.predictor.base import Array, Inputs


class Forest:
    """Trees on resampled trials; where they disagree, little is known (Hutter et al. 2011, SMAC).

    Args:
        trees: how many.
        least: trials in a leaf.
    """

    def __init__(self, trees: int, least: int) -> None:
        self._forest = RandomForestRegressor(
            trees, min_samples_leaf=least, max_features=0.5, random_state=0
        )

    def fit(self, inputs: Inputs, targets: Array, tune: bool) -> None:
        """Grow the trees; there is nothing to tune."""
        self._forest.fit(inputs.flat, targets)

    def predict(self, inputs: Inputs) -> tuple[Array, Array]:
        """Mean and standard deviation over the trees."""
        flat = inputs.flat.astype(np.float32)
        found = np.array([tree.predict(flat) for tree in self._forest.estimators_])
        return found.mean(0), found.std(0) + 1e-6
