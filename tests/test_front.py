"""The best of the trials told so far, with one objective or several, with limits or without."""

from dataclasses import replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas_hydra.front import Front, by_fitness
from nas_hydra.objective import Limit, Objective, Objectives
from nas_hydra.objective.pareto import ranks
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal, Trial, duplicate
from trials import ONE, TWO, complete, standing, trials

LIMITED = Objectives(ONE.optimised, (Limit("params", at_most=100),))
PAIR = Objectives((Objective("up", "maximize"), Objective("down", "minimize")))
STEPS = st.integers(0, 5).map(float)


def trial(number: int, **values: float) -> Trial:
    """Complete, with values that are metrics too."""
    return Trial(Proposal(number, Genotype({}, str(number)), "random"), "complete", values, values)


def numbers(front: Front) -> list[int]:
    return [member.number for member in front.members]


def test_one_objective_has_one_member_of_equals_in_all_the_oldest():
    front = standing(*trials())
    assert (numbers(front), front.best.number) == ([2], 2)
    front.add(complete(4, 0.8, {}))
    assert numbers(front) == [2]


def test_nothing_complete_is_no_front():
    front = standing(trials()[1])
    assert (front.members, front.best, front.feasible) == ([], None, False)
    assert (front.reference, front.hypervolume) == ({}, 0.0)


def test_a_duplicate_is_no_second_member():
    first = complete(0, 0.5, {}, val_loss=1.0)
    again = duplicate(Proposal(1, first.proposal.genotype, "random"), first)
    assert numbers(standing(first, again, objectives=TWO)) == [0]


def limited(number: int, acc: float, params: float) -> Trial:
    return complete(number, acc, {}, params=params)


def test_feasible_comes_before_infeasible_and_then_the_least_violation():
    told = [
        limited(0, 0.9, 300),
        limited(1, 0.1, 200),
        limited(2, 0.8, 250),
        limited(3, 0.05, 100),
        limited(4, 0.2, 90),
        limited(5, 0.99, 101),
    ]
    fronts = [standing(*told[: end + 1], objectives=LIMITED) for end in range(len(told))]
    assert [front.best.number for front in fronts] == [0, 1, 1, 3, 4, 4]
    assert [front.infeasible for front in fronts] == [1, 2, 3, 3, 3, 4]
    assert [front.feasible for front in fronts] == [False] * 3 + [True] * 3


def test_the_reference_is_the_worst_feasible_value_or_the_given_one():
    told = [trial(0, up=1.0, down=5.0), trial(1, up=4.0, down=9.0), trial(2, up=2.0, down=2.0)]
    front = standing(*told, objectives=PAIR)
    assert front.reference == {"up": 1.0, "down": 9.0}
    assert front.hypervolume == (2 - 1) * (9 - 2)
    given = Objectives((PAIR[0], Objective("down", "minimize", reference=10.0)))
    front = standing(*told, objectives=given)
    assert front.reference == {"up": 1.0, "down": 10.0}
    assert front.hypervolume == (4 - 1) * (10 - 9) + (2 - 1) * (9 - 2)


@given(st.lists(st.tuples(STEPS, STEPS, STEPS), min_size=1, max_size=12))
def test_the_front_is_that_of_all_trials_at_once(values):
    objectives = Objectives((*PAIR, Objective("third", "maximize")))
    told = [trial(i, up=u, down=d, third=t) for i, (u, d, t) in enumerate(values)]
    fitness = numpy.array([objectives.fitness(one.values) for one in told])
    seen: set[tuple[float, ...]] = set()
    expected = []
    for number in numpy.flatnonzero(ranks(fitness) == 0):
        if tuple(fitness[number]) not in seen:  # of equals, the oldest
            expected.append(number)
        seen.add(tuple(fitness[number]))
    assert numbers(standing(*told, objectives=objectives)) == expected


@settings(max_examples=50)
@given(st.lists(st.tuples(STEPS, STEPS), min_size=1, max_size=12))
def test_a_runs_hypervolume_never_shrinks(values):
    front, last = Front(PAIR), 0.0
    for number, (up, down) in enumerate(values):
        front.add(trial(number, up=up, down=down))
        assert front.hypervolume >= last - 1e-12
        last = front.hypervolume


def equal(number: int, acc: float = 0.5, **metrics: float) -> Trial:
    """With an accuracy as its only value."""
    values = {"val_acc": acc}
    proposal = Proposal(number, Genotype({}, str(number)), "random")
    return Trial(proposal, "complete", values, {**values, **metrics})


TIED = [
    equal(0, val_loss=0.3, params=10.0),
    equal(1, val_loss=0.2, params=30.0),
    equal(2, val_loss=0.2, params=20.0),
    equal(3, val_loss=0.2, params=20.0),
    equal(4, val_loss=float("nan"), params=1.0),
    equal(5, acc=0.4, val_loss=0.1, params=1.0),
]


@given(st.permutations(TIED))
def test_of_equals_the_lowest_loss_wins_then_the_fewest_parameters_then_the_oldest(told):
    front = standing(*told)
    assert (numbers(front), front.best.number, front.ties) == ([2], 2, 4)
    assert front.decided_by == ["val_loss", "params"]
    assert numbers(standing(*told, objectives=PAIR_OF_EQUALS)) == [2, 5]
    assert by_fitness(TIED, ONE)[0].number == 2


PAIR_OF_EQUALS = Objectives((ONE[0], Objective("val_acc", "minimize")))


def test_what_is_an_objective_decides_no_tie_and_what_is_not_measured_neither():
    front = standing(complete(0, 0.5, {"a": 1}, val_loss=0.1), objectives=TWO)
    assert (front.decided_by, front.ties) == ([], 0)
    assert standing(equal(0), equal(1)).decided_by == []


def test_infeasible_ones_and_repeats_of_the_winner_do_not_tie():
    told = [limited(0, 0.9, 300), limited(1, 0.9, 300)]
    assert standing(*told, objectives=LIMITED).ties == 0
    assert standing(equal(0), replace(equal(1), proposal=equal(0).proposal)).ties == 0


def test_without_a_knee_the_first_objective_decides_or_the_one_that_is_named():
    told = [trial(0, up=0.379, down=1.0), trial(1, up=0.854, down=1.08)]
    front = standing(*told, objectives=PAIR)
    assert (front.best.number, front.chosen_by) == (1, "up")
    assert "has no knee" in front.choice
    named = standing(*told, objectives=replace(PAIR, choose="down"))
    assert (named.best.number, named.chosen_by) == (0, "down")
    assert "objective.choose" in named.choice


def test_the_best_is_the_knee():
    told = [trial(0, up=0.0, down=0.0), trial(1, up=0.9, down=300.0), trial(2, up=1.0, down=1e3)]
    front = standing(*told, objectives=PAIR)
    assert numbers(front) == [0, 1, 2]
    assert front.best.number == 1


def test_what_is_not_a_number_is_infeasible_without_end():
    front = standing(limited(0, 0.9, float("nan")), objectives=LIMITED)
    assert (front.feasible, front.best.number) == (False, 0)
    front.add(limited(1, 0.1, 1e9))
    assert front.best.number == 1
    assert front.reference == {}


@pytest.mark.parametrize("objectives", [ONE, TWO, LIMITED, PAIR])
def test_an_empty_front_has_no_best(objectives):
    assert Front(objectives).best is None
