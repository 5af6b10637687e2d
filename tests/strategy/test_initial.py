"""A warm start, whatever the strategy."""

import pytest

from nas_hydra.search_space import every
from nas_hydra.strategy.base import Initial, InitialCandidate
from nas_hydra.testing.strategy import simulate, small_space, smooth, varied_space
from nas_hydra.trial import Evaluation
from strategy.strategies import STRATEGIES, maker

GIVEN = list(every(small_space()))[3:13]


def warm(make):
    def made(space, objectives, seed):
        return Initial([InitialCandidate(one) for one in GIVEN], make(space, objectives, seed))

    return made


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("ahead", [1, 4])
def test_given_candidates_come_first_and_are_not_proposed_again(name, ahead):
    trials = simulate(warm(STRATEGIES[name]), small_space(), smooth, 40, ahead=ahead)
    first, later = trials[: len(GIVEN)], trials[len(GIVEN) :]
    assert [trial.key for trial in first] == [one.key for one in GIVEN]
    assert {trial.proposal.origin for trial in first} == {"initial"}
    assert "initial" not in {trial.proposal.origin for trial in later}
    assert len({trial.key for trial in trials}) == len(trials) == 24


@pytest.mark.parametrize("name", ["evolution-steady", "regularized_evolution", "local_search"])
def test_a_strategy_builds_on_what_it_did_not_propose(name):
    trials = simulate(warm(STRATEGIES[name]), small_space(), smooth, 14)
    parents = {parent for trial in trials for parent in trial.proposal.parents}
    assert any(parent < len(GIVEN) for parent in parents)


def test_what_is_known_goes_with_the_proposal():
    known = Evaluation({"value": 0.5}, 3, 1.5, source="trial 4 of there")
    start = Initial(
        [InitialCandidate(GIVEN[0], known), InitialCandidate(GIVEN[1])], maker("random")
    )
    first, second = (start.ask(number, None) for number in (0, 1))
    assert (first.known, second.known) == (known, None)


def test_without_learning_the_rest_is_as_it_would_have_been():
    space = varied_space()
    plain = simulate(maker("random"), space, smooth, 12)

    def made(space, objectives, seed):
        first = [InitialCandidate(trial.proposal.genotype) for trial in plain[:5]]
        return Initial(first, maker("random")(space, objectives, seed))

    assert [t.key for t in simulate(made, space, smooth, 12)] == [t.key for t in plain]
