"""``nas-hydra-compare`` as it is typed: what it prints, writes, refuses, and its exit codes."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from command import nas_hydra
from comparison.folders import run, sweep
from integration.cells import CELLS, write_cells
from nas_hydra.cli.compare import run as compare

RANDOM = [[0.1, 0.2], [0.2, 0.3]]
TPE = [[0.3, 0.4], [0.5, 0.6]]
FILES = ["comparison.html", "comparison.json", "comparison.md"]


@pytest.fixture
def command(capsys):
    """Runs the command; its exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        try:
            code = compare(["nas-hydra-compare", *words])
        except SystemExit as ended:  # of argparse
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return typed


@pytest.fixture
def refusal(command):
    """Runs a command that is wrong; what it says. Nothing is written."""

    def typed(*words: str) -> str:
        before = sorted(map(str, Path().rglob("*")))
        code, _, problem = command(*words)
        assert code == 2
        assert len(problem.splitlines()) == 1
        assert sorted(map(str, Path().rglob("*"))) == before
        return problem

    return typed


def test_small_files_that_are_damaged_count_as_missing(command, caplog):
    sweep("s", {"random": RANDOM, "tpe": TPE})
    for number, content in enumerate((b"", b"{", b"[]", b"\xff")):
        file = sorted(Path("s").glob("*/journal.log"))[number].with_name("summary.json")
        file.write_bytes(content)
        file.with_name("wandb.json").write_bytes(content)
    code, out, err = command("s")
    assert (code, err) == (0, "")
    assert "tpe reached 0.2 in 1 trial, random in 1.5 (medians;" in out
    assert caplog.text.count("is damaged, so it counts as missing") == 8


def test_a_sweep_from_command_to_report(command):
    sweep("s", {"random": RANDOM, "tpe": TPE})
    code, out, err = command("s")
    assert (code, err) == (0, "")
    assert "tpe reached 0.2 in 1 trial, random in 1.5 (medians;" in out
    assert [f"s/{name}" in out for name in FILES] == [True] * 3
    assert sorted(path.name for path in Path("s").glob("comparison.*")) == FILES
    found = json.loads(Path("s/comparison.json").read_text())
    assert found["command"] == "nas-hydra-compare s"
    assert [one["group"] for one in found["tasks"][0]["groups"]] == ["tpe", "random"]
    assert "| tpe | 2 | 0.5 | 0.4 to 0.6 | 100 % | 1 |" in Path("s/comparison.md").read_text()
    assert "tpe reached 0.2" in Path("s/comparison.html").read_text()


def test_runs_of_several_places_go_to_a_folder_of_their_own(command):
    sweep("a/deep/s", {"random": RANDOM})
    sweep("b", {"tpe": TPE})
    assert command("a", "b/*")[0] == 0
    assert sorted(path.name for path in Path("comparison").iterdir()) == FILES
    assert command("a", "b", "--output", "mine/here", "--target", "0.4")[0] == 0
    assert json.loads(Path("mine/here/comparison.json").read_text())["tasks"][0]["target"] == 0.4


def test_runs_that_were_moved_or_may_only_be_read_are_read_all_the_same(command):
    sweep("s", {"random": RANDOM, "tpe": TPE})
    Path("s").rename("elsewhere")
    files = [path for path in Path("elsewhere").rglob("*") if path.is_file()]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    for path in files:
        path.chmod(stat.S_IREAD)
    assert command("elsewhere", "--output", "out")[0] == 0
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_torn_last_line_is_passed_over_and_left(command):
    sweep("s", {"random": RANDOM, "tpe": TPE})
    with Path("s/tpe-0/journal.log").open("a") as file:
        file.write('{"op_code":4,"worker')
    assert command("s", "--output", "out")[0] == 0
    assert Path("s/tpe-0/journal.log").read_text().endswith('"worker')


@pytest.mark.long
def test_records_in_a_database_are_read(command, monkeypatch):
    write_cells(Path("cells.csv"))
    stored = ("-m", *CELLS, "record=storage", "record.storage.url=sqlite:///all.db")
    sweep_of = (*stored, "hydra.sweep.dir=s", "strategy=random,tpe", "budget.trials=5")
    assert nas_hydra(monkeypatch, *sweep_of) == 0
    monkeypatch.chdir(Path("s"))  # the path in the URL is as seen from where the sweep was typed
    code, out, _ = command(".")
    assert code == 0
    assert "After 5 trials" in out
    Path("../all.db").unlink()
    code, _, problem = command(".")
    assert code == 2
    assert "record.storage.url: is sqlite:///all.db, but there is no file" in problem
    assert not Path("../all.db").exists()


def test_a_folder_without_a_record(refusal):
    assert "RUN_DIR: there is no folder nowhere" in refusal("nowhere")
    assert "RUN_DIR: there is no folder no*where" in refusal("no*where")
    Path("empty").mkdir()
    assert "empty holds no run: no .hydra/config.yaml in it or below" in refusal("empty")
    folder = run("s/a", [0.1])
    (folder / "journal.log").unlink()
    assert "s/a holds no journal.log, the record of a search" in refusal("s")
    (folder / "journal.log").write_text("no journal\nat all\n")
    assert "journal.log is no record of a search, or is damaged" in refusal("s")
    (folder / ".hydra" / "config.yaml").write_text("{")
    assert "config.yaml cannot be read" in refusal("s")


def test_the_output_of_another_hydra_application_is_no_run(refusal):
    Path("other/.hydra").mkdir(parents=True)
    Path("other/.hydra/config.yaml").write_text("lr: 0.1\n")
    runtime = {"choices": {}, "output_dir": "x", "cwd": "."}
    Path("other/.hydra/hydra.yaml").write_text(yaml.safe_dump({"hydra": {"runtime": runtime}}))
    assert "other holds no journal.log" in refusal("other")


def test_runs_of_which_none_has_begun(refusal):
    run("s/a", [], trials=3)
    assert "none of the 1 runs has a trial yet" in refusal("s")
    run("t/a", [None, None])
    assert "no run has a complete trial within the limits" in refusal("t")


def test_mixed_datasets(refusal, command):
    run("s/a", [0.1])
    run("s/b", [0.2], strategy="tpe", choices={"dataset": "mnist"}, dataset={"limit": 5})
    problem = refusal("s")
    assert "dataset is digits in a and mnist in b" in problem
    assert "there is no run of 'conv_net on digits' by 'tpe'" in problem
    assert "--allow-mixed" in problem
    assert "nothing in common: dataset is digits in a" in refusal("s", "--allow-mixed")
    run("s/c", [0.3], strategy="tpe")
    refusal("s")
    code, out, _ = command("s", "--allow-mixed")
    assert code == 0
    assert "note: Left out, a repetition of another run or not comparable: b." in out


def test_mixed_objectives(refusal, command):
    run("s/a", [{"val_acc": 0.1, "val_f1": 0.3}])
    f1 = {"objective": {"val_f1": "maximize"}, "choices": {"objective": "val_f1"}}
    run("s/b", [{"val_acc": 0.2, "val_f1": 0.2}], strategy="tpe", **f1)
    assert "objective is val_acc in a and val_f1 in b" in refusal("s")
    problem = refusal("s", "--allow-mixed")
    assert "have none in common: val_acc in a and val_f1 in b; name one" in problem
    assert "is 'val_ac', which is no objective" in refusal("s", "--objective", "val_ac")
    code, out, _ = command("s", "--objective", "val_f1")
    assert code == 0
    assert "After 1 trial, random was at 0.3 and tpe at 0.2" in out
    run("s/c", [{"val_acc": 0.2}], strategy="c")
    assert "is 'val_f1', which s/c did not measure" in refusal("s", "--objective", "val_f1")


def test_objectives_in_opposite_directions(refusal):
    for strategy in ("random", "tpe"):
        run(f"s/{strategy}", [0.1], strategy=strategy)
        lower = {"choices": {"dataset": "mnist"}, "objective": {"val_loss": "minimize"}}
        run(f"s/{strategy}2", [0.1], strategy=strategy, **lower)
    problem = "different directions: maximize on conv_net on digits; minimize on conv_net on mnist"
    assert problem in refusal("s")
    assert problem in refusal("s", "--allow-mixed")


def test_mixed_budgets(refusal, command):
    run("s/a", [0.1, 0.2])
    run("s/b", [0.2, 0.3, 0.9], strategy="tpe")
    assert "budget.trials is 2 in a and 3 in b" in refusal("s")
    code, out, _ = command("s", "--allow-mixed")
    assert code == 0
    assert "After 2 trials, tpe was at 0.3 and random at 0.2" in out
    assert "note: conv_net on digits: final values are those after 2 trials." in out


def test_settings_that_make_no_groups(refusal):
    sweep("s", {"random": RANDOM, "tpe": TPE})
    problem = refusal("s", "--by", "stratgy")
    assert "is 'stratgy', which no run has a value for" in problem
    assert "did you mean 'strategy'?" in problem
    problem = refusal("s", "--by", "optimizer.lr")
    assert "is 'optimizer.lr', which is 0.1 in every run; what differs is 'strategy'" in problem


@pytest.mark.parametrize("target", ["nan", "inf", "high"])
def test_a_target_that_is_no_number(command, target):
    code, _, problem = command("s", "--target", target)
    assert code == 2
    assert f"is '{target}'; it must be a finite number" in problem


def test_a_folder_that_cannot_be_written(command):
    sweep("s", {"random": RANDOM})
    Path("file").write_text("")
    code, _, problem = command("s", "--output", "file/x")
    assert code == 2
    assert "--output: cannot write into file/x" in problem


@pytest.mark.parametrize("word", ["--project", "--entity"])
def test_where_a_report_goes_without_a_report(command, word):
    code, _, problem = command("s", word, "nas")
    assert code == 2
    assert "are where a W&B report goes; say --wandb too" in problem


def test_without_an_account_the_files_are_written_and_the_exit_code_is_1(command):
    """The address that the tests' settings give for W&B is one that nobody listens on."""
    sweep("s", {"random": RANDOM, "tpe": TPE})
    code, _, problem = command("s", "--wandb")
    assert code == 1
    assert "wandb login" in problem
    assert sorted(path.name for path in Path("s").glob("comparison.*")) == FILES


def test_a_comparison_needs_no_torch():
    code = "import sys, nas_hydra.cli.compare, nas_hydra.comparison.content; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "wandb", "pytorch_lightning"} & {*found.stdout.split()}
