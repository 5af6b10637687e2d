"""Asynchronous successive halving."""

from dataclasses import replace

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fidelity.rungs import VALUE, around, halving, measured, noisy, plain, searched
from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective, Objectives
from nas_hydra.search_space import every
from nas_hydra.strategy.base import Initial, InitialCandidate, needed_by
from nas_hydra.testing.strategy import small_space, varied_space
from nas_hydra.trial import Evaluation, Fidelity
from strategy.strategies import maker


def lower(told, level):
    """Complete trials of a level, best first."""
    rung = [trial for trial in told if trial.complete and trial.level == level]
    return sorted(rung, key=lambda trial: (-trial.values["value"], trial.number))


def whole(genotype, level):
    """The same at every level."""
    return noisy(genotype, 9)


class Watch:
    """Makes sure, at each proposal, of what the paper says."""

    def __init__(self, reduction):
        self.reduction = reduction
        self.promoted = set()

    def __call__(self, proposal, told):
        last = proposal.fidelity.continues
        if last is None:
            assert proposal.fidelity.level == 1
            return
        trial = told[last]
        rung = lower(told, trial.level)
        due = int(len(rung) // self.reduction)
        assert trial in rung[:due], "not of the first 1 / reduction"
        better = rung[: rung.index(trial)]
        assert {one.number for one in better} <= self.promoted, "not the best"
        assert last not in self.promoted, "promoted twice"
        self.promoted.add(last)
        assert proposal.fidelity == Fidelity(epochs=3 * trial.level, continues=last)
        assert (proposal.origin, proposal.parents) == ("promotion", (last,))
        assert proposal.genotype == trial.proposal.genotype


@settings(max_examples=15)
@given(
    name=st.sampled_from(["random", "regularized_evolution"]),
    ahead=st.integers(1, 9),
    reduction=st.sampled_from([2.5, 3]),
    share=st.integers(0, 3),
)
def test_the_best_of_a_rung_go_on_once_each(name, ahead, reduction, share):
    def measure(genotype, level):
        fails = int(genotype.key, 16) % 7 < share
        return None if fails else noisy(genotype, level)

    strategy = around(halving, name, reduction=reduction)
    watch = Watch(reduction)
    trials = searched(strategy, 60, ahead=ahead, measure=measure, watch=watch)
    assert len(trials) == 60
    assert watch.promoted


@pytest.mark.parametrize("name", ["random", "evolution", "local_search", "surrogate_evolution"])
@pytest.mark.parametrize("ahead", [1, 4])
def test_one_rung_is_full(name, ahead):
    many = 9 if name == "surrogate_evolution" else 30
    rung = searched(around(halving, name, rungs=[9]), many, ahead, measure=whole)
    full = searched(around(plain, name), many, ahead, measure=whole)
    assert [(one.key, one.values) for one in rung] == [(one.key, one.values) for one in full]
    assert {trial.level for trial in rung} == {9}


def test_checkpoints_are_needed_of_what_may_go_on_and_their_number_is_bounded():
    strategy, most = around(halving, "random"), 0

    def watch(proposal, told):
        last = proposal.fidelity.continues
        assert last is None or last in needed
        needed.clear()

    needed = set()
    tell = strategy.tell

    def telling(trial):
        nonlocal most
        tell(trial)
        needed.update(needed_by(strategy))
        most = max(most, len(needed_by(strategy)))

    strategy.tell = telling
    trials = searched(strategy, 400, watch=watch)
    assert {trial.level for trial in trials} == {1, 3, 9}
    assert most < 2 * 12


def test_brackets_begin_at_their_rungs_and_share_the_cost():
    trials = searched(around(halving, "random", brackets=3), 300)
    begun = [trial.level for trial in trials if trial.proposal.fidelity.continues is None]
    assert {*begun} == {1, 3, 9}
    assert begun.count(1) > begun.count(3) > begun.count(9)


def test_what_is_known_counts_as_whole_and_is_not_promoted():
    space = varied_space()
    known = Evaluation({"value": 99.0}, 9, source="elsewhere")
    first = [InitialCandidate(space.sample(numpy.random.default_rng(1)), known)]
    strategy = halving(Initial(first, maker("random")(space, VALUE, 0)))
    trials = searched(strategy, 20)
    assert trials[0].proposal.fidelity == Fidelity(epochs=9)
    assert 0 not in {trial.proposal.fidelity.continues for trial in trials}


def test_of_several_objectives_the_front_goes_on():
    two = Objectives((Objective("value", "maximize"), Objective("size", "minimize")))
    inner = maker("random")(varied_space(), two, 0)
    trials = searched(halving(inner, two), 40, objectives=two)
    assert {trial.level for trial in trials} == {1, 3, 9}


def test_an_evolution_keeps_a_promoted_member_in_its_place():
    strategy = around(halving, "evolution")
    searched(strategy, 90)
    population = strategy.strategy.population
    assert len({trial.key for trial in population}) == len(population)
    assert any(trial.level > 1 for trial in population)


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_surrogate_learns_from_all_rungs(ahead):
    strategy = around(halving, "surrogate_evolution")
    trials = searched(strategy, 16, ahead)
    assert len({trial.level for trial in trials}) > 1


@pytest.mark.parametrize("name", ["random", "evolution", "local_search", "tpe"])
def test_a_small_space_is_searched_to_its_end(name):
    strategy = halving(maker(name)(small_space(), VALUE, 0))
    trials = searched(strategy, 100)
    assert {trial.key for trial in trials} == {one.key for one in every(small_space())}
    levels = [trial.level for trial in trials]
    assert levels.count(3) >= levels.count(1) // 3
    assert levels.count(9) >= levels.count(3) // 3 >= 2


@pytest.mark.parametrize(
    ("levels", "changes", "rungs"),
    [
        (range(1, 10), {}, [1, 3, 9]),
        (range(1, 11), {}, [1, 3, 10]),
        (range(1, 21), {}, [1, 3, 7, 20]),
        (range(1, 3), {}, [1, 2]),
        ([1], {}, [1]),
        (range(1, 21), {"minimum": 4, "maximum": 16, "reduction": 2}, [4, 8, 16]),
        ([12, 200], {}, [12, 200]),
        (range(1, 21), {"rungs": [20, 5]}, [5, 20]),
    ],
)
def test_rungs_are_spread_over_the_levels(levels, changes, rungs):
    made = halving(maker("random")(varied_space(), VALUE, 0), levels=list(levels), **changes)
    assert [rung.epochs for rung in made._brackets[0].rungs] == rungs


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"reduction": 1.5}, "fidelity.reduction", "at least 2"),
        ({"minimum": 5, "maximum": 4}, "fidelity.minimum", "1 to 4"),
        ({"minimum": 0}, "fidelity.minimum", "1 to 9"),
        ({"maximum": 30}, "fidelity.maximum", "1 to 9 epochs"),
        ({"rungs": [1, 12]}, "fidelity.rungs", "is 12; .* 1 to 9 epochs"),
        ({"brackets": 4}, "fidelity.brackets", "1 to 3"),
    ],
)
def test_what_are_no_rungs_is_refused(changes, key, words):
    with pytest.raises(ConfigError, match=words) as caught:
        around(halving, "random", **changes)
    assert caught.value.key == key


def test_a_duplicate_is_no_member():
    strategy = around(halving, "random")
    for number in range(6):
        trial = measured(strategy.ask(number, numpy.random.default_rng(number)), noisy, VALUE)
        strategy.tell(replace(trial, duplicate_of=0))
    assert needed_by(strategy) == set()
