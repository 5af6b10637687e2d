"""What predictors make of the trials."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from nas_hydra.errors import ConfigError
from nas_hydra.predictor import Describe
from nas_hydra.predictor.forest import Forest
from nas_hydra.predictor.gaussian_process import JITTER, GaussianProcess, Kernel, spread_out
from nas_hydra.testing.strategy import smooth, varied_space


def process(most_points=500, most_tuned=120, steps=40):
    return GaussianProcess(most_points, most_tuned, steps)


def drawn(number, seed=0):
    """Candidates of the varied space, their inputs and worth."""
    space = varied_space()
    rng = np.random.default_rng(seed)
    genotypes = [space.sample(rng) for _ in range(number)]
    worth = np.array([smooth(genotype) for genotype in genotypes])
    return Describe(space)(genotypes), (worth - worth.mean()) / worth.std()


@pytest.mark.parametrize("predictor", [process(), Forest(trees=50, least=1)], ids=["gp", "forest"])
def test_what_is_smooth_is_learnt(predictor):
    known, worth = drawn(80)
    others, truth = drawn(200, seed=1)
    predictor.fit(known, worth, tune=True)
    mean, deviation = predictor.predict(others)
    assert np.corrcoef(mean, truth)[0, 1] > 0.5
    assert (deviation > 0).all()


def test_a_process_knows_most_where_it_was():
    known, worth = drawn(60)
    others, _ = drawn(60, seed=1)
    gp = process()
    gp.fit(known, worth, tune=True)
    assert gp.predict(known)[1].mean() < gp.predict(others)[1].mean()


def test_a_process_is_the_textbook_formula():
    """Rasmussen and Williams 2006, equations 2.25 and 2.26, with the matrix inverted."""
    known, worth = drawn(20)
    others, _ = drawn(7, seed=1)
    gp = process(steps=2)
    gp.fit(known, worth, tune=True)
    kernel, point = Kernel(known), gp._point
    inverse = np.linalg.inv(
        kernel.between(point, known, known) + kernel.noise(point) * np.eye(len(known))
    )
    between = kernel.between(point, known, others)
    variance = kernel.variance(point) - np.diag(between.T @ inverse @ between)
    mean, deviation = gp.predict(others)
    np.testing.assert_allclose(mean, between.T @ inverse @ worth, rtol=1e-6)
    np.testing.assert_allclose(deviation**2, variance, rtol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_of_the_evidence_is_right(seed):
    known, worth = drawn(15, seed)
    kernel = Kernel(known)
    distances = kernel.distances(known)
    point = kernel.mean + np.random.default_rng(seed).normal(size=len(kernel.mean)) / 2
    error = check_grad(
        lambda p: kernel.evidence(p, distances, worth)[0],
        lambda p: kernel.evidence(p, distances, worth)[1],
        point,
    )
    assert error < 1e-4


def test_equal_candidates_do_no_harm():
    known, worth = drawn(5)
    twice = known.joined(known)
    gp = process()
    gp.fit(twice, np.concatenate([worth, worth + 0.5]), tune=True)
    assert np.isfinite(gp.predict(twice)).all()


def test_distances_are_told_by_kind():
    space = varied_space()
    inputs = Describe(space)(
        [
            space.genotype(
                {
                    "model.mixed": mixed,
                    "model.width": 8,
                    "model.depth": depth,
                    "model.drop": 0.1,
                    "model.rate": 1.0,
                    "model.pool": "none",
                    "model.blocks.0._repeat_": 0,
                }
            )
            for mixed, depth in [(None, 1), (True, 1), (None, 9)]
        ]
    )
    genes = [gene.name for gene in space.genes]
    by_gene = Kernel(inputs).distances(inputs).genes
    assert by_gene[genes.index("model.mixed"), 0] == pytest.approx([0, 1, 0])
    assert by_gene[genes.index("model.depth"), 0] == pytest.approx([0, 0, 1])


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=60), st.integers(2, 40))
def test_the_best_are_learnt_from(targets, most):
    chosen = spread_out(np.array(targets), most)
    assert len(set(chosen)) == len(chosen) == min(len(targets), most)
    assert max(targets) == max(np.array(targets)[chosen])


@pytest.mark.parametrize("key", ["most_points", "most_tuned", "steps"])
def test_sizes_are_checked(key):
    with pytest.raises(ConfigError, match=f"predictor.{key}.*is 1; at least 2"):
        process(**{key: 1})


def test_the_noise_is_never_nothing():
    known, _ = drawn(3)
    kernel = Kernel(known)
    assert kernel.noise(kernel.mean - 100) >= JITTER
    assert math.isfinite(kernel.variance(kernel.mean))


def test_draws_are_spread_around_the_posterior_by_what_is_not_known():
    known, worth = drawn(60)
    others, _ = drawn(40, seed=1)
    gaussian = process()
    gaussian.fit(known, worth, tune=True)
    mean, deviation = gaussian.predict(others)
    found = gaussian.draws(others, 400, np.random.default_rng(0))
    assert found.shape == (400, 40)
    assert np.corrcoef(found.mean(0), mean)[0, 1] > 0.9
    assert (found.std(0) > 0.8 * deviation).all()
    again = gaussian.draws(others, 400, np.random.default_rng(0))
    assert (found == again).all()
