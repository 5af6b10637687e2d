import pytest

from nas_hydra.strategy import conformance
from nas_hydra.strategy.conformance import CHECKS, simulate, small_space
from strategy.strategies import maker

STRATEGIES = {
    "random": maker("random"),
    "evolution": maker("evolution"),
    "evolution-steady": maker("evolution", generation_size=1, survivors="youngest"),
    "evolution-comma": maker(
        "evolution",
        survivors="offspring",
        parents="truncation",
        variation="mutation",
        population_size=4,
        generation_size=7,
    ),
    "tpe": maker("tpe"),
}


@pytest.mark.parametrize("name", STRATEGIES)
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


def test_a_strategy_that_draws_from_global_state_is_found_out():
    class Leaking(Broken):
        def ask(self, number, rng):
            import random

            import numpy

            leaked = numpy.random.default_rng(random.getrandbits(32))
            return conformance.Proposal(number, self.space.sample(leaked), "random")

    with pytest.raises(AssertionError, match="global random state"):
        conformance.check_global_state(lambda space, objectives, seed: Leaking(space))


# a, b and c of each trial's candidate: y21 is a=y, b=2, c=true
GOLDEN = {
    "random": (
        "z00 z11 z01 x00 x31 x00 y11 y21 x10 y30 x30 y20 "
        "y00 z11 y30 y10 z31 x00 y11 z00 z10 z30 z00 x10"
    ),
    "evolution": (
        "z00 z11 z01 x00 x31 z31 y11 y21 x10 y30 x21 x30 "
        "z20 y20 x11 y10 z30 y31 y01 x20 z21 x01 z10 y00"
    ),
    "evolution-steady": (
        "z00 z11 z01 x00 x31 z31 y11 y21 x10 y30 x21 x30 "
        "z20 z30 z21 y20 x20 y00 y01 y31 y10 x01 x11 z10"
    ),
    "evolution-comma": (
        "z00 z11 z01 x00 z10 x11 y01 z21 z31 y11 x01 z30 "
        "x31 y21 z20 x21 y31 y10 y30 x30 x10 y20 x20 y00"
    ),
    "tpe": (
        "y21 y11 z21 y20 y01 x30 x01 z30 y00 z20 y21 y31 "
        "z21 y31 x31 y31 y31 x11 y30 z31 z00 x10 x31 x21"
    ),
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_golden_trajectory(name):
    trials = simulate(STRATEGIES[name], small_space(), conformance.smooth, 24, seed=3, ahead=2)
    written = ("{}{}{:d}".format(*trial.proposal.genotype.values()) for trial in trials)
    assert " ".join(written) == GOLDEN[name]
