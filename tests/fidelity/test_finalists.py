"""Finalists: the best of a search, trained longer at its end."""

from dataclasses import replace

import pytest

from nas_hydra.fidelity.finalists import Finalists
from nas_hydra.front import Front
from nas_hydra.strategy.budget import Budgeted
from nas_hydra.testing.strategy import hilly, small_space, varied_space
from nas_hydra.trial import Fidelity
from strategy.strategies import maker
from strategy.test_budget import ONE, driven


def finalists(number=3, start="anew", trials=10, space=None, **limits) -> Finalists:
    within = maker("evolution")(space or varied_space(), ONE, 0)
    budgeted = Budgeted(within, ONE, {"trials": trials, **limits}, whole=4)
    return Finalists(budgeted, ONE, number, 8, start)


@pytest.mark.parametrize("ahead", [1, 4])
@pytest.mark.parametrize("start", ["anew", "go_on"])
def test_the_best_come_after_the_budget_and_the_winner_is_one_of_them(start, ahead):
    found = finalists(start=start)
    told = driven(found, ahead=ahead)
    search, final = told[:10], told[10:]
    best = sorted(search, key=lambda trial: -trial.values["value"])[:3]
    assert [trial.key for trial in final] == [trial.key for trial in best]
    assert {trial.proposal.origin for trial in final} == {"finalist"}
    assert [trial.proposal.parents for trial in final] == [(trial.number,) for trial in best]
    continued = {start == "go_on": trial.number for trial in best}.get(True)
    assert (final[-1].proposal.fidelity.continues is None) == (continued is None)
    assert {trial.proposal.fidelity.of for trial in final} == {8}
    assert Front(ONE, told).best in final
    assert found.ended.by == "budget.trials"


def test_they_learn_from_the_search_alone():
    alone = driven(Budgeted(finalists().strategy.strategy, ONE, {"trials": 10}))
    assert [one.key for one in driven(finalists())[:10]] == [one.key for one in alone]


def test_only_checkpoints_of_the_best_are_needed_to_go_on():
    found = finalists(start="go_on")
    told = driven(found, most=10)
    best = sorted(told, key=lambda trial: -trial.values["value"])[:3]
    assert found.needed == {trial.number for trial in best}
    assert finalists().needed == set()


def test_a_candidate_that_was_trained_as_long_is_no_finalist():
    found = finalists(number=2)
    within = found.strategy.strategy.ask
    longest = Fidelity(8)
    found.strategy.strategy.ask = lambda number, rng: replace(within(number, rng), fidelity=longest)
    assert len(driven(found)) == 10
    assert found.ended.by == "budget.trials"


@pytest.mark.parametrize("ahead", [1, 3])
@pytest.mark.parametrize("finished", [11, 12, 13])
def test_a_larger_budget_goes_on_after_the_finalists(ahead, finished):
    first = driven(finalists(), ahead=ahead)
    larger = finalists(trials=15)
    larger.resume(first[:finished])
    told = driven(larger, ahead=ahead)
    assert [one.key for one in told[:13]] == [one.key for one in first]
    origins = [one.proposal.origin == "finalist" for one in told]
    assert origins[10:18] == [True] * 3 + [False] * 5
    final = {one.key for one in told if one.proposal.origin == "finalist"}
    search = [one for one in told if one.proposal.origin != "finalist"]
    best = sorted(search, key=lambda trial: -trial.values["value"])[:3]
    assert final >= {one.key for one in best}
    assert len(final) == sum(origins)


def test_there_are_fewer_where_there_are_fewer_candidates():
    found = finalists(number=40, trials=100, space=small_space())
    assert len(driven(found)) == 48
    assert found.ended.by == "exhausted"


def test_none_where_nothing_was_completed():
    assert len(driven(finalists(), lambda genotype: float("nan"))) == 10
    assert len(driven(finalists(number=1, trials=1), hilly)) == 2
