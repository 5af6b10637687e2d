"""Synthetic tasks have the effects and the noise that they say, the same ones every time."""

import numpy as np
import pytest
from efficiency.synthetic import NOISE, SPACES, Synthetic, features_of, space
from efficiency.task import TASKS

NAMES = list(SPACES)


def candidates(name, number=400):
    rng = np.random.default_rng(99)  # not those that signals are scaled by
    return [space(name).sample(rng) for _ in range(number)]


@pytest.mark.parametrize("name", NAMES)
def test_signal_and_noise_are_as_large_as_they_say(name):
    found = candidates(name)
    for instance in (0, 7):
        objective = Synthetic(name, instance)
        signal = [objective.signal(one) for one in found]
        assert np.mean(signal) == pytest.approx(0, abs=0.2)
        assert np.std(signal) == pytest.approx(1, abs=0.15)
        noise = [objective.noise(one) for one in found]
        assert np.mean(noise) == pytest.approx(0, abs=0.06)
        assert np.std(noise) == pytest.approx(NOISE, abs=0.05)
        assert abs(np.corrcoef(signal, noise)[0, 1]) < 0.2


@pytest.mark.parametrize("name", NAMES)
def test_an_instance_is_a_function_of_its_number(name):
    found = candidates(name, 20)

    def values(instance):
        task = TASKS[name](instance)
        return [task.measure(one) for one in found]

    assert values(3) == values(3)
    assert values(3) != values(4)
    assert all(value != reported for value, reported in values(3))


def test_seeds_search_instances_of_their_own():
    one = candidates("darts_synthetic", 1)[0]
    assert len({TASKS["darts_synthetic"](seed).measure(one) for seed in range(5)}) == 5


def test_main_effects_are_a_part_of_the_signal_only():
    """What a sum of single genes explains of it is near 60 %."""
    name = "darts_synthetic"
    found = candidates(name, 3000)
    objective = Synthetic(name, 1)
    codes = np.hstack(list(features_of(space(name).genes, found).values()))
    signal = np.array([objective.signal(one) for one in found])
    half = len(found) // 2
    weights = np.linalg.lstsq(codes[:half], signal[:half], rcond=None)[0]
    left = signal[half:] - codes[half:] @ weights
    assert 1 - left.var() / signal[half:].var() == pytest.approx(0.6, abs=0.1)


def test_mixed_spaces_have_every_kind_of_gene():
    kinds = {type(gene).__name__ for name in NAMES for gene in space(name).genes}
    assert kinds == {"Categorical", "Integer", "Real"}
    sizes = {len(one) for one in candidates("mobilenet_synthetic", 50)}
    assert len(sizes) > 1, "no gene is conditional"
