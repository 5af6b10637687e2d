"""The files of a run's folder."""

import csv
import json
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from nas_hydra.report.files import RunFiles, read_summary
from nas_hydra.report.summary import summarize
from nas_hydra.run import weights_file
from nas_hydra.search_space import SearchSpace
from trials import search, standing, told, trials

SPACE = SearchSpace(
    OmegaConf.create(
        {
            "model": {
                "width": {"_choice_": [16, 32], "_name_": "width"},
                "act": {"_choice_": ["relu", None]},
            }
        }
    ),
    parts={"model": ("model",)},
)


def write(folder: Path, upto: int = 4, weights: bool = True, finish: bool = True) -> None:
    """A search of ``upto`` trials; each evaluation leaves its number as weights."""
    run = search(folder)
    files = RunFiles(SPACE)
    files.start(run)
    for trial, front in told()[:upto]:
        if weights and trial.complete and trial.duplicate_of is None:
            torch.save({"trial": torch.tensor(trial.number)}, weights_file(folder, trial.number))
        files.tell(trial, front, recorded=not weights)
    if finish:
        files.finish(summarize(run, trials(), standing(*trials())), 0)
    else:
        files.finish(None, 130)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Its space closes any genotype to itself, since the trials are made by hand."""
    monkeypatch.setattr(SPACE, "close", dict)
    return tmp_path / "run"


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_table_has_the_documented_columns(folder):
    write(folder)
    assert list(table(folder)[0]) == [
        *("number", "state", "key", "origin", "parents", "epochs", "seconds"),
        *("val_acc", "val_loss", "width", "model.act", "error"),
    ]


def test_table_has_a_row_per_trial_in_ask_order(folder):
    write(folder)
    rows = table(folder)
    assert [row["number"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["state"] for row in rows] == ["complete", "failed", "complete", "complete"]
    assert [row["val_acc"] for row in rows] == ["0.5", "", "0.8", "0.5"]
    assert [row["model.act"] for row in rows] == ["", "", "relu", ""]
    assert [row["seconds"] for row in rows] == ["1.5", "0.0", "1.5", "0.0"]
    assert rows[1]["error"] == "too deep"
    assert rows[2]["parents"] == "0 1"


def test_table_is_on_disk_while_the_search_runs(folder):
    files = RunFiles(SPACE)
    files.start(search(folder))
    for number, (trial, front) in enumerate(told(), start=1):
        files.tell(trial, front, recorded=False)
        assert len(table(folder)) == number


def test_best_files_are_the_winners(folder):
    write(folder)
    assert OmegaConf.load(folder / "best.yaml") == {"width": 32, "model.act": "relu"}
    assert torch.load(folder / "best.ckpt", weights_only=True)["trial"] == 2


def test_only_the_winners_weights_are_kept(folder):
    write(folder)
    assert not (folder / "weights").exists()
    assert [file.name for file in folder.glob("*.ckpt")] == ["best.ckpt"]


def test_an_interrupted_search_leaves_the_best_so_far_and_no_summary(folder):
    write(folder, upto=2, finish=False)
    assert len(table(folder)) == 2
    assert torch.load(folder / "best.ckpt", weights_only=True)["trial"] == 0
    assert read_summary(folder) is None


def test_a_resumed_search_ends_with_the_same_files(folder, tmp_path):
    write(tmp_path / "whole")
    write(folder, upto=3, finish=False)
    write(folder, weights=False)
    for name in ("trials.csv", "best.yaml", "summary.json"):
        assert (folder / name).read_text() == (tmp_path / "whole" / name).read_text()
    assert torch.load(folder / "best.ckpt", weights_only=True)["trial"] == 2


def test_weights_of_a_killed_process_are_taken_up(folder):
    """Killed after the record had the trial, before its weights were moved."""
    write(folder, upto=2, finish=False)
    torch.save({"trial": torch.tensor(2)}, weights_file(folder, 2))
    write(folder, weights=False)
    assert torch.load(folder / "best.ckpt", weights_only=True)["trial"] == 2


def test_summary_has_the_documented_keys(folder):
    write(folder)
    summary = json.loads((folder / "summary.json").read_text())
    assert list(summary) == [
        *("strategy", "search_space", "dataset", "seed", "objectives", "trials"),
        *("ended", "exhausted", "best", "seconds", "versions"),
    ]
    assert summary["objectives"] == {"val_acc": "maximize"}
    assert summary["trials"] == {
        "complete": 3,
        "pruned": 0,
        "failed": 1,
        "duplicates_saved": 1,
        "infeasible": 0,
        "rejected": 0,
    }
    assert summary["best"] == {
        "trial": 2,
        "values": {"val_acc": 0.8},
        "metrics": {"val_loss": pytest.approx(0.2), "val_acc": 0.8},
        "genotype": {"width": 32, "model.act": "relu"},
        "key": trials()[2].key,
    }
    assert summary["seconds"] == 3.0
    assert {"python", "torch", "nas-hydra"} <= set(summary["versions"])
