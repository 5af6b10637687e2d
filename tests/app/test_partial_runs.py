"""What is made of a finished search whose trainings are not all whole ones."""

import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest

from comparison.folders import CONFIG, SPACE, run
from nas_hydra.app.finished import ExplainedSearch, explained_trials
from nas_hydra.app.warm_start import initial_candidates
from nas_hydra.explain.explaining import _notes
from nas_hydra.record.past import PastRun, read_run
from nas_hydra.retrain.retraining import longer_training
from nas_hydra.trial import Fidelity
from trials import ONE, halved, rung

CANDIDATES = 12


def past(trials) -> PastRun:
    return PastRun(None, {"trainer": {"max_epochs": 9}}, ONE, trials, len(trials))


def many() -> list:
    """12 candidates after 1 epoch and 10 of them after 3; one after 9, which is the third best."""
    first = [rung(n, n / 100, n, Fidelity(1)) for n in range(CANDIDATES)]
    then = [
        rung(CANDIDATES + n, 0.5 + n / 100, n, Fidelity(3, continues=n), had=1) for n in range(10)
    ]
    return [*first, *then, rung(22, 0.9, 7, Fidelity(9, continues=19), had=3)]


def test_explained_are_the_trials_of_the_highest_fidelity_with_enough_candidates():
    assert {trial.level for trial in explained_trials(past(many()))} == {3}
    assert {trial.level for trial in explained_trials(past(many()[:21]))} == {1}
    assert {trial.level for trial in explained_trials(past(many()[:5]))} == {1}
    assert explained_trials(past([])) == []


def test_explained_winner_is_that_of_the_search_among_those_it_is_compared_with():
    trials = [*many(), replace(halved()[6], proposal=replace(halved()[6].proposal, number=23))]
    own = past(trials)
    searched = ExplainedSearch(None, own, SPACE, True, ONE[0], explained_trials(own))
    assert searched.ranked[0].number == 21
    assert searched.winner.number == 19
    told = " ".join(_notes(searched))
    assert "Of 23 trials, this is about the 10 that were trained for 3 epochs" in told
    assert "1 trial stopped early have no value" not in told
    assert "1 trial was stopped early and has no value here" in told


def test_warm_start_takes_whole_trainings_over_and_the_others_as_candidates(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    rungs = [(0, 0.3, 1, None), (1, 0.9, 1, None), (0, 0.8, 2, 0)]
    folder = run(tmp_path / "run", [], rungs=rungs)
    known = read_run(folder, "run")
    assert CONFIG["trainer"]["max_epochs"] == 2
    found = initial_candidates(str(folder), SPACE, known.objectives, known.identity)
    assert [dict(one.genotype) for one in found] == [{"n": 1}, {"n": 0}]
    assert [one.known and one.known.metrics for one in found] == [None, {"val_acc": 0.8}]
    assert "1 to be evaluated anew (1 were not trained in full and from scratch)" in caplog.text


@pytest.mark.parametrize(
    ("origin", "epochs", "typed", "override", "told"),
    [
        ("finalist", 20, [], "trainer.max_epochs=20", "is a finalist"),
        ("finalist", 20, ["trainer.max_epochs=5"], "", ""),
        ("promotion", 3, [], "", "now it is trained in full, for 9"),
        ("promotion", 9, [], "", ""),
        ("random", None, [], "", ""),
    ],
)
def test_retraining_is_as_long_as_the_search_or_the_finalists(
    origin, epochs, typed, override, told, caplog
):
    caplog.set_level(logging.INFO)
    trial = rung(4, 0.5, 1, Fidelity(epochs))
    trial = replace(trial, proposal=replace(trial.proposal, origin=origin))
    searched = SimpleNamespace(plain={"trainer": {"max_epochs": 9}})
    assert longer_training(searched, [trial], typed) == override
    assert told in caplog.text
    assert bool(told) == bool(caplog.text)
