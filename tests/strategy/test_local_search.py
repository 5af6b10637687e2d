import math

import numpy
import pytest

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective, Objectives
from nas_hydra.testing.strategy import hilly, outcome, simulate, varied_space
from nas_hydra.trial import Proposal
from strategy.strategies import maker
from strategy.test_evolution import Driven, grid_space, hill

SPACE = grid_space(genes=3, values=8)
FIRST, BEST = maker("local_search"), maker("local_search", improvement="best")
both = pytest.mark.parametrize("make", [FIRST, BEST], ids=["first", "best"])


def apart(one, other):
    """In how many genes two candidates differ."""
    return sum(one[name] != other[name] for name in one)


@both
@pytest.mark.parametrize("ahead", [1, 5])
def test_a_neighbour_differs_in_one_decision_from_a_trial_that_beat_all_before_it(make, ahead):
    trials = simulate(make, SPACE, hill, 60, ahead=ahead)
    climbed = [trial for trial in trials if trial.proposal.origin == "neighbour"]
    assert len(climbed) > 40
    for trial in climbed:
        (parent,) = trial.proposal.parents
        assert apart(trial.proposal.genotype, trials[parent].proposal.genotype) == 1


@both
def test_a_single_peak_is_climbed_without_a_second_start(make):
    for seed in range(5):
        trials = simulate(make, SPACE, hill, 120, seed=seed)
        top = next(trial.number for trial in trials if trial.values["value"] == 0)
        assert [trial.number for trial in trials[:top] if trial.proposal.origin == "random"] == [0]


@both
def test_at_a_local_optimum_it_starts_again(make):
    trials = simulate(make, SPACE, hill, 300)
    top = next(trial for trial in trials if trial.values["value"] == 0)
    around = [trial for trial in trials if apart(trial.proposal.genotype, top.proposal.genotype)]
    near = [t for t in around if apart(t.proposal.genotype, top.proposal.genotype) == 1]
    start = next(t for t in trials[top.number :] if t.proposal.origin == "random")
    assert len([trial for trial in near if trial.number < start.number]) == 3 * 7


def test_first_moves_at_once_and_best_only_when_it_knows_all_neighbours():
    for make, moves in ((FIRST, True), (BEST, False)):
        driven = Driven(make, SPACE, hill)
        driven.ask()
        driven.tell()
        better = None
        while better is None:
            proposal = driven.ask()
            start = driven.strategy._incumbent
            better = proposal if hill(proposal.genotype) > start.values["value"] else None
            driven.tell()
        assert (driven.ask().parents == (better.number,)) == moves


def test_best_waits_for_the_last_neighbours():
    driven = Driven(BEST, SPACE, hill)
    driven.ask()
    driven.tell()
    for _ in range(3 * 7):
        assert driven.ask().parents == (0,)
    assert driven.ask() is None
    while driven.pending:
        assert driven.ask() is None
        driven.tell()
    assert driven.ask().parents != (0,)


def test_several_starts_may_be_pending_and_the_best_is_climbed_from():
    driven = Driven(FIRST, SPACE, hill)
    starts = [driven.ask() for _ in range(4)]
    assert {start.origin for start in starts} == {"random"}
    while driven.pending:
        driven.tell()
    best = max(starts, key=lambda start: hill(start.genotype))
    assert driven.ask().parents == (best.number,)


def test_a_start_that_fails_is_replaced():
    driven = Driven(FIRST, SPACE, lambda genotype: math.nan)
    for _ in range(3):
        assert driven.ask().origin == "random"
        driven.tell()


def test_a_known_better_neighbour_is_moved_to_without_a_proposal():
    trials = simulate(FIRST, grid_space(genes=3, values=4), hilly, 60)
    starts = [trial.number for trial in trials if trial.proposal.origin == "random"]
    onward = [
        trial
        for trial in trials
        for start in [max(number for number in starts if number <= trial.number)]
        if any(parent < start for parent in trial.proposal.parents)
    ]
    assert onward  # from a trial that was made before the present start


def test_what_it_did_not_propose_is_a_start_too():
    driven = Driven(FIRST, SPACE, hill)
    given = [SPACE.sample(numpy.random.default_rng(seed)) for seed in range(3)]
    for number, genotype in enumerate(given):
        driven.strategy.tell(outcome(Proposal(number, genotype, "initial"), hill(genotype)))
    driven.asked = 3
    best = max(range(3), key=lambda number: hill(given[number]))
    assert driven.ask().parents == (best,)


def test_neighbours_come_in_an_order_of_chance():
    orders = set()
    for seed in range(5):
        trials = simulate(BEST, SPACE, lambda genotype: 0.0, 22, seed=seed)
        first = trials[0].proposal.genotype
        orders.add(tuple(apart_at(first, trial.proposal.genotype) for trial in trials[1:]))
    assert len(orders) == 5


def apart_at(one, other):
    return next(name for name in one if one[name] != other[name])


@both
def test_it_goes_on_where_nothing_can_be_learnt(make):
    assert len(simulate(make, varied_space(), hilly, 80, ahead=3)) == 80


def test_shuffled_neighbours_are_the_same_ones():
    start = varied_space().sample(numpy.random.default_rng(3))
    plain = [one.key for one in varied_space().neighbours(start)]
    shuffled = [one.key for one in varied_space().neighbours(start, numpy.random.default_rng(0))]
    assert sorted(plain) == sorted(shuffled)
    assert plain != shuffled


def test_several_objectives_are_refused():
    two = Objectives((Objective("value", "maximize"), Objective("params", "minimize")))
    with pytest.raises(ConfigError, match="local search optimises one metric"):
        FIRST(SPACE, two, 0)


def test_an_unknown_improvement_is_refused_by_name():
    with pytest.raises(ConfigError, match=r"strategy\.improvement: is 'frist'"):
        maker("local_search", improvement="frist")(SPACE, Objectives(()), 0)
