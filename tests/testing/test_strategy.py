import pytest

from nas_hydra.testing import strategy as conformance
from nas_hydra.testing.strategy import CHECKS
from strategy.strategies import STRATEGIES, Stubborn, maker

LIKE_ANOTHER = ("surrogate_evolution", "nsgaii_optuna", "tpe")
"""The first with fewer children and the others with another sampler are checked anyhow."""
NAMES = [
    pytest.param(name, marks=pytest.mark.long if name in LIKE_ANOTHER else ())
    for name in STRATEGIES
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check, name):
    check(STRATEGIES[name])


class Broken:
    """A strategy for which none of the checks may pass."""

    def __init__(self, space):
        self.space = space

    def ask(self, number, rng):
        return None

    def tell(self, trial):
        pass


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_checks_can_fail(check):
    with pytest.raises(AssertionError):
        check(lambda space, objectives, seed: Broken(space))


def test_a_strategy_that_ends_too_early_is_found_out():
    class Short(Broken):
        def ask(self, number, rng):
            proposal = conformance.Proposal(number, self.space.sample(rng), "random")
            return proposal if number < 10 else None

    with pytest.raises(AssertionError, match="ended after 10 trials, without"):
        conformance.check_small_spaces(lambda space, objectives, seed: Short(space))


def test_a_strategy_may_propose_a_candidate_again():
    conformance.check_small_spaces(lambda space, objectives, seed: Stubborn(space, objectives))


def test_a_strategy_that_draws_from_global_state_is_found_out():
    class Leaking(Broken):
        def ask(self, number, rng):
            import random

            import numpy

            leaked = numpy.random.default_rng(random.getrandbits(32))
            return conformance.Proposal(number, self.space.sample(leaked), "random")

    with pytest.raises(AssertionError, match="global random state"):
        conformance.check_global_state(lambda space, objectives, seed: Leaking(space))


@pytest.mark.long
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance_of_what_takes_its_time(check):
    check(maker("gp", sampler={"n_startup_trials": 30}))
