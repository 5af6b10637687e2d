"""What is read of another run is what it recorded; reading leaves no trace."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from nas_hydra.errors import ConfigError
from nas_hydra.objective import objectives_from
from nas_hydra.record.past import CONFIG, HYDRA, read_run, read_search
from nas_hydra.record.storage import journal, storage
from nas_hydra.trial import Trial, duplicate
from record.records import complete, open_record, proposal

GIVEN = {"acc": {"direction": "maximize", "at_least": 0.5}, "params": {"at_most": 2000}}


@pytest.fixture
def trials() -> list[Trial]:
    """Told out of turn: complete, failed, a duplicate, complete with a curve."""
    first = complete(0)
    failed = Trial(proposal(1), "failed", error="too wide", seconds=2.0)
    again = duplicate(proposal(2), first)
    curved = complete(3, curves={"val_acc": (0.1, 0.25)})
    path = str(Path("run/journal.log"))
    objectives = objectives_from(GIVEN)
    record = open_record(journal(path), identity={"objective": GIVEN}, objectives=objectives)
    for trial in (curved, first, failed, again):
        record.add(trial)
    return [first, failed, again, curved]


def test_trials_come_in_ask_order_as_they_were(trials):
    past = read_run(Path("run"), "KEY")
    plain = [replace(t, proposal=replace(t.proposal, genotype=None)) for t in past.trials]
    assert plain == [replace(t, proposal=replace(t.proposal, genotype=None)) for t in trials]
    assert [dict(t.proposal.genotype) for t in past.trials] == [
        dict(t.proposal.genotype) for t in trials
    ]
    assert [t.key for t in past.trials] == [t.key for t in trials]
    assert past.objectives == objectives_from(GIVEN)
    assert (past.identity, past.spent) == ({"objective": GIVEN}, None)


def test_reading_leaves_no_trace(trials):
    before = Path("run/journal.log").read_bytes() + b'{"torn'
    Path("run/journal.log").write_bytes(before)
    assert len(read_run(Path("run"), "KEY").trials) == 4
    assert Path("run/journal.log").read_bytes() == before
    assert [path.name for path in Path("run").iterdir()] == ["journal.log"]


def test_a_finished_run_says_what_it_has_spent(trials):
    objectives = objectives_from(GIVEN)
    store = journal("run/journal.log")
    record = open_record(store, identity={"objective": GIVEN}, objectives=objectives)
    record.finish({"trials": 4})
    assert read_run(Path("run"), "KEY").spent == 4


def test_where_there_is_none_the_key_is_named():
    with pytest.raises(ConfigError, match=r"KEY: nowhere holds no journal\.log"):
        read_run(Path("nowhere"), "KEY")
    assert not Path("nowhere").exists()


def configured(folder: Path, **plain) -> Path:
    """A run's folder with its config, but no record."""
    choices = {"strategy": "random"}
    runtime = {"choices": choices, "output_dir": "/then/run", "cwd": str(Path().absolute())}
    (folder / ".hydra").mkdir(parents=True)
    (folder / CONFIG).write_text(yaml.dump(plain))
    (folder / HYDRA).write_text(yaml.dump({"hydra": {"runtime": runtime}}))
    return folder


def test_a_config_means_what_it_meant_in_the_run(trials):
    name = "${hydra:runtime.choices.strategy}-${seed}"
    roots = ["${hydra:runtime.output_dir}/images", "${width}"]
    configured(Path("run"), name=name, seed=1, dataset={"roots": roots}, width={"_choice_": [1, 2]})
    found = read_search(Path("run"), "KEY")
    config = found.origin
    assert config.opened().name == "random-1"
    assert config.opened().dataset.roots == ["/then/run/images", {"_choice_": [1, 2]}]
    assert config.plain["name"] == name
    assert found.past == read_run(Path("run"), "KEY")


def test_a_record_elsewhere_is_found_by_what_the_config_refers_to():
    open_record(storage("sqlite:///all.db"), "random-1").add(complete(0))
    open_record(storage("sqlite:///all.db"), "random-2")
    name = "${hydra:runtime.choices.strategy}-${seed}"
    record = {"study": "${name}", "storage": {"url": "sqlite:///all.db"}}
    folder = configured(Path("run"), name=name, seed=1, record=record)
    assert len(read_run(folder, "KEY").trials) == 1


@pytest.mark.parametrize("missing", [CONFIG, HYDRA])
def test_a_folder_without_a_config_is_no_search(missing, trials):
    (configured(Path("run"), seed=0) / missing).unlink()
    problem = f"KEY: run holds no {missing}; give the folder of one search"
    with pytest.raises(ConfigError, match=problem):
        read_search(Path("run"), "KEY")
