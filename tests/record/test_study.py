import json
import math
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective
from nas_hydra.record.storage import journal, storage
from nas_hydra.trial import Trial, duplicate
from record.records import (
    IDENTITY,
    STORES,
    aged,
    complete,
    open_record,
    proposal,
)

numbers = st.floats(allow_nan=True, allow_infinity=True)
curves = st.dictionaries(st.text(max_size=5), st.lists(numbers, max_size=3).map(tuple), max_size=2)


def same(one, other):
    """Equality for which not a number is equal to itself, as is zero, whose sign SQLite drops."""
    texts = {repr(trial).replace("-0.0", "0.0") for trial in (one, other)}
    return len(texts) == 1 and one.proposal == other.proposal


@st.composite
def trials(draw):
    asked = proposal(draw(st.integers(0, 30)), seed=draw(st.integers(0, 3)))
    metrics = draw(st.dictionaries(st.text(max_size=5), numbers, max_size=3))
    rest = {
        "metrics": metrics,
        "epochs": draw(st.integers(0, 99)),
        "seconds": draw(st.floats(0, 99)),
        "curves": draw(curves),
    }
    state = draw(st.sampled_from(["complete", "failed", "pruned"]))
    if state == "complete":
        rest["values"] = {"acc": draw(st.floats(allow_nan=False, allow_infinity=False))}
        rest["duplicate_of"] = draw(st.none() | st.integers(0, 30))
    if state == "failed":
        rest["error"] = draw(st.text(max_size=20))
    return Trial(asked, state, **rest)


@pytest.mark.parametrize("store", STORES)
@given(given=st.lists(trials(), max_size=6))
@settings(max_examples=6, deadline=None)
def test_what_was_added_is_found_after_reopening(store, given):
    with tempfile.TemporaryDirectory() as name:
        record, first = open_record(STORES[store](Path(name))), {}
        for trial in given:
            record.add(trial)
            first.setdefault(trial.number, trial)
        for opened in (record, open_record(STORES[store](Path(name)))):
            assert len(opened) == len(first)
            for trial in first.values():
                assert same(opened.find(trial.proposal), trial)


@pytest.mark.parametrize("store", STORES)
def test_adding_a_number_twice_changes_nothing(store, tmp_path):
    record = open_record(STORES[store](tmp_path))
    record.add(complete(0))
    record.add(complete(0, epochs=99))
    assert len(record) == 1
    assert record.find(proposal(0)) == complete(0)


def test_adding_a_number_twice_writes_nothing(tmp_path):
    record = open_record(STORES["journal"](tmp_path))
    record.add(complete(0))
    file = tmp_path / "run" / "journal.log"
    before = file.read_bytes()
    record.add(complete(0))
    open_record(STORES["journal"](tmp_path)).add(complete(0))
    assert file.read_bytes() == before


def test_trials_may_be_recorded_ahead_of_their_turn(tmp_path):
    record = open_record(STORES["journal"](tmp_path))
    for number in (3, 0, 2):
        record.add(complete(number))
    opened = open_record(STORES["journal"](tmp_path))
    assert [opened.find(proposal(n)) is not None for n in range(4)] == [True, False, True, True]


def test_another_candidate_under_a_known_number_is_an_error(tmp_path):
    record = open_record(STORES["journal"](tmp_path))
    record.add(complete(0))
    for opened in (record, open_record(STORES["journal"](tmp_path))):
        with pytest.raises(
            ConfigError, match=r"trial 0 is another candidate.*Start in a new folder"
        ):
            opened.find(proposal(0, seed=1))


def test_duplicates_and_failures_come_back(tmp_path):
    first = complete(0)
    again = duplicate(proposal(0).__class__(7, first.proposal.genotype, "random"), first)
    broken = {"acc": math.nan, "loss": math.inf, "other": -math.inf, "np": numpy.float32(0.5)}
    failed = Trial(proposal(1), "failed", metrics=broken, error="acc is not a finite number")
    for store in STORES:
        record = open_record(STORES[store](tmp_path))
        for trial in (first, again, failed):
            record.add(trial)
        opened = open_record(STORES[store](tmp_path))
        assert opened.find(again.proposal) == again
        found = opened.find(failed.proposal)
        assert math.isnan(found.metrics["acc"])
        assert (found.metrics["loss"], found.metrics["other"]) == (math.inf, -math.inf)
        assert (found.error, found.values) == (failed.error, {})


def test_a_record_of_version_0_1_has_neither_curves_nor_digests(tmp_path, caplog):
    trials = [complete(n, curves={"val_acc": (0.1, 0.2)}) for n in range(4)]
    record = open_record(STORES["journal"](tmp_path))
    for trial in trials[:3]:
        record.add(trial)
    record.finish({"trials": 3})
    aged(tmp_path / "run" / "journal.log")
    opened = open_record(STORES["journal"](tmp_path))
    assert [opened.find(trial.proposal) for trial in trials] == [*map(complete, range(3)), None]
    assert opened.finished({"trials": 3})
    opened.add(trials[3])
    again = open_record(STORES["journal"](tmp_path))
    assert again.trials[2:] == [replace(complete(2), proposal=again.trials[2].proposal), trials[3]]
    assert again.numbers == [0, 1, 2, 3]
    assert not caplog.records


def test_the_journal_is_strict_json(tmp_path):
    def refuse(constant):
        raise AssertionError(constant)

    record = open_record(STORES["journal"](tmp_path))
    record.add(Trial(proposal(1), "failed", metrics={"acc": math.nan, "loss": math.inf}))
    record.add(complete(2, curves={"loss": (math.inf, math.nan)}))
    for line in (tmp_path / "run" / "journal.log").read_text().splitlines():
        json.loads(line, parse_constant=refuse)


@pytest.mark.parametrize("store", STORES)
def test_another_identity_is_an_error_that_says_what_differs(store, tmp_path):
    open_record(STORES[store](tmp_path))
    other = {**IDENTITY, "seed": 1, "strategy": {"name": "random", "sizes": [1, 3]}, "new": "x"}
    with pytest.raises(ConfigError) as caught:
        open_record(STORES[store](tmp_path), identity=other)
    assert "seed is 0 there and 1 here" in str(caught.value)
    assert "strategy.sizes.1 is 2 there and 3 here" in str(caught.value)
    assert "new is None there and 'x' here" in str(caught.value)
    assert "hydra.run.dir" in str(caught.value)


def test_many_differences_are_counted(tmp_path):
    open_record(STORES["journal"](tmp_path), identity={f"k{i}": 0 for i in range(8)})
    with pytest.raises(ConfigError, match="and 3 more"):
        open_record(STORES["journal"](tmp_path), identity={f"k{i}": 1 for i in range(8)})


@pytest.mark.parametrize("store", STORES)
def test_the_same_identity_is_welcome(store, tmp_path):
    open_record(STORES[store](tmp_path)).add(complete(0))
    again = {**IDENTITY, "strategy": {"sizes": (1, 2), "name": "random"}}
    assert len(open_record(STORES[store](tmp_path), identity=again)) == 1


def test_a_run_killed_before_it_claimed_its_study_can_start_again(tmp_path):
    store = STORES["journal"](tmp_path)
    optuna.create_study(storage=store, study_name="search", direction="maximize")
    open_record(STORES["journal"](tmp_path)).add(complete(0))


def test_a_foreign_study_is_left_alone(tmp_path):
    store = STORES["sqlite"](tmp_path)
    study = optuna.create_study(storage=store, study_name="search", direction="maximize")
    study.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(ConfigError, match="no search of ours"):
        open_record(STORES["sqlite"](tmp_path))


def test_runs_in_one_storage_do_not_mix(tmp_path):
    one = open_record(STORES["sqlite"](tmp_path), study="one")
    one.add(complete(0))
    two = open_record(STORES["sqlite"](tmp_path), study="two", identity={"seed": 5})
    assert two.find(proposal(0)) is None
    two.add(complete(1))
    assert (len(open_record(STORES["sqlite"](tmp_path), study="one")), len(two)) == (1, 1)


@pytest.mark.parametrize("store", STORES)
def test_a_spent_budget_is_noted(store, tmp_path):
    record = open_record(STORES[store](tmp_path))
    assert not record.finished({"trials": 5})
    record.finish({"trials": 5})
    assert record.finished({"trials": 5})
    assert not record.finished({"trials": 6})
    assert open_record(STORES[store](tmp_path)).finished({"trials": 5})


def test_several_objectives_are_known_by_name(tmp_path):
    both = [Objective("loss", "minimize"), Objective("acc", "maximize")]
    trial = complete(0, values={"acc": 0.9, "loss": 0.1})
    open_record(STORES["journal"](tmp_path), objectives=both).add(trial)
    for order in (both, both[::-1]):
        opened = open_record(STORES["journal"](tmp_path), objectives=order)
        assert opened.find(trial.proposal).values == {"loss": 0.1, "acc": 0.9}


@pytest.mark.parametrize("store", STORES)
def test_optuna_reads_the_study_as_its_own(store, tmp_path):
    record = open_record(STORES[store](tmp_path))
    for number in range(40):
        record.add(complete(number))
    record.add(Trial(proposal(40), "failed", error="no"))
    study = optuna.load_study(study_name="search", storage=STORES[store](tmp_path))
    assert study.best_value == 0.39
    assert study.metric_names == ["acc"]
    assert study.best_params == dict(proposal(39).genotype)
    importances = optuna.importance.get_param_importances(study)
    assert {"model.width", "model.mixed"} <= set(importances)
    duration = study.trials[0].duration.total_seconds()
    assert duration == pytest.approx(1.5, abs=0.5)


def test_optuna_prints_and_warns_nothing(tmp_path, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for store in STORES.values():
            open_record(store(tmp_path)).add(complete(0))
            open_record(store(tmp_path)).add(complete(1))
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_a_journal_line_torn_at_any_byte_costs_that_trial_only(tmp_path):
    record = open_record(STORES["journal"](tmp_path))
    for number in range(3):
        record.add(complete(number))
    whole = (tmp_path / "run" / "journal.log").read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    torn = tmp_path / "torn.log"
    for end in range(last, len(whole)):
        torn.write_bytes(whole[:end])
        opened = open_record(journal(str(torn)))
        assert [opened.find(proposal(n)) is not None for n in range(3)] == [True, True, False]
        if end % 40 == 0:
            opened.add(complete(2))
            assert len(open_record(journal(str(torn)))) == 3


@pytest.mark.long
def test_a_journal_torn_at_any_byte_can_be_opened(tmp_path):
    open_record(STORES["journal"](tmp_path))
    whole = (tmp_path / "run" / "journal.log").read_bytes()
    torn = tmp_path / "torn.log"
    for end in range(len(whole)):
        torn.write_bytes(whole[:end])
        open_record(journal(str(torn))).add(complete(0))


@pytest.mark.parametrize("content", [b"hello\nworld", b"hello\n", b"{}\n", b'{"op_code": 99}\n'])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(content, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"notes\.txt is no record"):
        open_record(journal(str(file)))
    assert file.read_bytes() == content


def test_a_folder_in_the_place_of_the_journal_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot write"):
        journal(str(tmp_path))


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite:////no/such/folder/x.db", "mysql+no://x"])
def test_a_storage_that_does_not_open_is_refused(url):
    with pytest.raises(ConfigError) as caught:
        storage(url)
    assert caught.value.key == "record.storage.url"


def test_the_password_of_a_storage_is_not_told():
    with pytest.raises(ConfigError) as caught:
        storage("mysql+no://me:secret@host/db")
    assert "secret" not in str(caught.value)


def test_every_gene_has_a_distribution_that_takes_its_decisions():
    record = open_record(optuna.storages.InMemoryStorage())
    for number in range(300):
        record.add(complete(number))
    assert len(record) == 300


@pytest.mark.parametrize("store", STORES)
def test_where_a_trial_came_from_is_kept(store, tmp_path):
    known = complete(0, source="trial 3 of elsewhere")
    open_record(STORES[store](tmp_path)).add(known)
    assert open_record(STORES[store](tmp_path)).find(known.proposal) == known
