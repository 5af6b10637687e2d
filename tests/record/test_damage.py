"""What is read of a record is what was written, or is said not to be."""

import json
import random
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import optuna
import pytest

from command import nas_hydra, rows
from integration.cells import CELLS, write_cells
from nas_hydra.cli.compare import run as compare
from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective
from nas_hydra.record.past import PastRun, read_run
from nas_hydra.record.storage import journal, storage
from nas_hydra.trial import Trial, duplicate
from record.records import aged, complete, open_record, proposal

BOTH = [Objective("acc", "maximize"), Objective("loss", "minimize")]
JOURNAL = Path("run/journal.log")


def searched(number: int) -> Trial:
    """One of ten trials of all kinds."""
    if number == 3:
        return Trial(proposal(3), "failed", metrics={"acc": float("nan")}, error="too wide")
    if number == 7:
        return duplicate(proposal(7), searched(2))
    values = {"acc": number / 100, "loss": 1.0 / (number + 1)}
    metrics = {**values, "params": 1000.0}
    return complete(number, values=values, metrics=metrics, curves={"acc": (0.1, number / 100)})


def write(store, numbers=range(10)) -> None:
    record = open_record(store, objectives=BOTH)
    for number in numbers:
        record.add(searched(number))
    record.finish({"trials": len(numbers)})


JOURNAL_OPENS = (
    lambda: read_run(JOURNAL.parent, "KEY"),
    lambda: open_record(journal(str(JOURNAL)), objectives=BOTH).trials,
)


def flipped(content: bytes, rng: random.Random) -> bytes:
    """With one bit, or one whole byte, another."""
    place, damaged = rng.randrange(len(content)), bytearray(content)
    mask = 1 << rng.randrange(8) if rng.random() < 0.5 else rng.randrange(1, 256)
    damaged[place] ^= mask
    return bytes(damaged)


def plain(trials):
    """Trials as text: what is not a number is equal to itself."""
    return [repr((t, dict(t.proposal.genotype), t.key)) for t in trials]


@pytest.mark.parametrize("flips", [40, pytest.param(600, marks=pytest.mark.long)])
def test_a_flipped_byte_changes_no_trial_without_a_word(flips, caplog):
    write(journal(str(JOURNAL)))
    content, rng = JOURNAL.read_bytes(), random.Random(flips)
    whole = read_run(JOURNAL.parent, "KEY")
    for _ in range(flips):
        JOURNAL.write_bytes(flipped(content, rng))
        caplog.clear()
        try:
            past = read_run(JOURNAL.parent, "KEY")
        except ConfigError:
            continue
        told = bool(caplog.records)
        assert past.identity == whole.identity
        assert told or (plain(past.trials), past.spent) == (plain(whole.trials), whole.spent)
        assert set(plain(past.trials)) <= set(plain(whole.trials))
        if told:
            check_resumed(whole)
            assert plain(read_run(JOURNAL.parent, "KEY").trials) == plain(whole.trials)
    assert JOURNAL.with_name("journal.log.1").exists()


def check_resumed(whole: PastRun) -> None:
    """Go on with a search whose journal is damaged."""
    record = open_record(journal(str(JOURNAL)), objectives=BOTH)
    assert set(plain(record.trials)) <= set(plain(whole.trials))
    for number in range(10):
        record.add(searched(number))
    record.finish({"trials": 10})


def test_a_flipped_byte_of_an_old_journal_is_no_fault_of_ours():
    write(journal(str(JOURNAL)))
    aged(JOURNAL)
    content, rng = JOURNAL.read_bytes(), random.Random(0)
    for _ in range(100):
        JOURNAL.write_bytes(flipped(content, rng))
        for opened in JOURNAL_OPENS:
            with suppress(ConfigError):
                opened()


def lines() -> list[bytes]:
    return JOURNAL.read_bytes().splitlines(keepends=True)


def trial_line(number: int) -> int:
    return next(n for n, line in enumerate(lines()) if b'{"number":%d,' % number in line)


def edited(number: int, change) -> None:
    """Change what the journal says of a trial, as if it had been written so; a digest stays."""
    held, place = lines(), trial_line(number)
    event = json.loads(held[place])
    change(event)
    event.pop("digest")
    held[place] = json.dumps(event).encode() + b"\n"
    JOURNAL.write_bytes(b"".join(held))


@pytest.mark.parametrize(
    "change",
    [
        lambda event: event.update(state=3, values=None),
        lambda event: event["values"].reverse(),
        lambda event: event["params"].update({"model.depth": 4.0}),
        lambda event: event["user_attrs"].update(number=40),
        lambda event: event["user_attrs"].update(epochs=4),
        lambda event: event["user_attrs"]["curves"]["acc"].append(0.5),
        lambda event: event["user_attrs"].pop("source"),
        lambda event: event["user_attrs"].update(more=1),
        lambda event: event["distributions"].update(
            {"model.width": event["distributions"]["model.width"].replace("64", "65")}
        ),
    ],
)
def test_an_edited_trial_is_left_out_and_evaluated_again(change, caplog):
    write(journal(str(JOURNAL)))
    edited(4, change)
    assert [t.number for t in read_run(JOURNAL.parent, "KEY").trials] == [0, 1, 2, 3, *range(5, 10)]
    assert "the record of run lacks trials that are damaged or lost: '4'" in caplog.text.replace(
        "'40', ", ""
    ).replace(", '40'", "")
    record = open_record(journal(str(JOURNAL)), objectives=BOTH)
    assert not record.finished({"trials": 10})
    assert record.find(proposal(4)) is None
    record.add(searched(4))
    record.finish({"trials": 10})
    assert open_record(journal(str(JOURNAL)), objectives=BOTH).finished({"trials": 10})
    assert len(read_run(JOURNAL.parent, "KEY").trials) == 10


def test_lines_that_are_swapped_or_doubled_change_nothing(caplog):
    write(journal(str(JOURNAL)), [1, 0, 3, 2])
    whole = read_run(JOURNAL.parent, "KEY")
    held, (one, other) = lines(), map(trial_line, (0, 2))
    held[one], held[other] = held[other], held[one] * 2
    JOURNAL.write_bytes(b"".join(held))
    assert plain(read_run(JOURNAL.parent, "KEY").trials) == plain(whole.trials)
    assert open_record(journal(str(JOURNAL)), objectives=BOTH).numbers == [1, 0, 3, 2]
    assert not caplog.records


@pytest.mark.parametrize("gone", [0, 4, 9])
def test_a_trial_that_has_gone_is_named(gone, caplog):
    write(journal(str(JOURNAL)))
    held = lines()
    del held[trial_line(gone)]
    JOURNAL.write_bytes(b"".join(held))
    assert len(read_run(JOURNAL.parent, "KEY").trials) == 9
    assert f"lacks trials that are damaged or lost: '{gone}'; the search's own" in caplog.text


def test_trials_that_are_still_under_way_are_not_missing(caplog):
    record = open_record(journal(str(JOURNAL)), objectives=BOTH)
    for number in (5, 0, 2):
        record.add(searched(number))
    assert [t.number for t in read_run(JOURNAL.parent, "KEY").trials] == [0, 2, 5]
    assert not caplog.records


def test_two_different_trials_of_one_number_are_refused():
    write(journal(str(JOURNAL)), range(5))
    aged(JOURNAL)
    edited_number = JOURNAL.read_bytes().replace(b'{"number":4,', b'{"number":3,')
    JOURNAL.write_bytes(edited_number)
    with pytest.raises(ConfigError, match=r"KEY: the record of run has two different trials 3"):
        read_run(JOURNAL.parent, "KEY")


@pytest.fixture(scope="module")
def written_once(tmp_path_factory) -> Path:
    """A database with the ten trials; to make its tables takes a second."""
    file = tmp_path_factory.mktemp("database") / "all.db"
    write(storage(f"sqlite:///{file}"))
    return file


@pytest.fixture
def database(written_once):
    """A copy of it."""
    shutil.copyfile(written_once, "all.db")


def execute(statement: str) -> None:
    with sqlite3.connect("all.db") as database:
        assert database.execute(statement).rowcount == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trials SET state = 'FAIL' WHERE number = 4",
        "UPDATE trial_values SET value = 0.99 WHERE trial_id = 5 AND objective = 0",
        "UPDATE trial_params SET param_value = 1 - param_value WHERE trial_id = 5"
        " AND param_name = 'model.pool'",
        "UPDATE trial_user_attributes SET value_json = '9' WHERE trial_id = 5 AND key = 'epochs'",
        "DELETE FROM trial_user_attributes WHERE trial_id = 5 AND key = 'metrics'",
        "UPDATE trial_user_attributes SET key = 'x' WHERE trial_id = 5 AND key = 'source'",
    ],
)
def test_an_edited_trial_of_a_database_is_left_out_and_evaluated_again(statement, database, caplog):
    execute(statement)
    for _ in range(2):
        record = open_record(storage("sqlite:///all.db"), objectives=BOTH)
        assert record.find(proposal(4)) is None
        assert "lacks trials that are damaged or lost: '4'" in caplog.text
        caplog.clear()
    record.add(searched(4))
    record = open_record(storage("sqlite:///all.db"), objectives=BOTH)
    assert plain(record.trials) == plain(map(searched, range(10)))
    assert not caplog.records


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE study_user_attributes SET value_json = '{}' WHERE key = 'identity'", "settings"),
        ("UPDATE study_directions SET direction = 'MINIMIZE' WHERE objective = 0", "settings"),
        ("DELETE FROM study_directions WHERE objective = 0", "damaged"),
        ('UPDATE study_system_attributes SET value_json = \'["loss", "acc"]\'', "settings"),
        ("UPDATE study_user_attributes SET value_json = 'x' WHERE key = 'identity'", "damaged"),
        ("UPDATE trials SET state = 'GOOD' WHERE number = 4", "damaged"),
        ("DELETE FROM trial_values WHERE trial_id = 5 AND objective = 0", "damaged"),
    ],
)
def test_a_database_that_tells_other_things_of_its_study_is_refused(statement, problem, database):
    execute(statement)
    with pytest.raises(ConfigError, match=problem):
        open_record(storage("sqlite:///all.db"), objectives=BOTH)


def test_an_edited_ending_counts_as_none(database, caplog):
    execute(
        "UPDATE study_user_attributes SET value_json = replace(value_json, '\"trials\": 10', "
        "'\"trials\": 9') WHERE key = 'finished'"
    )
    record = open_record(storage("sqlite:///all.db"), objectives=BOTH)
    assert not record.finished({"trials": 9})
    assert "counts as unfinished" in caplog.text


def test_digests_are_the_same_whichever_storage_holds_a_trial(database, caplog):
    held, kept = storage("sqlite:///all.db"), journal("copy/journal.log")
    for there, here, name in ((held, kept, "search"), (kept, held, "again")):
        optuna.copy_study(
            from_study_name="search", from_storage=there, to_storage=here, to_study_name=name
        )
        record = open_record(here, name, objectives=BOTH)
        assert plain(record.trials) == plain(map(searched, range(10)))
        assert record.finished({"trials": 10})
    assert not caplog.records


@pytest.mark.long
def test_a_damaged_trial_is_named_by_those_who_read_it_and_evaluated_by_its_search(
    monkeypatch, capsys
):
    write_cells(Path("cells.csv"))
    search = (*CELLS, "budget.trials=6")
    assert nas_hydra(monkeypatch, *search) == 0
    whole, kept = rows(Path("run")), JOURNAL.read_bytes()
    held = lines()
    place = trial_line(3)
    held[place] = held[place].replace(b'"state":1', b'"state":3')
    JOURNAL.write_bytes(b"".join(held))
    capsys.readouterr()
    assert compare(["nas-hydra-compare", "run"]) == 0
    assert "the record of run lacks trials that are damaged or lost: '3'" in capsys.readouterr().err
    assert nas_hydra(monkeypatch, *search) == 0
    said = capsys.readouterr().err
    assert "(trial 3) is damaged" in said
    assert "as it was, it is run/journal.log.1" in said.replace(str(Path().absolute()) + "/", "")
    assert rows(Path("run")) == whole
    assert Path("run/journal.log.1").read_bytes() != kept
    assert nas_hydra(monkeypatch, *search) == 0
    said = capsys.readouterr().err
    assert "is damaged" not in said
    assert "is finished already" in said
    held = kept.splitlines(keepends=True)
    held[0] = held[0].replace(b'"search"', b'"sfarch"')
    JOURNAL.write_bytes(b"".join(held))
    for command in (lambda: nas_hydra(monkeypatch, *search), lambda: compare(["c", "run"])):
        assert command() == 2
        said = capsys.readouterr().err
        assert said.count("journal.log is no record of a search, or is damaged: line 1: it is") == 1
        assert "Traceback" not in said
