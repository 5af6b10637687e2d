"""What is told of a search whose trainings are not all whole ones."""

import csv
from dataclasses import replace

import pytest

from nas_hydra.document import Switch
from nas_hydra.document.markdown import markdown
from nas_hydra.report.files import RunFiles
from nas_hydra.report.history import History, lineage
from nas_hydra.report.next_steps import next_steps
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.run_page import run_page
from nas_hydra.report.summary import summarize
from nas_hydra.report.trained import Trained, all_had
from nas_hydra.search_space import Categorical
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


def page(run, trials, checkpoints=0):
    front = standing(*trials)
    genes = [Categorical("width", (1, 2, 3, 4, 5))]
    return run_page(Outcome(run, genes, trials, front, True, checkpoints=checkpoints))


def test_page_shows_what_was_trained_with_promotions_joined(run):
    document = page(run, halved(), checkpoints=2_000_000)
    (section,) = [one for one in document.shown if one.title == "What was trained"]
    text = markdown(document)
    assert "58 % of these are saved" in text
    assert "Checkpoints took 2 MB of disk at most." in text
    assert "| 3 | 2 | 1 | 0 | 0 |" in text
    (switch,) = [one for one in section.content if isinstance(one, Switch)]
    traces = {trace["name"]: trace for trace in switch.options["val_acc"].traces}
    assert list(traces) == ["ended before", "1 epoch", "3 epochs", "9 epochs", "winner"]
    assert [x for x in traces["winner"]["x"] if x] == [*range(1, 10)]
    assert [x for x in traces["3 epochs"]["x"] if x] == [1, 2, 3]


def test_page_compares_only_what_was_trained_as_far(run):
    document = page(run, halved())
    text = markdown(document)
    assert "Trial 5 won: val_acc 0.7, the best of 1 candidate trained for 9 epochs." in text
    (progress,) = [one for one in document.shown if one.title == "Progress"]
    traces = {one["name"]: one for one in progress.content[0].options["val_acc"].traces}
    assert len(traces["less trained"]["x"]) == 5
    assert len(traces["stopped"]["x"]) == len(traces["failed"]["x"]) == len(traces["trial"]["x"])
    assert traces["best so far"]["y"] == [*[None] * 5, 0.7, 0.7, 0.7]


def test_curves_without_epochs_are_points_at_the_rungs(run):
    trials = [replace(trial, curves={}) for trial in halved()]
    (section,) = [one for one in page(run, trials).shown if one.title == "What was trained"]
    (switch,) = [one for one in section.content if isinstance(one, Switch)]
    traces = {trace["name"]: trace for trace in switch.options["val_acc"].traces}
    assert [x for x in traces["winner"]["x"] if x] == [1, 3, 9]


def test_finalists_stand_beside_what_they_had_reached(run):
    last = rung(8, 0.8, 1, Fidelity(20, of=20))
    last = replace(last, proposal=replace(last.proposal, origin="finalist", parents=(5,)))
    text = markdown(page(run, [*halved(), last]))
    assert "| 8 | 5 | 0.7 | 20 | 0.8 | chosen |" in text
    assert "1 finalist took another 20 epochs; trial 8 won." in text


def test_page_of_whole_trainings_has_no_such_section(run):
    shown = page(replace(run, partial=False), halved()[:3]).shown
    assert "What was trained" not in [one.title for one in shown]


def test_population_is_of_those_that_were_trained_farthest(run):
    history = History(run.objectives, 20)
    for trial in halved()[:4]:
        history.take(trial)
    assert history.moment.population.mean == 0.55


def test_next_step_is_no_explanation_where_too_few_were_trained_as_far(run):
    summary = summarize(run, halved(), standing(*halved()))
    crowded = {**summary, "trials": {**summary["trials"], "complete": 12}}
    assert "why it won" not in next_steps(run, crowded)
    built = {"fidelity": {"_target_": "mine.Fidelity"}, "inherit": {"_target_": "mine.Inherit"}}
    trials = [rung(n, n / 20, n, Fidelity(1)) for n in range(12)]
    rich = replace(run, config={**CONFIG, **built})
    found = next_steps(rich, summarize(rich, trials, standing(*trials)))["why it won"]
    assert "trust=" not in found


def test_descent_tells_no_gain_between_trials_that_were_trained_unlike():
    steps = lineage(halved()[5], halved())
    assert [step.trial.number for step in steps] == [0, 3, 5]
    assert [step.gains for step in steps] == [{}, {}, {}]
