"""What is told of a search whose trainings are not all whole ones."""

import csv
from dataclasses import replace

import pytest

from nas_hydra.report.files import RunFiles
from nas_hydra.report.summary import summarize
from nas_hydra.report.trained import Trained, all_had
from nas_hydra.trial import Fidelity, Proposal, duplicate
from trials import halved, rung, search, standing, told

CONFIG = {"trainer": {"max_epochs": 9}}


@pytest.fixture
def run(tmp_path):
    return search(tmp_path / "run", partial=True, config=CONFIG, genes=["width"], trials=8)


class Space:
    """Closes every genotype to itself."""

    def close(self, genotype):
        return dict(genotype)


def test_table_tells_how_each_network_was_trained(run):
    files = RunFiles(Space())
    files.start(run)
    for trial, front in told(*halved()):
        files.tell(trial, front, recorded=False)
    files.finish(None, 130)
    with (run.folder / "trials.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = ["epochs", "fidelity", "continues", "inherits", "inherited", "seconds"]
    assert list(rows[0])[5:11] == names
    assert [rows[5][name] for name in names[:-1]] == ["6", "9", "3", "", ""]
    assert [rows[6][name] for name in names[:-1]] == ["2", "2", "", "0", "0.5"]


def test_epochs_of_a_network_are_those_of_all_trials_that_it_went_through():
    trials = halved()
    again = duplicate(
        replace(Proposal(8, trials[5].proposal.genotype, "random"), fidelity=Fidelity(9)), trials[5]
    )
    assert [*all_had([*trials, again]).values()] == [1, 1, 1, 3, 3, 9, 2, 0, 9]


def test_summary_tells_rungs_and_what_was_saved(run):
    found = summarize(run, halved(), standing(*halved()), checkpoints=100)["trained"]
    assert found["epochs"] == 1 + 1 + 1 + 2 + 2 + 6 + 2
    assert found["full"] == 4 * 9  # the fifth has failed before an epoch was over
    assert found["saved"] == round(1 - 15 / 36, 4)
    assert found["fidelity"] == 9
    assert found["rungs"] == [
        {"epochs": 1, "reached": 3, "promoted": 2, "stopped": 0, "failed": 1},
        {"epochs": 3, "reached": 2, "promoted": 1, "stopped": 0, "failed": 0},
        {"epochs": 9, "reached": 1, "promoted": 0, "stopped": 1, "failed": 0},
    ]
    assert found["inherited"] == {"trials": 1, "share": 0.5}
    assert found["checkpoints"] == 100


def test_finalists_are_told_and_save_nothing(run):
    last = rung(8, 0.8, 1, Fidelity(20, of=20))
    last = replace(last, proposal=replace(last.proposal, origin="finalist", parents=(5,)))
    trials = [*halved(), last]
    found = summarize(run, trials, standing(*trials))["trained"]
    assert found["finalists"] == {"trials": [8], "of": [5], "epochs": 20, "chosen": 8}
    assert (found["epochs"], found["full"], found["fidelity"]) == (35, 36, 20)
    assert found["saved"] == round(1 - 15 / 36, 4)
    assert "checkpoints" not in found


def test_whole_trainings_are_told_as_ever(run):
    assert "trained" not in summarize(replace(run, partial=False), halved(), standing(*halved()))


def test_founders_are_those_that_were_trained_as_far_as_the_winner(run):
    bred = replace(halved()[1].proposal, number=8, origin="mutation")
    trials = [*halved(), replace(halved()[1], proposal=bred)]
    assert summarize(run, trials, standing(*trials))["founders"]["values"] == {"val_acc": 0.7}


def test_whole_training_is_what_the_config_says_or_the_longest(run):
    for config, epochs in (
        ({"evaluator": {"fidelities": {"12": "a", "200": "b"}}, "trainer": {"max_epochs": 5}}, 200),
        ({"evaluator": {"epochs": 30}}, 30),
        ({}, 9),
    ):
        assert Trained(replace(run, config=config), halved()).whole == epochs
