"""``nas-hydra-predict`` on files with rows: classes, labels, numbers, several heads, masks."""

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nas_hydra.cli.predict import run
from predict.rows import HERE, model

BOTH = {"kind": "Shares", "price": "Plain"}
CLASSES = ["10", "ball", "=cup"]


@pytest.fixture
def command(capsys):
    """Runs the command on three rows; its exit code, output and errors."""
    Path("rows.txt").write_text("1,0,0\n0,0,0\n0,2,0\n")

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(["nas-hydra-predict", "model=model", f"trust=[{HERE}]", *words])
        return code, *capsys.readouterr()

    return typed


def sums(outputs: int) -> dict:
    return {"_target_": "Sums", "outputs": outputs}


def test_rows_are_of_classes_as_the_network_says(command):
    model(Path("model"), "Shares", sums(3), CLASSES)
    code, out, err = command("rows.txt", "format=json")
    assert (code, err) == (0, "3 rows\n")
    found = json.loads(out)["predictions"]
    assert [one["row"] for one in found] == ["rows.txt:1", "rows.txt:2", "rows.txt:3"]
    wanted = torch.tensor([1.0, 2.0, 3.0]).softmax(0)
    assert [found[0]["probabilities"][name] for name in CLASSES] == pytest.approx(wanted.tolist())
    assert (found[0]["label"], found[0]["trained_on"]) == ("=cup", None)
    assert found[1]["probability"] == pytest.approx(1 / 3)


def test_a_csv_has_a_column_for_each_class_and_none_is_a_formula(command):
    model(Path("model"), "Shares", sums(3), CLASSES)
    code, out, err = command("rows.txt", "out=said/answers.csv")
    assert (code, out) == (2, "")
    assert "out: said" in err or "cannot" in err
    Path("said").mkdir()
    assert command("rows.txt", "out=said/answers.csv")[:2] == (0, "")
    rows = list(csv.DictReader(Path("said/answers.csv").read_text().splitlines()))
    assert list(rows[0]) == ["row", "class", "probability", "p(10)", "p(=cup)", "p(ball)"]
    assert rows[0]["class"] == "'=cup"
    assert float(rows[0]["p(10)"]) == pytest.approx(torch.tensor([1.0, 2, 3]).softmax(0)[0])


def test_numbers_are_told_in_their_own_units_and_by_their_names(command):
    facts = {"factor": 1000, "outputs": ["price q0.1", "price q0.9"]}
    model(Path("model"), "Prices", sums(2), facts=facts)
    _, out, _ = command("rows.txt", "format=json")
    first = json.loads(out)["predictions"][0]
    assert first["numbers"] == {"price q0.1": 1000, "price q0.9": 2000}
    assert "4000" in command("rows.txt")[1]
    assert list(csv.reader(io.StringIO(command("rows.txt", "format=csv")[1])))[:2] == [
        ["row", "price q0.1", "price q0.9"],
        ["rows.txt:1", "1000.0", "2000.0"],
    ]


def test_several_labels_and_several_heads(command):
    facts = {"labels": CLASSES, "threshold": 0.9}
    model(Path("model"), "Labels", sums(3), facts=facts)
    _, out, _ = command("rows.txt", "format=json")
    assert json.loads(out)["predictions"][0]["labels"] == ["=cup"]
    Path("model").rename("labels")
    heads = {"kind": {"classes": ["a", "b"]}, "price": {"task": {"outputs": ["price"]}}}
    tasks = {name: {"task": {"_target_": f"{HERE}.{kind}"}} for name, kind in BOTH.items()}
    both = {"_target_": "nas_hydra.task.multi_task.MultiTask", "heads": tasks, "outputs": None}
    network = {"_target_": "TwoSums", "kind": 2, "price": 1}
    model(Path("model"), both, network, facts={"heads": heads})
    _, out, _ = command("rows.txt", "format=json")
    first = json.loads(out)["predictions"][0]["heads"]
    assert first["kind"]["label"] == "b"
    assert first["price"] == {"numbers": {"price": 1.0}}
    header = command("rows.txt", "format=csv")[1].splitlines()[0]
    assert header == "row,kind.class,kind.probability,kind.p(a),kind.p(b),price"


def test_maps_of_classes_are_pictures_in_a_folder(command):
    model(Path("model"), "Maps", {"_target_": "Stripes", "classes": 3}, ["0", "100", "200"])
    code, _, err = command("rows.txt")
    assert code == 2
    assert "out: is not given, and this model answers with a file for each row; say out=" in err
    assert command("rows.txt", "out=maps")[0] == 0
    files = sorted(Path("maps").iterdir())
    assert [file.name for file in files] == ["rows-1.png", "rows-2.png", "rows-3.png"]
    assert np.unique(np.asarray(Image.open(files[2]))).tolist() == [0, 200]
    assert command("rows.txt", "out=maps")[0] == 0
    assert len(list(Path("maps").iterdir())) == 6


def test_rows_of_standard_input(command, monkeypatch):
    model(Path("model"), "Shares", sums(3), CLASSES)
    monkeypatch.setattr(sys, "stdin", io.StringIO("5,0,0\n"))
    code, out, err = command("rows.txt", "-", "format=json")
    assert (code, err) == (0, "4 rows\n")
    assert json.loads(out)["predictions"][3]["row"] == "-:1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "error: files: none are given; say files, or - for standard input"),
        (["gone.txt"], "error: files: there is no file gone.txt"),
        (["bad.txt"], "error: files: a line has three numbers"),
        (["rows.txt", "out=rows.txt/a.csv"], "error: out: "),
        (["rows.txt", "format=xml"], "error: format: is 'xml'"),
    ],
)
def test_wrong_words_are_one_line(command, words, said):
    model(Path("model"), "Shares", sums(3), CLASSES)
    Path("bad.txt").write_text("1,2\n")
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.startswith(said)
    assert len(err.splitlines()) == 1
