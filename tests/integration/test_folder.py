"""A run's folder in which others have been: what they leave or damage there ends no search."""

import csv
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from command import SMALL, nas_hydra, rows
from integration.cells import CELLS, SEARCH, write_cells
from nas_hydra.record.journal import exclusive
from nas_hydra.report.files import RunFiles
from nas_hydra.tracker.none import NoTracker

TWO = ("evaluator.report=[test]", "+objective.test=minimize", "strategy=nsga2")


@pytest.fixture(autouse=True)
def table(tmp_path):
    write_cells(tmp_path / "cells.csv")


@pytest.fixture
def search(monkeypatch, capsys):
    """A search in ``run``; what it said."""

    def run(*overrides: str, code: int = 0, base: tuple[str, ...] = CELLS) -> str:
        assert nas_hydra(monkeypatch, *base, *overrides) == code
        return capsys.readouterr().err

    return run


def written(folder: Path = Path("run")) -> dict[str, Any]:
    """What the files hold, but for how long the search took."""
    summary = json.loads((folder / "summary.json").read_text())
    best = (folder / "best.yaml").read_text()
    return {"best": best, "rows": rows(folder), "summary": {**summary, "seconds": None}}


@pytest.mark.long
def test_what_others_left_among_the_weights_is_kept_and_told(search):
    search("budget.trials=4")
    for name in ("weights/.DS_Store", "weights/17.ckpt", "weights/mine/notes.txt"):
        Path("run", name).parent.mkdir(parents=True, exist_ok=True)
        Path("run", name).write_text("mine")
    said = search("budget.trials=5")
    assert "weights is kept (Directory not empty): '.DS_Store', '17.ckpt', 'mine'" in said
    assert Path("run/weights/mine/notes.txt").read_text() == "mine"
    assert "is finished already" in search("budget.trials=5")


def test_no_cell_is_a_formula_and_a_later_search_reads_it_back(search):
    Path("mine/search_space").mkdir(parents=True)
    Path("mine/search_space/sums.yaml").write_text(
        "# genes only\nmodel: {op: {_choice_: ['=1+1', '@x', ' -1', '-1'], _name_: '=op'}}\n"
    )
    Path("sums.csv").write_text('=op,acc\n=1+1,0.1\n@x,0.2\n" -1",0.3\n\'-1,-4\n')
    sums = ("--config-dir=mine", *SEARCH, "search_space=sums", "evaluator.table=sums.csv")
    search("budget.trials=4", base=sums)
    head, *lines = csv.reader(Path("run/trials.csv").read_text().splitlines())
    found = {line[head.index("'=op")]: line[head.index("acc")] for line in lines}
    assert found == {"'=1+1": "0.1", "'@x": "0.2", "' -1": "0.3", "'-1": "-4.0"}
    search("strategy.initial=run/trials.csv", "hydra.run.dir=again", "budget.trials=4", base=sums)
    again, before = ([row["'=op"] for row in rows(Path(name))] for name in ("again", "run"))
    assert again == before


def test_what_stands_where_a_file_of_ours_belongs_is_set_aside(search):
    Path("run/weights").mkdir(parents=True)
    (Path("run") / "weights" / "0.ckpt").mkdir()
    for name in ("best.yaml", "trials.csv", "summary.json", "report.html"):
        Path("run", name).mkdir()
        Path("run", name, "notes.txt").write_text("mine")
    for name in ("pareto", ".hydra"):
        Path("run", name).write_text("mine")
    os.mkfifo("run/pareto.svg")
    Path("run/.best.yaml.new").symlink_to("nowhere")
    said = search(*TWO, "report=true", "budget.trials=4")
    assert "run/best.yaml stood in the way of the run's own, and is best.yaml.1 now" in said
    assert Path("run/trials.csv.1/notes.txt").read_text() == "mine"
    assert Path("run/pareto.1").read_text() == "mine"
    assert Path("run/.hydra/config.yaml").is_file()
    assert len(rows(Path("run"))) == 4


@pytest.mark.long
def test_a_damaged_summary_is_written_anew(search):
    search("budget.trials=4")
    before = written()
    for content in (b"", b'{"trials": {}, "best": null, "seconds": 1}', b"\xff\xfe"):
        Path("run/summary.json").write_bytes(content)
        assert "so it counts as missing" in search("budget.trials=4")
        assert written() == before


def test_a_page_is_made_though_what_it_shows_is_damaged(search):
    search("budget.trials=4")
    for name in ("best.svg", "best.yaml", ".hydra/overrides.yaml"):
        Path("run", name).write_bytes(b"\xff[")
    search("budget.trials=4", "report=true")
    assert Path("run/report.html").is_file()


def test_the_config_is_written_in_one_step(search, monkeypatch):
    """Killed in the middle of any of its files, a resumed search leaves those of before."""
    search("budget.trials=4")
    before = Path("run/.hydra/config.yaml").read_text()
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(KeyboardInterrupt))
    search("budget.trials=5", code=130)
    assert Path("run/.hydra/config.yaml").read_text() == before


def test_an_errors_text_may_hold_what_no_file_can(search, monkeypatch):
    """Half a character, as a broken file name in a message has it."""
    broken = "nas_hydra.evaluator.tabular.TabularEvaluator.evaluate"
    real = __import__("nas_hydra.evaluator.tabular", fromlist=["_"]).TabularEvaluator.evaluate

    def evaluate(self, candidate, repeat, weights):
        if not Path("failed").exists():
            Path("failed").touch()
            raise ValueError("no file named \udcff")
        return real(self, candidate, repeat, weights)

    monkeypatch.setattr(broken, evaluate)
    search("budget.trials=4", "report=true")
    first = written()
    assert rows(Path("run"))[0]["state"] == "failed"
    assert first["summary"]["trials"]["failed"] == 1
    Path("run/summary.json").unlink()
    search("budget.trials=4", "report=true")
    assert written() == first


def test_a_journal_that_is_deleted_meanwhile_is_put_back(search, monkeypatch):
    told = RunFiles.tell

    def delete(self, trial, front, recorded):
        told(self, trial, front, recorded)
        if trial.number == 3:
            Path("run/journal.log").unlink()

    with monkeypatch.context() as patched:
        patched.setattr(RunFiles, "tell", delete)
        said = search("budget.trials=6")
    assert "journal.log was gone, with the record of the search; it is there again" in said
    assert "6 trials are recorded already" in search("budget.trials=7")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of its own, on which 40 kB find room."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", place])
    if mounted.returncode != 0:
        pytest.skip("may not mount a small disk here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)  # the log is still open


@pytest.mark.long
def test_a_full_disk_ends_a_search_with_one_message(search, small_disk, tmp_path):
    said = search(f"hydra.run.dir={small_disk}", "report=true", code=1)
    assert "Traceback" not in said
    assert "error: no space is left on the disk ([Errno 28] No space left on device); make" in said
    assert re.search(r"stopped after \d+ of 20 trials; all are recorded", said)
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    search(f"hydra.run.dir={small_disk}")
    search()
    assert written(small_disk) == written()


class Broken(NoTracker):
    """A tracker that fails at one of its three tasks, and says which of them it was given."""

    def __init__(self, at: str) -> None:
        self._at = at

    def start(self, run):
        self._work("start")

    def tell(self, trial, front, recorded):
        self._work("tell")

    def finish(self, summary, exit_code):
        self._work("finish")

    def _work(self, task):
        with Path("tasks").open("a") as tasks:
            tasks.write(f"{task} ")
        if task == self._at:
            raise RuntimeError("the server\nis gone")


@pytest.mark.parametrize(
    ("at", "tasks"),
    [
        ("start", "start "),
        ("tell", "start tell finish "),
        ("finish", "start tell tell tell finish "),
    ],
)
def test_a_tracker_that_fails_costs_its_rows_and_is_told_once(search, at, tasks):
    said = search(
        "budget.trials=3", "tracker._target_=integration.test_folder.Broken", f"+tracker.at={at}"
    )
    assert said.count("Broken fails") == 1
    assert "Broken fails, and what it tracks is lost: RuntimeError: the server\n" in said
    assert "Traceback" not in said
    assert Path("tasks").read_text() == tasks
    assert len(rows(Path("run"))) == 3


def test_only_a_search_that_holds_the_folder_is_told_as_one(search, monkeypatch):
    Path("run").mkdir()
    with exclusive(Path("run")):
        assert "run is in use by a search that is still running" in search(code=2)
    blocked = BlockingIOError(11, "Resource temporarily unavailable")
    monkeypatch.setattr(RunFiles, "tell", lambda *told: (_ for _ in ()).throw(blocked))
    assert "error: [Errno 11] Resource temporarily unavailable" in search(code=1)


@pytest.mark.long
@pytest.mark.parametrize("again", [False, True], ids=["finished", "resumed"])
def test_weights_that_are_not_the_winners_are_told_and_put_aside(monkeypatch, capsys, again):
    words = (*SMALL, "dataset=digits", "search_space=mlp", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *words) == 0
    kept, summary = Path("run/best.ckpt").read_bytes(), Path("run/summary.json").read_bytes()
    assert nas_hydra(monkeypatch, *words) == 0
    assert "best.ckpt did not hold" not in capsys.readouterr().err
    flipped = bytearray(kept)
    flipped[len(flipped) // 2] ^= 1
    Path("run/best.ckpt").write_bytes(bytes(flipped))
    edited = summary.replace(b'"params": ', b'"params": 1') if again else summary
    Path("run/summary.json").write_bytes(edited)
    assert nas_hydra(monkeypatch, *words) == 0
    said = capsys.readouterr().err
    assert said.count("best.ckpt did not hold the weights that trial ") == 1
    assert ("summary.json is not what the record tells, so it counts as missing" in said) == again
    assert Path("run/best.ckpt.1").read_bytes() == flipped
    assert not Path("run/best.ckpt").exists()
    assert Path("run/summary.json").read_bytes() == summary
