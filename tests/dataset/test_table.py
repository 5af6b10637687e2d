"""A table as a dataset: what a network gets of its rows, in which split, and what is told."""

import io
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from made.table import frame
from nas_hydra.dataset.cache import doubt_datasets
from nas_hydra.dataset.prepare.none import NoPreparation
from nas_hydra.dataset.source import target_of
from nas_hydra.dataset.table import Table
from nas_hydra.errors import ConfigError

SETTINGS = {
    **{"target": "kind", "target_kind": "class", "drop": ["price", "sold", "rare"]},
    **{"batch_size": 16, "validation": 0.25, "holdout": 0.2, "limit": None, "seed": 0},
    **{"memory_limit": None, "workers": 0},
}
FACTS = ("num_classes", "num_targets", "features", "cardinalities", "indicators")


def table(rows: pd.DataFrame, **settings) -> Table:
    """A dataset of these rows, with what it found filled in."""
    rows.to_csv("rows.csv", index=False)
    doubt_datasets()  # as a search does
    given = {**SETTINGS, "file": "rows.csv", **dict.fromkeys(FACTS), **settings}
    return Table(**{**given, **Table.found(given)})


def row_of(dataset: Table, name: str) -> list[int]:
    """Which rows of the file a split has, as their column ``area`` tells."""
    raw = dataset.open_all().inputs["numbers"][:, 0]
    choice = dataset.choose().named[name]
    found = choice[0][choice[1]]["numbers"][:, 0]
    return [int((raw == one).nonzero()[0]) for one in found]


def distinct(rows: int = 120) -> pd.DataFrame:
    """Rows that can be told apart by their area."""
    return frame(rows).assign(area=np.random.default_rng(1).permutation(rows) + 0.5)


def test_what_a_network_gets_is_what_the_config_is_told():
    dataset = table(frame())
    inputs, target = dataset.example
    assert (dataset.num_classes, dataset.class_names) == (3, ("flat", "house", "villa"))
    assert inputs["numbers"].shape == (2, dataset.features)
    assert dataset.features == 5 + len(dataset.indicators)
    assert inputs["categories"].shape == (2, len(dataset.cardinalities))
    assert target.dtype == torch.int64
    for split in (dataset.train, dataset.valid, dataset.at("final").test):
        codes = split.inputs["categories"]
        assert torch.isfinite(split.inputs["numbers"]).all()
        assert (codes >= 0).all()
        assert (codes < torch.tensor(dataset.cardinalities)).all()


def test_the_values_that_prepare_are_those_of_training_rows_only():
    rows = distinct()
    dataset = table(rows)
    tested = row_of(dataset.at("final"), "test")
    other = rows.copy()
    other.loc[tested, "area"] *= 1000
    changed = table(other)
    assert torch.equal(dataset.train.inputs["numbers"], changed.train.inputs["numbers"])
    assert torch.equal(
        dataset.at("final").train.inputs["numbers"], changed.at("final").train.inputs["numbers"]
    )


def test_a_column_that_is_missing_only_in_other_rows_has_its_indicator_all_the_same():
    rows = distinct().assign(age=1.0 + np.arange(120) % 7)
    rows.loc[row_of(table(rows).at("final"), "test"), "age"] = None
    dataset = table(rows)
    assert dataset.indicators == (1,)
    assert dataset.train.inputs["numbers"][:, -1].sum() == 0
    assert dataset.at("final").test.inputs["numbers"][:, -1].all()


def test_categories_that_training_lacks_are_0():
    rows = distinct()
    tested = row_of(table(rows).at("final"), "test")
    rows.loc[tested, "town"] = "Paris"
    test = table(rows).at("final").test
    assert (test.inputs["categories"][:, 0] == 0).all()


def test_equal_settings_share_their_rows():
    dataset = table(
        frame(),
        target={"a": "kind", "b": "price"},
        target_kind={"a": "class", "b": "number"},
        drop=[],
    )
    again = replace(dataset)
    assert dataset == again
    assert hash(dataset) == hash(again)
    assert dataset.splits is again.splits
    assert dataset != replace(dataset, drop=["age"])
    assert (dataset.num_classes, dataset.num_targets) == ({"a": 3}, {"b": 1})


def test_classes_keep_their_shares_and_numbers_need_none():
    by_class = table(frame())
    shares = [
        split.target.bincount() / len(split.target) for split in (by_class.train, by_class.valid)
    ]
    torch.testing.assert_close(shares[0], shares[1], atol=0.05, rtol=0)
    numbers = table(frame(), target="price", target_kind="number", drop=["kind", "sold", "rare"])
    assert numbers.train.target.dtype == torch.float32
    assert numbers.target_names == ("price",)


def test_no_group_is_in_two_splits():
    rows = distinct().assign(patient=np.arange(120) // 6)
    final = table(rows, group="patient").at("final")
    search = table(rows, group="patient")
    parts = [row_of(search, "training"), row_of(search, "validation"), row_of(final, "test")]
    groups = [{row // 6 for row in part} for part in parts]
    assert not (groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2])
    assert "patient" not in str(search.described()["columns"])


def test_what_is_tested_is_the_latest():
    rows = distinct()
    search = table(rows, time="built", split=None)
    parts = [
        row_of(search, "training"),
        row_of(search, "validation"),
        row_of(search.at("final"), "test"),
    ]
    built = [rows["built"].iloc[part] for part in parts]
    assert built[0].max() < built[1].min() <= built[1].max() < built[2].min()


def test_rows_to_test_on_may_have_a_file_of_their_own(caplog):
    frame(30, seed=1).assign(town="Paris").to_csv("test.csv", index=False)
    with caplog.at_level(logging.INFO):
        dataset = table(frame(), test_file="test.csv")
    assert len(dataset.at("final").test) == 30
    assert len(dataset.at("final").train) == 120
    assert "30 rows of a test file of its own (dataset.holdout is not used)" in caplog.text
    assert "'town' has categories that training lacks in 30 of 30 test rows" in caplog.text


def test_what_is_left_out_and_what_leaks_is_told(caplog):
    rows = frame().assign(empty=None, one=1, number=range(120), same=lambda rows: rows["price"] * 2)
    rows.loc[:4, "price"] = None
    with caplog.at_level(logging.INFO):
        dataset = table(rows, target="price", target_kind="number", drop=["sold", "rare"])
    assert "5 of 120 rows are left out: they have no 'price'" in caplog.text
    assert "'empty' (empty), 'one' (constant), 'number' (an identifier" in caplog.text
    assert "'same' tells the target 'price' itself, row by row" in caplog.text
    assert len(target_of(dataset.open_all())) == 115


def test_a_column_of_text_that_is_the_class_is_told(caplog):
    table(frame().assign(copy=lambda rows: rows["kind"].str.upper()))
    assert "'copy' tells the target 'kind' itself" in caplog.text


def test_rows_on_two_sides_are_told(caplog):
    rows = frame(40)
    table(pd.concat([rows] * 3, ignore_index=True)).load()
    assert "validation rows have the same inputs as a training row" in caplog.text


def test_categories_that_no_training_row_has_are_told(caplog):
    rows = distinct()
    rows.loc[row_of(table(rows), "validation"), "town"] = "Paris"
    table(rows).load()
    assert "validation rows have categories that no training row has, and count as" in caplog.text
    assert "'town' in 24" in caplog.text


def test_a_table_may_have_nothing_to_tell():
    dataset = table(frame(), target=None, target_kind=None)
    assert dataset.example.target.shape == (2, 0)
    assert len(dataset.described()["columns"]) == 6
    assert dataset.num_classes is None


def test_another_file_of_the_same_name_is_read_anew():
    first = table(frame())
    second = table(frame(200))
    assert len(target_of(first.open_all())) == len(target_of(second.open_all())) == 200


BAD = {
    "file": ({"file": "none.csv"}, r"dataset\.file: is none\.csv, which is not there"),
    "target": ({"target": "Kind"}, r"dataset\.target: is 'Kind'; .*did you mean 'kind'\?"),
    "drop": ({"drop": ["aria"]}, r"dataset\.drop: is 'aria'; .*did you mean 'area'\?"),
    "group": ({"group": "city"}, r"dataset\.group: is 'city'"),
    "time and group": ({"group": "town", "time": "built"}, r"dataset\.time: is said beside"),
    "text for numbers": ({"numbers": ["town"]}, r"dataset\.numbers: .*'town', and row 1 has "),
    "a target left out": ({"drop": ["kind"]}, r"dataset\.target: is 'kind', which is left out"),
    "no test file": (
        {"test_file": "no.csv"},
        r"dataset\.test_file: is no\.csv, which",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_settings_that_fit_no_table_are_refused(name):
    settings, match = BAD[name]
    with pytest.raises(ConfigError, match=match):
        table(frame(), **settings)


def test_a_test_file_of_another_kind_is_refused():
    frame(30).drop(columns="town").to_csv("test.csv", index=False)
    with pytest.raises(ConfigError, match=r"dataset\.test_file: lacks the column 'town'"):
        table(frame(), test_file="test.csv")
    frame(30).assign(kind="castle").to_csv("test.csv", index=False)
    with pytest.raises(ConfigError, match=r"dataset\.test_file: .*training lacks: row 1"):
        table(frame(), test_file="test.csv")


def test_a_row_without_a_time_is_refused():
    rows = frame()
    rows.loc[6, "built"] = None
    with pytest.raises(
        ConfigError, match=r"dataset\.time: is 'built', which has no value in row 7"
    ):
        table(rows, time="built")


def test_too_few_rows_are_told():
    with pytest.raises(ConfigError, match=r"too few rows of some classes \('.*: 1'"):
        table(frame(4).assign(kind=["a", "a", "a", "b"])).load()
    with pytest.raises(ConfigError, match=r"dataset: has too few rows \(2\)"):
        table(frame(2), target="price", target_kind="number", drop=["kind"]).load()


def test_facts_that_are_not_so_are_refused():
    with pytest.raises(ConfigError, match=r"dataset\.features: is 99, and the table gives \d"):
        table(frame(), features=99).load()


def test_without_preparation_there_are_no_indicators():
    dataset = table(frame(), prepare={"_target_": "nas_hydra.dataset.prepare.none.NoPreparation"})
    dataset = replace(dataset, prepare=NoPreparation())
    assert dataset.features == 5
    assert dataset.example.inputs["numbers"].shape == (2, 5)


def test_rows_to_predict_are_read_by_name():
    dataset = table(frame())
    other = frame(5, seed=3)
    other[["town", "built", "garden", "area", "age"]].to_csv("new.csv", index=False, sep=";")
    described = dataset.described()
    names, inputs = Table.unlabelled({}, described, Path("new.csv"))
    assert names == ["1", "2", "3", "4", "5"]
    assert inputs["numbers"][:, 0].tolist() == pytest.approx(other["area"].tolist())
    stream = io.StringIO(Path("new.csv").read_text())
    again = Table.unlabelled({}, described, stream)[1]
    torch.testing.assert_close(again, inputs, equal_nan=True)
    head = "towns,area,age,built,garden"
    with pytest.raises(ConfigError, match=r"^files: lacks the column 'town'; .*mean 'towns'"):
        Table.unlabelled({}, described, io.StringIO(f"{head}\nBonn,1,2,,True\n"))


def test_settings_that_candidates_differ_in_are_not_looked_at():
    given = {**SETTINGS, "file": "none.csv", "drop": {"_choice_": [["a"], []]}, "features": None}
    assert Table.found(given) == {}
