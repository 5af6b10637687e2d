"""``nas-hydra-new`` on files of every kind: what it sees, and the line that it prints."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas_hydra.cli.new import run


@pytest.fixture
def command(capsys):
    """Runs the command; its exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(["nas-hydra-new", *words])
        return code, *capsys.readouterr()

    return typed


@pytest.mark.parametrize("kind", ["table", "series", "text", "tokens", "masks"])
def test_the_line_names_the_data_as_one_would(kind, command, tmp_path):
    folder = Path("data")
    folder.mkdir()
    wanted = import_module(f"made.{kind}").write(folder)
    (named,) = [
        word.partition("=")[2]
        for word in wanted
        if word.startswith(("dataset.file=", "dataset.root="))
    ]
    code, out, err = command(named)
    assert code == 0, err
    line = out.splitlines()[-1]
    assert line.startswith("start with: nas-hydra ")
    said = [word for word in wanted if word.startswith(("dataset=", "task=", "dataset.file="))]
    assert [word for word in said if word not in line] == []


def test_a_guess_of_the_target_is_said_and_another_one_may_be_named(command):
    import_module("made.table").write(Path())
    _, out, _ = command("houses.csv")
    assert "the target is 'rare', guessed since it is the last column: 2 classes" in out
    assert "  age: numbers from 0 to 89, 6 missing" in out
    _, out, _ = command("houses.csv", "target=price")
    assert "the target is 'price', as you say: numbers from" in out
    assert out.splitlines()[-1].endswith("dataset.target=price task=regression")


def test_folders_of_images_are_classes(command):
    for number in range(20):
        file = Path("pictures", "ab"[number % 2], f"{number}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), number).save(file)
    code, out, _ = command("pictures")
    assert code == 0
    assert "20 images in folders, which are taken for classes" in out
    assert out.endswith("start with: nas-hydra dataset=image_folder dataset.root=pictures\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "error: path: 0 are given; one file or folder is needed"),
        (["gone.csv"], "error: path: there is no file and no folder gone.csv"),
        (["a.doc"], "error: path: a.doc is of no known kind; allowed: .csv"),
        (["empty"], "error: path: the folder empty has no folders with images or .txt files"),
        (["a.npz"], "error: path: a.npz has arrays: 'one', 'two'; which are inputs"),
        (["a.csv", "target=z"], "error: target: is 'z'; the columns are 'x', 'y'"),
        (["a.csv", "aim=x"], "error: aim: is nothing that can be said"),
    ],
)
def test_what_cannot_be_told_is_one_line(command, words, said):
    Path("empty").mkdir()
    Path("a.doc").touch()
    Path("a.csv").write_text("x,y\n1,2\n3,4\n")
    np.savez("a.npz", one=[1], two=[2])
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.startswith(said)
    assert len(err.splitlines()) == 1
