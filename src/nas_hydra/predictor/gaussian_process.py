"""An exact Gaussian process (Rasmussen and Williams 2006), and its kernel: who is alike."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve, solve_triangular
from scipy.optimize import minimize

from nas_hydra.errors import ConfigError
from nas_hydra.predictor.base import Array, Inputs

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
        total: Array = np.exp(point[0] - _squared(one.genes * scale, other.genes * scale))
        pairs = zip(one.views, other.views, strict=True)
        lengths = zip(point[self._amplitudes], np.exp(point[self._lengths]), strict=True)
        for (view, against), (amplitude, length) in zip(pairs, lengths, strict=True):
            total += np.exp(amplitude - _squared(view, against) / (2 * length))
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
            np.array([_squared(column, column) for column in columns]).reshape(-1, *shape),
            np.array([_squared(view, view) for view in inputs.views]).reshape(-1, *shape),
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


def _squared(one: Array, other: Array) -> Array:
    """Squared Euclidean distances between the rows (N, D) and (M, D), (N, M)."""
    sums = (one**2).sum(1)[:, None] + (other**2).sum(1)[None]
    found: Array = np.maximum(sums - 2 * one @ other.T, 0.0)
    return found


class GaussianProcess:
    """Expects alike candidates to be alike in worth; see ``Kernel`` for what is alike.

    Hyper-parameters are those of the greatest posterior density, found from the last ones by
    L-BFGS with the exact gradient.

    Args:
        most_points: trials that it learns from. With more, the better half of these are the best
            trials, the rest are spread evenly over the others: the posterior matters most near
            the best.
        most_tuned: the same for the choice of hyper-parameters, which is slower.
        steps: of the choice of hyper-parameters.
    """

    def __init__(self, most_points: int, most_tuned: int, steps: int) -> None:
        sizes = {"most_points": most_points, "most_tuned": most_tuned, "steps": steps}
        for name, value in sizes.items():
            if value < 2:
                raise ConfigError(
                    f"strategy.prescreen.predictor.{name}", f"is {value}; at least 2 is needed"
                )
        self._most_points, self._most_tuned, self._steps = most_points, most_tuned, steps
        self._point: Array | None = None

    def fit(self, inputs: Inputs, targets: Array, tune: bool) -> None:
        """Condition on the trials."""
        kernel = Kernel(inputs)
        if tune or self._start(kernel) is not self._point:  # or of other inputs
            chosen = spread_out(targets, self._most_tuned)
            self._tune(kernel, inputs.rows(chosen), targets[chosen])
        chosen = spread_out(targets, self._most_points)
        self._kernel, self._known, self._targets = kernel, inputs.rows(chosen), targets[chosen]
        matrix = kernel.between(self._hyper, self._known, self._known)
        matrix[np.diag_indices_from(matrix)] += kernel.noise(self._hyper)
        self._factor = cho_factor(matrix, lower=True)
        self._weights: Array = cho_solve(self._factor, self._targets)

    def predict(self, inputs: Inputs) -> tuple[Array, Array]:
        """The posterior."""
        between = self._kernel.between(self._hyper, self._known, inputs)
        explained = solve_triangular(self._factor[0], between, lower=True, check_finite=False)
        variance = self._kernel.variance(self._hyper) - np.einsum("nm,nm->m", explained, explained)
        return self._weights @ between, np.sqrt(np.maximum(variance, 1e-12))

    def draws(self, inputs: Inputs, times: int, rng: Generator) -> Array:
        """Whole functions that could be the true one, at M candidates; (times, M).

        Each is drawn from the posterior of a bootstrap resample of what it has learned from, so
        that they differ by what is not known and by which trials there happen to be. A function of
        the prior is corrected by what it misses of the targets (Wilson et al. 2020), so that
        resamples share one factorisation.
        """
        both = self._known.joined(inputs)
        matrix = self._kernel.between(self._hyper, both, both)
        known, noise = len(self._known), self._kernel.noise(self._hyper)
        root = cholesky(matrix + JITTER * np.eye(len(matrix)), lower=True)
        found = np.empty((times, len(inputs)))
        for time in range(times):
            prior = root @ rng.standard_normal(len(matrix))
            rows = rng.integers(known, size=known)
            noisy = prior[rows] + np.sqrt(noise) * rng.standard_normal(known)
            inner = matrix[np.ix_(rows, rows)] + noise * np.eye(known)
            weights = solve(inner, self._targets[rows] - noisy, assume_a="pos")
            found[time] = prior[known:] + matrix[known:, rows] @ weights
        return found

    @property
    def _hyper(self) -> Array:
        assert self._point is not None
        return self._point

    def _start(self, kernel: Kernel) -> Array:
        """The last point, if it is one of such a kernel."""
        last = self._point
        return kernel.mean if last is None or len(last) != len(kernel.mean) else last

    def _tune(self, kernel: Kernel, inputs: Inputs, targets: Array) -> None:
        reach = 4 * kernel.deviation
        found = minimize(
            kernel.evidence,
            self._start(kernel),
            args=(kernel.distances(inputs), targets),
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(kernel.mean - reach, kernel.mean + reach, strict=True)),
            options={"maxiter": self._steps},
        )
        self._point = found.x


def spread_out(targets: Array, most: int) -> NDArray[np.intp]:
    """Which trials to learn from: int (min(N, most),), rising.

    The best ones make half of them; the others are evenly spread over the rest.
    """
    if len(targets) <= most:
        return np.arange(len(targets))
    order = np.argsort(-targets, kind="stable")
    best, rest = order[: most // 2], order[most // 2 :]
    kept = rest[np.linspace(0, len(rest) - 1, most - most // 2).round().astype(int)]
    return np.sort(np.concatenate([best, kept]))
