"""Runs compared by what they cost, where not every training is a whole one."""

from pathlib import Path

import pytest

from comparison.folders import run
from nas_hydra.comparison import compare
from nas_hydra.comparison.content import document
from nas_hydra.document.markdown import markdown
from nas_hydra.errors import ConfigError

RUNGS = [(0, 0.3, 1, None), (1, 0.9, 1, None), (2, 0.2, 1, None), (1, 0.6, 2, 1), (0, 0.8, 2, 0)]
"""Candidate, value, epochs in the end, and the trial gone on from; 0.9 is after 1 epoch."""


def halving(folder, seed=0, gain=0.0, option="halving", rungs=RUNGS):
    """A run of rungs: 5 epochs in all."""
    gained = [(one, value + gain, *more) for one, value, *more in rungs]
    return run(folder, [], seed=seed, choices={"fidelity": option}, rungs=gained)


@pytest.fixture
def both(tmp_path):
    for seed in range(3):
        halving(tmp_path / f"halving-{seed}", seed, seed / 100)
        run(tmp_path / f"full-{seed}", [0.5, 0.7 + seed / 100, 0.75], seed=seed)
    return tmp_path


def test_partial_runs_are_compared_by_epochs_at_the_highest_fidelity(both):
    found = compare([both])
    assert (found.axis, found.by) == ("epochs", ["fidelity"])
    (task,) = found.tasks
    groups = {one.group: one for one in task.groups}
    assert groups["halving"].final.middle == pytest.approx(0.81)
    assert groups["full"].final.middle == pytest.approx(0.71)  # after 4 of its 6 epochs
    assert groups["halving"].curves["epochs"].points[0] == 4
    assert [one.fidelity for one in found.runs] == [2] * 6
    assert [one.reached for one in found.runs if one.group == "halving"] == [5, 5, 5]
    assert any("after 5 epochs" in note for note in found.notes)
    assert any(
        "of the networks that were trained farthest count (full: 2 epochs, halving" in note
        for note in found.notes
    )
    assert {test.measure for test in task.tests} == {"epochs to target", "final value"}
    assert "compared by epochs trained" in markdown(document(found))


def test_seconds_and_trials_can_be_asked_for(both):
    seconds = compare([both], axis="seconds")
    assert seconds.axis == "seconds"
    assert seconds.tasks[0].sentences[-1].startswith("After 4 s, full was at 0.75")
    with pytest.raises(ConfigError, match="--axis epochs"):
        compare([both], axis="trials")
    trials = compare([both], axis="trials", allow_mixed=True)
    assert any("number is no cost" in note for note in trials.notes)


def test_runs_of_unlike_fidelity_are_told(both, tmp_path):
    halving(tmp_path / "lower", option="lower", rungs=RUNGS[:3])
    found = compare([both / "halving-0", tmp_path / "lower"], axis="epochs")
    assert {one.group: one.fidelity for one in found.runs} == {"halving": 2, "lower": 1}
    assert any("values do not mean the same" in note for note in found.notes)


def test_whole_trainings_are_compared_by_trials(tmp_path):
    run(tmp_path / "a", [0.5, 0.7], seed=0)
    run(tmp_path / "b", [0.4, 0.7], seed=1)
    assert compare([tmp_path]).axis == "trials"
    by_epochs = compare([Path(tmp_path)], axis="epochs")
    assert by_epochs.runs[0].reached == 4
