"""An exact Gaussian process (Rasmussen and Williams 2006)."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve, solve_triangular
from scipy.optimize import minimize

from nas_hydra.errors import ConfigError
from nas_hydra.predictor.inputs import Array, Inputs
from nas_hydra.predictor.kernel import JITTER, Kernel


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
        if tune or self._point is None:
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
        """The point of hyper-parameters."""
        assert self._point is not None
        return self._point

    def _tune(self, kernel: Kernel, inputs: Inputs, targets: Array) -> None:
        start = kernel.mean if self._point is None else self._point
        reach = 4 * kernel.deviation
        found = minimize(
            kernel.evidence,
            start,
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
