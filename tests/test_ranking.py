"""Trials from the best to the worst."""

import numpy
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.front import by_domination, by_fitness
from nas_hydra.objective import Limit, Objective, Objectives
from nas_hydra.objective.pareto import dominates
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal, Trial

LIMITS = (Limit("size", at_most=10.0),)
ONE = Objectives((Objective("loss", "minimize"),), LIMITS)
TWO = Objectives((Objective("loss", "minimize"), Objective("acc", "maximize")), LIMITS)
STEPS = st.integers(0, 4).map(float)


def made(number: int, loss: float, acc: float = 0.0, size: float = 1.0) -> Trial:
    values = {"loss": loss, "acc": acc}
    proposal = Proposal(number, Genotype({}, str(number)), "random")
    return Trial(proposal, "complete", values, {**values, "size": size})


def numbers(trials: list[Trial]) -> list[int]:
    return [trial.number for trial in trials]


def test_one_objective_ranks_feasible_ones_by_it_and_others_by_their_violation():
    trials = [made(0, 1.0, size=30), made(1, 3.0), made(2, 2.0), made(3, 0.0, size=20)]
    assert numbers(by_fitness(trials, ONE)) == [2, 1, 3, 0]


def test_of_equals_the_older_is_first():
    trials = [made(2, 1.0), made(0, 1.0), made(1, 1.0), made(4, 0.0, size=20), made(3, 1, size=20)]
    assert numbers(by_fitness(trials, ONE)) == [0, 1, 2, 3, 4]
    assert numbers(by_domination(trials, TWO)) == [0, 1, 2, 3, 4]


def test_several_objectives_rank_by_front_then_by_crowding_distance():
    front = [made(0, 0.0, 0.0), made(1, 1.0, 1.0), made(2, 1.1, 1.1), made(3, 9.0, 9.0)]
    dominated = [made(4, 9.5, 0.5), made(5, 1.2, 0.9)]
    infeasible = [made(6, -1.0, 99.0, size=12), made(7, -1.0, 99.0, size=11)]
    ranked = numbers(by_domination([*infeasible, *dominated, *front], TWO))
    assert ranked == [0, 3, 2, 1, 5, 4, 7, 6]


def test_nothing_is_ranked_as_nothing():
    assert by_fitness([], ONE) == by_domination([], TWO) == []


@given(st.lists(st.tuples(STEPS, STEPS, st.sampled_from([1.0, 20.0])), max_size=12))
def test_nobody_stands_behind_one_that_it_dominates(values):
    ranked = by_domination([made(n, *given) for n, given in enumerate(values)], TWO)
    assert sorted(numbers(ranked)) == list(range(len(values)))
    for place, ahead in enumerate(ranked):
        for behind in ranked[place:]:
            over = [TWO.violation(trial.metrics) for trial in (ahead, behind)]
            assert over[0] <= over[1]
            if over == [0.0, 0.0]:
                one, other = (numpy.array(TWO.fitness(t.values)) for t in (behind, ahead))
                assert not dominates(one, other)


@given(st.lists(st.tuples(STEPS, STEPS), max_size=12))
def test_with_one_objective_both_rankings_are_one(values):
    trials = [made(n, loss, size=size * 5) for n, (loss, size) in enumerate(values)]
    assert numbers(by_domination(trials, ONE)) == numbers(by_fitness(trials, ONE))
