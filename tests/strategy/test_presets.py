"""Every preset learns from its trials, whatever the budget and the space."""

from functools import cache

import pytest

from made import SPACES as ALL
from made import space_of
from nas_hydra.strategy.base import blindness
from nas_hydra.testing.strategy import hilly, simulate, small_space
from strategy.golden import numeric_space
from strategy.strategies import CONF, maker
from trials import ONE

BLIND = {"random", "random_optuna", "optuna"}
"""Those that learn nothing on purpose, and the one that has no sampler yet."""
SLOW = ("gp", "surrogate_evolution")
PRESETS = sorted({file.stem for file in CONF.glob("*.yaml")} - BLIND)
SPACES = [
    pytest.param(name, marks=() if name in ("conv_net", "nasbench201") else pytest.mark.long)
    for name in sorted({*ALL} - {"torchvision_models"})  # a single choice
]


@pytest.fixture(scope="module")
def spaces(tmp_path_factory):
    """Every space by its name, built when it is asked for."""
    folder = tmp_path_factory.mktemp("spaces")
    return cache(lambda name: space_of(name, folder))


def learns(name, space, budget, ahead=1):
    """Whether other outcomes of its trials lead to other candidates, with one seed of three."""
    make = maker(name, budget=budget)

    def found(measure, seed):
        return [
            trial.key for trial in simulate(make, space, measure, budget, seed=seed, ahead=ahead)
        ]

    return any(found(hilly, seed) != found(lambda one: -hilly(one), seed) for seed in range(3))


@pytest.mark.parametrize(("budget", "ahead"), [(10, 1), (12, 1), (20, 4), (30, 4)])
@pytest.mark.parametrize("name", sorted({*PRESETS} - {*SLOW}))
def test_every_preset_gets_beyond_its_founders_at_every_budget(name, budget, ahead):
    assert learns(name, numeric_space(), budget, ahead)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", sorted({*PRESETS} - {*SLOW, "cmaes"}))
def test_every_preset_gets_beyond_its_founders_on_every_space(name, space, spaces):
    assert learns(name, spaces(space), 10)


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_those_that_take_their_time_get_beyond_their_founders_too(name):
    assert learns(name, small_space(), 10)


@pytest.mark.parametrize(("budget", "founders"), [(1, 2), (10, 3), (30, 10), (90, 30), (900, 30)])
def test_founders_are_a_third_of_the_budget_and_no_more_than_the_population(budget, founders):
    made = maker("regularized_evolution", budget=budget)(numeric_space(), ONE, 0)
    assert made.blind == {"strategy.founders": founders}
    assert (blindness(made, budget) is None) == (budget > founders)


def test_what_the_user_sets_is_taken_and_a_search_without_an_end_of_founders_is_told_of():
    made = maker("evolution", budget=12, founders=12)(numeric_space(), ONE, 0)
    assert "strategy.founders is 12 and budget.trials 12" in blindness(made, 12)
    made = maker("tpe", budget=12, sampler={"n_startup_trials": 20})(numeric_space(), ONE, 0)
    assert "strategy.sampler.n_startup_trials is 20" in blindness(made, 12)
    assert blindness(maker("random")(numeric_space(), ONE, 0), 12) is None
