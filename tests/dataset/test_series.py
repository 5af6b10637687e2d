"""Datasets of series: what files say, what becomes of it, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from command import SMALL, nas_hydra
from made.series import WAVES, archive_file, ts_lines, write
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.series import Series
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import ConfigError

OPEN = dict.fromkeys(
    [
        *("test_file", "target", "id", "time", "target_kind", "num_classes", "num_targets"),
        *("channels", "length", "ragged"),
    ]
)
FIXED = {
    **{"batch_size": 16, "holdout": 0.2, "validation": 0.25, "limit": None, "seed": 0},
    **{"memory_limit": None, "workers": 0},
}


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    release_datasets()
    yield
    release_datasets()


def made(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


def series(file: str = "waves.ts", **given) -> Series:
    """The dataset as a command completes it."""
    settings = {**OPEN, "file": file, **given}
    return Series(**{**FIXED, **settings, **Series.found(settings)})


def test_splits_are_stratified_and_prepared():
    write(Path(), channels=2)
    data = series()
    assert (data.num_classes, data.channels, data.length, data.ragged) == (3, 2, 24, False)
    assert list(data.class_names) == sorted(WAVES)
    final = data.at("final")
    parts = [data.train, data.valid, final.test]
    assert [one.target.bincount().tolist() for one in parts] == [[12] * 3, [4] * 3, [4] * 3]
    assert data.train.inputs.mean(dim=(0, 2)).abs().max() < 1e-5
    assert form_of(data.example.inputs) == "float32 of shape (2, 2, 24)"


def test_series_of_unequal_length_have_a_mask(caplog):
    caplog.set_level("INFO")
    write(Path(), ragged=True)
    data = series()
    assert data.ragged
    inputs = data.open_all()[torch.arange(9)]
    assert inputs["mask"].sum(dim=1).tolist() == [*range(24, 15, -1)]
    assert not inputs["series"][:, 0][~inputs["mask"]].any()
    assert "60 series; 1 channel; 16 to 24 steps, padded with a mask; 3 classes" in caplog.text


def test_a_test_file_is_the_test_split(caplog):
    caplog.set_level("INFO")
    write(Path())
    made("test.ts", "\n".join(ts_lines(2, 1, ragged=False)))
    data = series(test_file="test.ts").at("final")
    assert (len(data.train), len(data.test)) == (60, 6)
    assert "dataset.holdout not used" in caplog.text


def test_numbers_may_be_told():
    rows = "".join(f"{number},{number % 7},{number / 3}\n" for number in range(40))
    data = series(made("it.csv", f"a,b,y\n{rows}"), target="y")
    assert (data.target_kind, data.num_targets, data.class_names) == ("number", 1, None)
    target = data.open_all().target
    assert target.dtype == torch.float32
    assert torch.allclose(target, torch.arange(40) / 3)


def test_what_a_target_is_is_said_where_it_is_guessed(caplog):
    caplog.set_level("INFO")
    rows = "".join(f"{number},{number % 3}\n" for number in range(20))
    assert series(made("it.csv", f"a,y\n{rows}"), target="y").target_kind == "class"
    assert "the target is taken for a class; dataset.target_kind=number changes it" in caplog.text


def test_classes_stand_in_the_order_of_their_numbers():
    rows = "".join(f"{number},{number % 12}\n" for number in range(60))
    names = series(made("it.csv", f"a,y\n{rows}"), target="y", target_kind="class").class_names
    assert names == [str(number) for number in range(12)]


def test_missing_values_are_interpolated_and_told(caplog):
    """Those at the end are where a series ends, unless lengths are said to be equal."""
    text = "a,b,c,d,y\n,1,?,2,u\n3,4,5,,v\n" + "1,2,3,4,u\n1,2,3,4,v\n" * 4
    data = series(made("it.csv", text), target="y", target_kind="class")
    inputs = data.open_all()[torch.arange(2)]
    assert inputs["series"][:, 0].tolist() == [[1, 1, 1.5, 2], [3, 4, 5, 0]]
    assert inputs["mask"].tolist() == [[True] * 4, [True, True, True, False]]
    assert "it.csv: missing values within 1 of 10 series are interpolated" in caplog.text
    equal = series("it.csv", target="y", target_kind="class", ragged=False)
    assert equal.open_all()[torch.arange(2)][1].tolist() == [[3, 4, 5, 5]]


def test_series_without_a_target_are_left_out_and_named(caplog):
    text = "a,b,y\n1,2,?\n" + "1,2,u\n3,4,v\n" * 5
    assert len(series(made("it.csv", text), target="y").open_all().target) == 10
    assert "1 of 11 series have no target, and are left out: '1'" in caplog.text


def test_what_was_trained_on_reads_new_series(tmp_path):
    """With classes or without, as a file or as text: the same inputs."""
    write(Path(), ragged=True)
    data = series()
    settings, described = vars(data), data.described()
    lines = ts_lines(20, 1, ragged=True)
    names, inputs = Series.unlabelled(settings, described, Path("waves.ts"))
    bare = [line if line[0] in "@#" else line.rpartition(":")[0] for line in lines]
    bare = [line.replace("@classLabel true", "@classLabel false") for line in bare]
    Path("bare.ts").write_text("\n".join(bare))
    with Path("bare.ts").open() as stream:
        others, same = Series.unlabelled(settings, described, stream)
    assert names == others == [str(place + 1) for place in range(60)]
    known = data.open_all()[torch.arange(60)]
    for name in ("series", "mask"):
        assert torch.equal(inputs[name], known[name])
        assert torch.equal(same[name], known[name])


def test_columns_of_new_csv_are_found_by_name():
    made("it.csv", "a,y,b\n" + "1,u,2\n3,v,4\n" * 5)
    data = series("it.csv", target="y", target_kind="class")
    new = Path(made("new.csv", "b,more,a\n5,x,6\n"))
    _, inputs = Series.unlabelled(vars(data), data.described(), new)
    assert inputs.tolist() == [[[6, 5]]]
    with pytest.raises(ConfigError, match=r"other.csv: has no column 'b'"):
        Series.unlabelled(vars(data), data.described(), Path(made("other.csv", "a,c\n1,2\n")))


def test_new_series_of_another_length_are_refused():
    write(Path())
    data = series()
    Path("new.ts").write_text("@classLabel false\n@data\n1,2,3\n")
    with pytest.raises(ConfigError, match=r"new.ts: series '1' has 3 steps; 24 are needed"):
        Series.unlabelled(vars(data), data.described(), Path("new.ts"))


ROWS = "1,2,u\n3,4,v\n" * 5
TEXT = f"a,b,y\n{ROWS}"
MISTAKES = {
    "no file": ("no.csv", None, ["target=y"], "dataset.file: there is no file no.csv"),
    "another format": ("it.xls", "", [], "ends in '.xls'; allowed: '.ts'"),
    "empty": ("it.csv", "", ["target=y"], "it.csv: is empty"),
    "no series": ("it.csv", "a,y\n", ["target=y"], "it.csv: has no series"),
    "no target said": ("it.csv", TEXT, [], "dataset.target: is null; name one of the columns: a,b"),
    "a wrong target": ("it.csv", TEXT, ["target=yy"], "no column 'yy'"),
    "text": ("it.csv", f"{TEXT}1,low,u\n", ["target=y"], "line 12 has 'low' in column 'b'"),
    "cells lack": ("it.csv", f"{TEXT}1,u\n", ["target=y"], "line 12 has 2 cells"),
    "no values": ("it.csv", f"{TEXT},,u\n", ["target=y"], "series '11' has no values"),
    "one class": ("it.csv", "a,y\n" + "1,u\n" * 9, ["target=y"], "has only the class 'u'"),
    "a rare class": (
        "it.csv",
        f"{TEXT}1,2,w\n",
        ["target=y"],
        "too few series of some classes ('w: 1')",
    ),
    "two kinds of target": (
        *("it.csv", TEXT, ["target=y", "target_kind=labels"]),
        "dataset.target_kind: is labels, and of a series is told one class or number",
    ),
    "numbers that are none": (
        *("it.csv", TEXT, ["target=y", "target_kind=number"]),
        "dataset.file: has the target 'u' (series '1')",
    ),
    "numbers for classes": (
        *("it.ts", "@targetLabel true\n@data\n" + "1,2:0.5\n" * 9, []),
        "dataset.target_kind: is class, and the file's header says @targetLabel true",
    ),
    "other facts": ("it.csv", TEXT, ["target=y", "length=9"], "has 2 steps; 9 are needed"),
    "other channels": ("it.csv", TEXT, ["target=y", "channels=2"], "series of 1 channels; 2 are"),
    "other classes": ("it.csv", TEXT, ["target=y", "num_classes=7"], "is 7; the series have 2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_and_nothing_is_trained(mistake, monkeypatch, capsys):
    name, text, given, said = MISTAKES[mistake]
    if text is not None:
        made(name, text)
    words = [f"dataset.{one}" for one in [f"file={name}", *given]]
    small = [one for one in SMALL if "limit" not in one]
    assert nas_hydra(monkeypatch, *small, "dataset=series", *words, "hydra.run.dir=run") == 2
    *_, last = lines = capsys.readouterr().err.splitlines()
    assert said in last
    assert sum(line.startswith("error: ") for line in lines) == 1
    assert not Path("run").exists()


def test_a_class_that_training_lacks_is_refused(monkeypatch, capsys):
    write(Path())
    made("test.ts", "\n".join([*ts_lines(1, 1, ragged=False), f"{'1,' * 23}1:still"]))
    given = ["dataset=series", "dataset.file=waves.ts", "dataset.test_file=test.ts"]
    assert nas_hydra(monkeypatch, "tracker=none", *given, "hydra.run.dir=run") == 2
    said = "dataset.test_file: has the class 'still' (series '4'), which dataset.file lacks"
    assert said in capsys.readouterr().err


def test_arrays_of_unequal_length_are_refused(monkeypatch, capsys):
    np.savez("it.npz", x=np.array([[1.0], [1.0, 2.0]], object), y=[0, 1])
    given = ["dataset=series", "dataset.file=it.npz", "hydra.run.dir=run"]
    assert nas_hydra(monkeypatch, "tracker=none", *given) == 2
    assert "with NaN after the end of the shorter ones" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "form", "classes"),
    [
        ("GunPoint", (1, 150, False), 2),
        ("ArrowHead", (1, 251, False), 3),
        ("ItalyPowerDemand", (1, 24, False), 2),
        ("OSULeaf", (1, 427, False), 6),
        ("BasicMotions", (6, 100, False), 4),
        ("JapaneseVowels", (12, 29, True), 9),
    ],
)
def test_files_of_the_archive_say_all_that_is_needed(name, form, classes):
    data = series(str(archive_file(name)), test_file=str(archive_file(name, "TEST")))
    assert (data.channels, data.length, data.ragged) == form
    assert data.num_classes == classes
    assert all(len(part) for part in (data.train, data.valid, data.at("final").test))
