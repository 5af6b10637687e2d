"""Whole searches on worker processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import psutil
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from command import finish, nas_hydra, rows
from engine.evaluators import ended

LONG = pytest.mark.long
TESTS = Path(__file__).parents[1]
POOL = ("engine=processes", "tracker=none", "report=false", "hydra.run.dir=run")
REAL = (
    *("tracker=none", "report=false", "dataset.limit=100", "trainer.max_epochs=1"),
    *("search_space.width._choice_=[8]", "strategy.population_size=4"),
)
"""Real training, a tenth of a second each."""


def measuring(evaluator: str) -> str:
    """The override that has candidates measured by an evaluator of the tests."""
    return f"evaluator={{_target_:engine.evaluators.{evaluator}}}"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


def recorded() -> list[int]:
    """The numbers in the record, in its order."""
    storage = JournalStorage(JournalFileBackend("run/journal.log"))
    study = optuna.load_study(study_name="search", storage=storage)
    return [trial.user_attrs["number"] for trial in study.trials]


def told() -> list[int]:
    """The numbers in the table of trials, in its order."""
    return [int(row["number"]) for row in rows(Path("run"))]


class Command:
    """A command in a session of its own, followed until it has told so many trials."""

    def __init__(self, *overrides: str, trials: int) -> None:
        code = "from nas_hydra.cli import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *overrides],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        seen = 0
        for line in self.process.stderr:
            seen += line[:4].strip().isdigit()
            if seen == trials:
                break
        family = psutil.Process(self.process.pid).children()
        self.workers = [one.pid for one in family if "spawn_main" in " ".join(one.cmdline())]

    def end(self, signal_number: int) -> str:
        """What it prints after a signal to its whole session."""
        os.killpg(self.process.pid, signal_number)
        return self.process.communicate()[1]


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=LONG), pytest.param(4, marks=LONG)])
def test_one_seed_is_one_list_of_trials_whatever_the_number_of_workers(monkeypatch, workers):
    common = (*REAL, "budget.trials=8", "engine.ahead=4")
    assert nas_hydra(monkeypatch, *common, "engine=serial", "hydra.run.dir=serial") == 0
    settings = ("engine=processes", f"engine.workers={workers}", "hydra.run.dir=pool")
    assert nas_hydra(monkeypatch, *common, *settings) == 0
    assert rows(Path("pool")) == rows(Path("serial"))
    assert Path("pool/best.yaml").read_text() == Path("serial/best.yaml").read_text()
    assert len(rows(Path("serial"))) == 8


def meddled(monkeypatch, folder: str, *engine: str) -> list[dict[str, str]]:
    """The trials of a search some of whose candidates change all that they can reach."""
    network = "{_target_:engine.meddler.Meddler,width:8,meddling:{_choice_:[true,false]}}"
    space = ("~search_space.width", "~search_space.model", f"+search_space.model={network}")
    rates = "optimizer.lr={_float_:{low:0.01,high:0.1}}"
    settings = ("strategy=random", "budget.trials=8", "engine.ahead=8", f"hydra.run.dir={folder}")
    monkeypatch.syspath_prepend(TESTS)
    assert nas_hydra(monkeypatch, *REAL[:4], *space, rates, *settings, *engine) == 0
    return rows(Path(folder))


@pytest.mark.long
def test_a_candidate_that_changes_its_process_changes_no_neighbour(monkeypatch):
    limit = "+search_space.constraints=[{_target_:nas_hydra.constraint.MaxParams,limit:100000}]"
    found = meddled(monkeypatch, "here", "engine=serial")
    states = {row["state"] for row in found if row["search_space.model.meddling"] == "False"}
    assert states == {"complete"}
    assert meddled(monkeypatch, "constrained", "engine=serial", limit) == found


@pytest.mark.long
def test_nor_does_it_with_any_number_of_workers(monkeypatch):
    found = meddled(monkeypatch, "here", "engine=serial")
    for workers in (1, 2, 3):
        assert meddled(monkeypatch, str(workers), f"engine.workers={workers}") == found


@pytest.mark.long
def test_in_order_of_completion_nobody_waits_for_a_slow_trial_and_a_killed_run_goes_on():
    common = (*POOL, "engine.workers=2", "engine.order=completion", measuring("Waiting"))
    command = Command(*common, "budget.trials=30", trials=8)
    command.end(signal.SIGKILL)
    before = recorded()
    assert len(before) >= 8
    assert 0 not in before[:2]  # five are done before it, of which at most three wait to be told
    done = finish(*common, "budget.trials=30")
    assert done.returncode == 0, done.stderr
    assert told() == recorded()
    assert told()[: len(before)] == before
    assert sorted(told()) == list(range(30))
    table = rows(Path("run"))
    Path("run/summary.json").unlink()  # as if killed at the very end: all is told once more
    assert finish(*common, "budget.trials=30").returncode == 0
    assert rows(Path("run")) == table


@pytest.mark.long
def test_workers_end_with_a_parent_that_is_killed():
    command = Command(*POOL, "engine.workers=2", measuring("Endless"), trials=3)
    assert len(command.workers) == 2
    while len(list(Path.cwd().glob("*.begun"))) < 2:
        assert command.process.poll() is None
    children = [int(pid) for pid in Path("children").read_text().split()]
    command.process.send_signal(signal.SIGKILL)
    assert len(children) == 4
    assert all(ended(one) for one in (*command.workers, *children))
    command.process.communicate()


@pytest.mark.long
def test_ctrl_c_ends_the_search_and_its_workers_and_keeps_the_record():
    command = Command(*POOL, "engine.workers=2", measuring("Endless"), trials=3)
    printed = command.end(signal.SIGINT)
    assert command.process.returncode == 130
    assert "Traceback" not in printed
    assert printed.splitlines()[-1].partition("nas-hydra ")[2].startswith("hydra.run.dir=")
    assert len(command.workers) == 2
    assert all(ended(worker) for worker in command.workers)
    assert sorted(recorded()) == [0, 1, 2]


def test_a_mistake_that_shows_in_a_worker_ends_the_search_with_2(monkeypatch, capsys):
    monkeypatch.syspath_prepend(TESTS)
    assert nas_hydra(monkeypatch, *POOL, "engine.workers=1", measuring("Mistaken")) == 2
    printed = capsys.readouterr().err
    assert "error: optimizer.lr: is too high" in printed
    assert "Traceback" not in printed


@pytest.mark.long
def test_every_search_of_a_sweep_has_a_pool_of_its_own(monkeypatch):
    monkeypatch.syspath_prepend(TESTS)
    settings = ("engine=processes", "engine.workers=1,2", "engine.ahead=3")
    budget = ("tracker=none", "report=false", "budget.trials=6", "hydra.sweep.dir=sweep")
    assert nas_hydra(monkeypatch, "-m", *settings, *budget, measuring("Even")) == 0
    first, second = sorted(Path("sweep").glob("*-*"))
    assert rows(first) == rows(second)
    assert len(rows(first)) == 6
    children = psutil.Process().children()
    assert not [one for one in children if "spawn_main" in " ".join(one.cmdline())]


@pytest.mark.long
@pytest.mark.parametrize("start", ["console script", "python -m"])
def test_it_works_however_it_is_started(start):
    Path("script.py").write_text(
        "from nas_hydra.cli import main\nif __name__ == '__main__':\n    main()\n"
    )
    command = {
        "console script": [str(Path(sys.executable).with_name("nas-hydra"))],
        "python -m": [sys.executable, "-m", "script"],
    }[start]
    settings = ("engine.workers=2", "budget.trials=6", "engine.order=completion", "strategy=random")
    done = subprocess.run(
        [*command, *POOL, measuring("Waiting"), *settings], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(Path("run/summary.json").read_text())["trials"]["complete"] == 6
