"""Every mistake with a table: one clear message, exit code 2, nothing written but the log."""

from pathlib import Path

import pytest

from command import nas_hydra
from integration.cells import CELLS, write_cells

MISTAKES = {
    "no table": (
        ["evaluator.table=nowhere.csv"],
        ["evaluator.table: there is no file", "nowhere.csv"],
    ),
    "no value": (["evaluator.value=???"], ["evaluator.value: has no value yet"]),
    "unknown column": (
        ["evaluator.value=ac"],
        ["evaluator.value: names 'ac'", "allowed: 'edge_0_1'", "did you mean 'acc'?"],
    ),
    "unknown column to report": (
        ["evaluator.report=[test,tset]"],
        ["evaluator.report: names 'tset'", "did you mean 'test'?"],
    ),
    "gene as a result": (
        ["evaluator.report=edge_0_1"],
        ["evaluator.report: column 'edge_0_1' is a gene's"],
    ),
    "texts": (["evaluator.report=note"], ["evaluator.report: column 'note' has 'fine' in row 1"]),
    "number in the place of a name": (["evaluator.value=3"], ["evaluator.value: is 3"]),
    "wrong word": (["evaluator.missing=skip"], ["evaluator.missing: is 'skip'", "'fail'"]),
    "gene without a column": (
        ["search_space.model.channels={_choice_:[8,16],_name_:channels}"],
        ["evaluator.table: the table has no column for the gene 'channels'", "_name_"],
    ),
    "operation that is not in the table": (
        ["search_space.operations=[none,skip_conect]"],
        ["column 'edge_0_1' never has 'skip_conect'", "did you mean 'skip_connect'?"],
    ),
    "open value that is not read": (
        ["optimizer.lr={_float_:{low:0.1,high:0.2}}"],
        ["optimizer.lr: is open, but the evaluator reads no optimizer"],
    ),
    "open value of the dataset": (
        ["dataset=digits", "dataset.batch_size={_choice_:[16,32]}"],
        ["the table has no column for the gene 'dataset.batch_size'"],
    ),
    "objective of training": (
        ["objective=val_acc"],
        ["objective.val_acc: nothing measures 'val_acc'", "allowed: 'acc'"],
    ),
    "constraint on networks that are not known": (
        [
            "+search_space.constraints=[{_target_:nas_hydra.constraint.MaxParams,limit:1e6}]",
        ],
        ["dataset.input_shape: is missing, but a constraint needs it", "dataset=..."],
    ),
    "limits that need workers": (["trial.timeout=1"], ["trial.timeout", "engine=processes"]),
}


@pytest.fixture(autouse=True)
def table(tmp_path):
    write_cells(tmp_path / "cells.csv")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(mistake, monkeypatch, capsys):
    overrides, words = MISTAKES[mistake]
    assert nas_hydra(monkeypatch, *CELLS, *overrides) == 2
    (message,) = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")
    ]
    for word in words:
        assert word in message
    written = {path.name for path in Path("run").rglob("*") if path.is_file()}
    assert written <= {"nas-hydra.log"}


def test_two_rows_for_one_candidate(monkeypatch, capsys):
    lines = Path("cells.csv").read_text().splitlines()
    Path("cells.csv").write_text("\n".join([*lines, lines[3]]))
    assert nas_hydra(monkeypatch, *CELLS) == 2
    assert "has two rows, 3 and 730, for edge_0_1=none" in capsys.readouterr().err
