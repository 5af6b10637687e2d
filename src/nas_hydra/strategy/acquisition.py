"""Acquisition: how much an evaluation promises."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

FAR = -5.0
"""Standard deviations below the best from which the improvement is told by its asymptote."""


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Logarithm of the expected improvement over ``best`` (Jones et al. 1998); (N,).

    The logarithm still tells candidates apart whose improvement is nearly 0 (Ament et al. 2023).

    Args:
        mean: (N,), expected worth, more is better.
        deviation: (N,), its standard deviation, above 0.
        best: the worth of the incumbent.
    """
    gap = (mean - best) / deviation
    density = np.exp(-(gap**2) / 2) / np.sqrt(2 * np.pi)
    near = np.maximum(gap * ndtr(gap) + density, np.finfo(float).tiny)
    # phi(g) + g Phi(g) tends to phi(g) / g**2 as g tends to minus infinity
    far = -(gap**2) / 2 - np.log(np.sqrt(2 * np.pi)) - 2 * np.log(-np.minimum(gap, FAR))
    found: Array = np.log(deviation) + np.where(gap > FAR, np.log(near), far)
    return found
