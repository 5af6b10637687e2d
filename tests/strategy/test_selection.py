"""Who has children and who survives: parents.py and survivors.py."""

from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective, Objectives
from nas_hydra.search_space import Genotype
from nas_hydra.strategy.parents import Tournament, Truncation, Uniform
from nas_hydra.strategy.survivors import Best, Offspring, Youngest
from nas_hydra.testing.strategy import outcome
from nas_hydra.trial import Proposal


def trials(values, first=0):
    return [
        outcome(Proposal(first + i, Genotype({}, str(first + i)), "random"), float(value))
        for i, value in enumerate(values)
    ]


def fitness(trial):
    return trial.values["value"]


VALUE = Objectives((Objective("value", "maximize"),))


def rng():
    return numpy.random.default_rng(0)


some = st.lists(st.integers(0, 5), min_size=1, max_size=8)


def test_a_tournament_of_all_is_won_by_the_fittest():
    assert Tournament(4)(trials([1, 3, 2, 0]), VALUE, rng()).number == 1


def test_of_equals_the_older_wins():
    assert Tournament(4)(trials([1, 3, 3, 3]), VALUE, rng()).number == 1


def test_a_tournament_of_one_is_uniform():
    drawn, generator = Counter(), rng()
    for _ in range(2000):
        drawn[Tournament(1)(trials([1, 2, 3, 4]), VALUE, generator).number] += 1
    assert all(400 < drawn[number] < 600 for number in range(4))


def test_the_weakest_never_wins_a_tournament():
    generator = rng()
    population = trials([5, 1, 3, 4])
    assert all(Tournament(2)(population, VALUE, generator).number != 1 for _ in range(300))


def test_truncation_takes_the_upper_share_only():
    generator = rng()
    drawn = {Truncation(0.5)(trials([1, 4, 2, 3]), VALUE, generator).number for _ in range(100)}
    assert drawn == {1, 3}
    assert Truncation(0.01)(trials([1, 4, 2, 3]), VALUE, generator).number == 1


def test_uniform_selection_takes_anybody():
    drawn, generator = Counter(), rng()
    for _ in range(2000):
        drawn[Uniform()(trials([1, 2, 3, 4]), VALUE, generator).number] += 1
    assert all(400 < drawn[number] < 600 for number in range(4))


@pytest.mark.parametrize(
    "make",
    [lambda: Tournament(0), lambda: Truncation(0.0), lambda: Truncation(1.5)],
)
def test_sizes_out_of_range_are_refused(make):
    with pytest.raises(ConfigError, match=r"allowed|needed"):
        make()


@pytest.mark.parametrize("survivors", [Best(), Offspring(), Youngest()])
@given(old=some, new=some, size=st.integers(1, 20))
def test_survivors_are_as_many_as_asked_for_and_distinct(survivors, old, new, size):
    population, children = trials(old), trials(new, first=len(old))
    kept = survivors(population, children, size, VALUE)
    assert len(kept) == min(size, len(old) + len(new)) == len({trial.number for trial in kept})


@given(old=some, new=some, size=st.integers(1, 8))
def test_each_keeps_whom_it_says(old, new, size):
    population, children = trials(old), trials(new, first=len(old))
    best = Best()(population, children, size, VALUE)
    assert fitness(best[0]) == max(old + new)
    young = Youngest()(population, children, size, VALUE)
    assert {t.number for t in young} == set(range(len(old) + len(new))[-size:])
    offspring = Offspring()(population, children, size, VALUE)
    assert sum(t.number >= len(old) for t in offspring) == min(size, len(new))
