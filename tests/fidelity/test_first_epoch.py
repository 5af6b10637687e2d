"""Everything for an epoch, then the best in full."""

import numpy
import pytest

from fidelity.rungs import LEVELS, VALUE, around, first_epoch, searched
from nas_hydra.errors import ConfigError
from nas_hydra.strategy.base import Initial, InitialCandidate, needed_by
from nas_hydra.testing.strategy import small_space, varied_space
from nas_hydra.trial import Evaluation, Fidelity
from strategy.strategies import maker


@pytest.mark.parametrize("name", ["random", "evolution", "tpe"])
@pytest.mark.parametrize("ahead", [1, 4])
def test_the_best_of_all_go_on_at_the_end(name, ahead):
    trials = searched(around(first_epoch, name, top=4), 40, ahead)
    first, last = trials[:36], trials[36:]
    assert {trial.proposal.fidelity for trial in first} == {Fidelity(epochs=1)}
    best = sorted(first, key=lambda trial: -trial.values["value"])[:4]
    assert [trial.proposal.fidelity.continues for trial in last] == [one.number for one in best]
    assert {trial.level for trial in last} == {LEVELS[-1]}


def test_only_their_checkpoints_are_needed():
    strategy = around(first_epoch, "random", top=4)
    first = searched(strategy, 36)
    best = sorted(first, key=lambda trial: -trial.values["value"])[:4]
    assert needed_by(strategy) == {trial.number for trial in best}


def test_a_space_that_is_exhausted_has_them_go_on():
    strategy = first_epoch(maker("random")(small_space(), VALUE, 0), top=5, trials=100)
    trials = searched(strategy, 100)
    assert [trial.level for trial in trials] == [1] * 24 + [9] * 5


@pytest.mark.parametrize("ahead", [1, 4])
def test_what_is_known_comes_beside_the_budget(ahead):
    space = varied_space()
    known = Evaluation({"value": 99.0}, 9, source="elsewhere")
    drawn = [space.sample(numpy.random.default_rng(seed)) for seed in range(2)]
    first = [InitialCandidate(one, known) for one in drawn]
    strategy = first_epoch(Initial(first, maker("random")(space, VALUE, 0)), top=3, trials=10)
    trials = searched(strategy, 12, ahead)
    assert [trial.level for trial in trials] == [9] * 2 + [1] * 7 + [9] * 3


def test_when_all_fail_nothing_goes_on():
    assert len(searched(around(first_epoch, "random"), 40, measure=lambda *_: None)) == 30


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"epochs": 12}, "fidelity.epochs", "1 to 9 epochs"),
        ({"epochs": 9}, "fidelity.epochs", "the whole training"),
        ({"top": 0}, "fidelity.top", "1 to 39"),
        ({"top": 40}, "fidelity.top", "budget.trials is 40"),
    ],
)
def test_what_leaves_nothing_to_choose_is_refused(changes, key, words):
    with pytest.raises(ConfigError, match=words) as caught:
        around(first_epoch, "random", **changes)
    assert caught.value.key == key
