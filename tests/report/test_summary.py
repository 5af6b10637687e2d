"""The search in numbers: how far it came, where that is known."""

from dataclasses import replace

import pytest

from nas_hydra.objective import Limit, Objectives
from nas_hydra.report.summary import summarize
from nas_hydra.trial import Trial
from trials import ONE, TWO, complete, search, standing

FIRST = complete(0, 0.5, {"width": 16}, val_loss=0.25)
SECOND = complete(1, 0.75, {"width": 32}, val_loss=0.5)


@pytest.fixture
def told(tmp_path):
    def summary(objectives: Objectives, **optimum: float) -> dict:
        run = search(tmp_path / "run", objectives=objectives, optimum=optimum)
        return summarize(run, [FIRST, SECOND], standing(FIRST, SECOND, objectives=objectives))

    return summary


def test_regret_is_the_distance_from_the_optimum(told):
    summary = told(ONE, val_acc=1.0)
    assert summary["optimum"] == {"val_acc": 1.0}
    assert summary["regret"] == {"val_acc": 0.25}


def test_each_objective_has_the_regret_of_its_best_trial(told):
    assert told(TWO, val_acc=0.75, val_loss=0.125)["regret"] == {"val_acc": 0.0, "val_loss": 0.125}


def test_an_objective_without_an_optimum_has_no_regret(told):
    assert told(TWO, val_loss=0.25)["regret"] == {"val_loss": 0.0}
    assert "optimum" not in told(TWO)


def test_what_breaks_a_limit_has_no_regret(told):
    summary = told(Objectives(ONE.optimised, (Limit("val_loss", at_most=0.1),)), val_acc=1.0)
    assert summary["regret"] == {}


def founding(trial: Trial) -> Trial:
    """The same trial, as a founder."""
    return replace(trial, proposal=replace(trial.proposal, origin="random"))


def test_founders_are_the_random_candidates_before_the_first_that_was_bred(tmp_path):
    run = search(tmp_path / "run", objectives=ONE)
    third = founding(complete(2, 0.9, {"width": 64}))  # random again, long after
    told = [founding(FIRST), SECOND, third]
    found = summarize(run, told, standing(*told))["founders"]
    assert found == {"trials": 1, "values": {"val_acc": 0.5, "val_loss": 0.25}}


def test_what_only_draws_at_random_has_no_founders(tmp_path):
    run = search(tmp_path / "run", objectives=ONE)
    assert "founders" not in summarize(run, [founding(FIRST)], standing(founding(FIRST)))
