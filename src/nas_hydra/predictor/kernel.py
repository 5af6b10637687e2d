"""The kernel of the Gaussian process: how alike two candidates are expected to perform."""

from dataclasses import dataclass

import numpy as np

from nas_hydra.predictor.inputs import Array, Inputs

APART = 3.0
"""Prior mean of the weighted distance over all genes between two random candidates."""
NOISE = 0.1
"""Prior median of the variance of the noise, as a share of that of the targets."""
DEVIATION = 1.0
"""Prior standard deviation of the logarithm of each hyper-parameter."""
VIEW_DEVIATION = 0.7
"""The same for the lengths of views, of which less is known from few trials."""
JITTER = 1e-6


@dataclass(frozen=True)
class Distances:
    """Squared distances between N and M candidates.

    Args:
        genes: float64 (G, N, M), in each gene.
        views: float64 (V, N, M), in each view.
    """

    genes: Array
    views: Array


class Kernel:
    """A sum of similarities over genes and views.

    ``a exp(-sum_g w_g d_g)`` over the genes, with a weight for each, plus, for each view,
    ``a_v exp(-d_v / (2 l_v))``. Positive definite, since each d is a squared Euclidean distance.

    A point of hyper-parameters is a vector of logarithms: a, w_1 ... w_G, a_1, l_1, ..., a_V, l_V,
    and the variance of the noise. Each has a normal prior.

    Attributes:
        mean: (P,), prior means.
        deviation: (P,), prior standard deviations.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._genes = int(inputs.owner.max(initial=-1)) + 1
        self._views = len(inputs.views)
        weights = np.full(self._genes, np.log(APART / inputs.spread))
        self.mean = np.concatenate([[0.0], weights, np.zeros(2 * self._views), [np.log(NOISE)]])
        self.deviation = np.full(len(self.mean), DEVIATION)
        self.deviation[self._lengths] = VIEW_DEVIATION

    @property
    def _amplitudes(self) -> slice:
        return slice(1 + self._genes, -1, 2)

    @property
    def _lengths(self) -> slice:
        return slice(2 + self._genes, -1, 2)

    def between(self, point: Array, one: Inputs, other: Inputs) -> Array:
        """The kernel matrix of N and M candidates, (N, M), without noise."""
        scale = np.sqrt(np.exp(point[1 : 1 + self._genes]))[one.owner]
        total: Array = np.exp(point[0] - squared(one.genes * scale, other.genes * scale))
        pairs = zip(one.views, other.views, strict=True)
        lengths = zip(point[self._amplitudes], np.exp(point[self._lengths]), strict=True)
        for (view, against), (amplitude, length) in zip(pairs, lengths, strict=True):
            total += np.exp(amplitude - squared(view, against) / (2 * length))
        return total

    def variance(self, point: Array) -> float:
        """Of a candidate of which nothing is known."""
        return float(np.exp(point[0]) + np.exp(point[self._amplitudes]).sum())

    def noise(self, point: Array) -> float:
        """Variance of the noise, and a little so that equal candidates do no harm."""
        return float(np.exp(point[-1])) + JITTER

    def distances(self, inputs: Inputs) -> Distances:
        """Between all pairs of the candidates."""
        shape = len(inputs), len(inputs)
        columns = [inputs.genes[:, inputs.owner == gene] for gene in range(self._genes)]
        return Distances(
            np.array([squared(column, column) for column in columns]).reshape(-1, *shape),
            np.array([squared(view, view) for view in inputs.views]).reshape(-1, *shape),
        )

    def evidence(self, point: Array, distances: Distances, targets: Array) -> tuple[float, Array]:
        """Negative log marginal likelihood and prior, and its gradient; (P,)."""
        weights = np.exp(point[1 : 1 + self._genes])
        amplitudes, lengths = np.exp(point[self._amplitudes]), np.exp(point[self._lengths])
        genes = np.exp(point[0] - np.tensordot(weights, distances.genes, 1))
        exponents = distances.views / (2 * lengths[:, None, None])
        views = amplitudes[:, None, None] * np.exp(-exponents)
        matrix = genes + views.sum(0) + self.noise(point) * np.eye(len(targets))
        try:
            inverse = np.linalg.inv(matrix)
            log_determinant = 2 * np.log(np.diag(np.linalg.cholesky(matrix))).sum()
        except np.linalg.LinAlgError:  # the search for a better point went too far
            return 1e10, np.zeros_like(point)
        weighted = inverse @ targets
        slope = (inverse - np.outer(weighted, weighted)) / 2
        gradient = np.empty_like(point)
        gradient[0] = np.sum(slope * genes)
        gradient[1 : 1 + self._genes] = -weights * np.tensordot(distances.genes, slope * genes, 2)
        gradient[self._amplitudes] = np.tensordot(views, slope, 2)
        gradient[self._lengths] = np.tensordot(views * exponents, slope, 2)
        gradient[-1] = np.exp(point[-1]) * np.trace(slope)
        away = (point - self.mean) / self.deviation
        value = (targets @ weighted + log_determinant + away @ away) / 2
        return float(value), gradient + away / self.deviation


def squared(one: Array, other: Array) -> Array:
    """Squared Euclidean distances between the rows (N, D) and (M, D), (N, M)."""
    sums = (one**2).sum(1)[:, None] + (other**2).sum(1)[None]
    found: Array = np.maximum(sums - 2 * one @ other.T, 0.0)
    return found
