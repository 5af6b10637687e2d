"""Functions and programs that report their epochs, in searches that train no more than needed."""

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from command import nas_hydra, rows, start

FUNCTION = """
import os, signal
from pathlib import Path

def train(config, reporter, seed):
    kept = reporter.folder / f"{reporter.begin}.txt"
    error = float(kept.read_text()) if reporter.begin else 1.0
    for epoch in range(reporter.begin + 1, reporter.epochs + 1):
        error *= 1 - config["lr"]
        (reporter.folder / f"{epoch}.txt").write_text(str(error))
        with Path("trained.txt").open("a") as stream:
            stream.write(f"{config['lr']} {epoch}\\n")
        if os.environ.get("DIES") == str(len(Path("trained.txt").read_text().splitlines())):
            os.kill(os.getpid(), signal.SIGKILL)
        reporter.report(epoch=epoch, loss=error)
        if reporter.should_stop:
            break

def silent(config, reporter):
    return {"loss": 1.0}

def backwards(config, reporter):
    for epoch in (2, 1):
        reporter.report(epoch=epoch, loss=1.0)

def worded(config, reporter):
    reporter.report(epoch=1, loss="low")

def longer(config, reporter):
    for epoch in range(reporter.begin + 1, 100):
        reporter.report(epoch=epoch, loss=1.0)

def plain(config):
    return 1.0
"""
PROGRAM = """
import json, os, pathlib, sys, time
lr = float(sys.argv[1])
known = {name: os.environ["NAS_HYDRA_" + name] for name in ("BEGIN", "EPOCHS", "REPORT", "STOP")}
folder = pathlib.Path(os.environ["NAS_HYDRA_CHECKPOINTS"])
begin = int(known["BEGIN"])
error = float((folder / f"{begin}.txt").read_text()) if begin else 1.0
for epoch in range(begin + 1, int(known["EPOCHS"]) + 1):
    error *= 1 - lr
    (folder / f"{epoch}.txt").write_text(str(error))
    with open("trained.txt", "a") as stream:
        stream.write(f"{lr} {epoch}\\n")
    with open(known["REPORT"], "a") as stream:
        stream.write(json.dumps({"epoch": epoch, "loss": error}) + "\\n")
    if os.path.exists(known["STOP"]):
        break
"""
WORDS = (
    *("search_space=values", "search_space.model={lr:{_float_:{low:0.1,high:0.9},_name_:lr}}"),
    *("objective.loss=minimize", "tracker=none", "report=false", "strategy=random"),
    *("engine=serial", "engine.ahead=2", "budget.trials=8", "evaluator.epochs=4"),
)
OF_FUNCTION = ("evaluator=function", "evaluator.function=reports.train", *WORDS)
COMMAND = shlex.quote(f"{sys.executable} -S reports.py {{lr}}")
OF_PROGRAM = ("evaluator=command", f"evaluator.command={COMMAND}", *WORDS)
HALVING = ("fidelity=halving", "fidelity.reduction=2")
POOL = ("engine=processes", "engine.workers=2")


@pytest.fixture(autouse=True)
def code(tmp_path, own_modules):
    """Both, in the present folder."""
    (tmp_path / "reports.py").write_text(FUNCTION)


@pytest.fixture
def program(tmp_path):
    (tmp_path / "reports.py").write_text(PROGRAM)


def told(folder: str) -> list[dict[str, str]]:
    return rows(Path(folder))


def trained() -> list[str]:
    """Every candidate and epoch that the code has trained."""
    return Path("trained.txt").read_text().splitlines()


def check_goes_on(table: list[dict[str, str]]) -> None:
    """No epoch was trained twice, and every promotion is as if it had gone straight through."""
    assert {row["state"] for row in table} == {"complete"}
    assert {row["fidelity"] for row in table} >= {"1", "2"}
    assert len(trained()) == len({*trained()}) == sum(int(row["epochs"]) for row in table)
    for row in table:
        straight = 1.0
        for _ in range(int(row["fidelity"])):
            straight *= 1 - float(row["lr"])
        assert float(row["loss"]) == straight


def test_a_function_goes_on_with_what_it_has_kept(monkeypatch):
    assert nas_hydra(monkeypatch, *OF_FUNCTION, *HALVING, "hydra.run.dir=run") == 0
    check_goes_on(told("run"))
    kept = {int(place.stem) for place in Path("run/checkpoints").glob("*.ckpt")}
    assert not kept & {int(row["continues"]) for row in told("run") if row["continues"]}


def test_and_so_does_a_program(monkeypatch, program):
    assert nas_hydra(monkeypatch, *OF_PROGRAM, *HALVING, "hydra.run.dir=run") == 0
    check_goes_on(told("run"))


@pytest.mark.long
@pytest.mark.parametrize("words", [OF_FUNCTION, OF_PROGRAM])
def test_two_workers_give_the_trials_of_one(words, monkeypatch, tmp_path):
    if words is OF_PROGRAM:
        (tmp_path / "reports.py").write_text(PROGRAM)
    assert nas_hydra(monkeypatch, *words, *HALVING, "hydra.run.dir=one") == 0
    assert nas_hydra(monkeypatch, *words, *HALVING, *POOL, "hydra.run.dir=two") == 0
    assert told("two") == told("one")


@pytest.mark.long
def test_killed_and_run_again_it_trains_nothing_beyond_the_last_epoch_again(monkeypatch):
    words = (*OF_FUNCTION, "fidelity=halving", "fidelity.minimum=2")
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=whole") == 0
    expected = sorted(trained())
    Path("trained.txt").unlink()
    for after in (2, 9):  # the epoch is trained, and not reported yet
        monkeypatch.setenv("DIES", str(after))
        process = start(*words, "hydra.run.dir=killed")
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    monkeypatch.delenv("DIES")
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=killed") == 0
    assert told("killed") == told("whole")
    again = len(trained()) - len(expected)
    assert again <= 2
    assert {*trained()} == {*expected}


@pytest.mark.parametrize("words", [OF_FUNCTION, OF_PROGRAM])
def test_one_that_is_not_worth_it_ends(words, monkeypatch, tmp_path):
    """A program may train on before it looks; that does not count."""
    if words is OF_PROGRAM:
        (tmp_path / "reports.py").write_text(PROGRAM)
    median = ("fidelity=median", "fidelity.startup=2", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *words, *median) == 0
    found = [(row["state"], row["epochs"]) for row in told("run")]
    assert {*found} == {("complete", "4"), ("pruned", "2")}


def test_epochs_are_a_budget_and_finalists_are_trained_longer(monkeypatch):
    more = ("budget.epochs=12", "finalists.number=1", "finalists.epochs=6", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *OF_FUNCTION, *more, "finalists.start=go_on") == 0
    assert [row["epochs"] for row in told("run")] == ["4", "4", "4", "2"]
    check = float(told("run")[-1]["loss"])
    assert check == min(float(row["loss"]) for row in told("run"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("silent", "it has reported 0 epochs, and was to train 1; each one is reported, in order"),
        ("backwards", "it has reported epoch 2 where epoch 1 comes next"),
        ("worded", "epoch 1: it gave as 'loss' the str 'low'; a number is needed"),
        ("longer", "it has reported epoch 2, and was to end with 1"),
    ],
)
def test_wrong_reports_fail_their_trial_with_a_reason(name, reason, monkeypatch):
    words = (*OF_FUNCTION, *HALVING, f"evaluator.function=reports.{name}", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *words, "budget.trials=2") == 1
    assert {row["error"] for row in told("run")} == {reason}


def test_so_do_lines_of_a_program_that_are_no_reports(monkeypatch, tmp_path):
    (tmp_path / "reports.py").write_text(
        "import os; open(os.environ['NAS_HYDRA_REPORT'], 'a').write('loss 1\\n')"
    )
    assert nas_hydra(monkeypatch, *OF_PROGRAM, *HALVING, "hydra.run.dir=run") == 1
    assert told("run")[0]["error"].startswith("a line of epochs.jsonl is no report such as")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*OF_FUNCTION, "evaluator.epochs=0"), "evaluator.epochs: is 0; at least 1 is needed"),
        (
            (*OF_FUNCTION, "evaluator.function=reports.plain"),
            "evaluator.epochs: is 4, and 'reports.plain' has no parameter 'reporter'",
        ),
        ((*OF_FUNCTION, "evaluator.epochs=null"), "evaluator.epochs=N brings the reporter"),
        (
            (*OF_FUNCTION, "evaluator.function=reports.plain", "evaluator.epochs=null", *HALVING),
            "of FunctionEvaluator, cannot; say evaluator.epochs=N, and let your code report each",
        ),
        ((*OF_PROGRAM, "evaluator.metrics=m.json"), "evaluator.metrics: is 'm.json', and with"),
    ],
)
def test_what_cannot_be_is_told_in_one_message(words, message, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=run") == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert not os.path.exists("run")
