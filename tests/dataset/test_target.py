"""What is to be told of the rows of a table: what it is, or why it is nothing."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch

from made.table import frame
from nas_hydra.dataset.tables.frame import Notes
from nas_hydra.dataset.tables.target import heads_of, known_rows, targets
from nas_hydra.errors import ConfigError

FRAME = frame()


def told(target, kind=None, rows: pd.DataFrame = FRAME):
    heads = heads_of(rows, target, kind, Notes())
    return targets(heads, rows, "dataset.target"), heads


def test_classes_are_numbered_by_the_alphabet():
    found, (head,) = told("kind", "class")
    assert head.classes == ("flat", "house", "villa")
    assert [head.classes[label] for label in found] == FRAME["kind"].tolist()
    assert found.dtype == torch.int64


@pytest.mark.parametrize("values", [[10, 2, 1], [10.0, 2.0, 1.0], [True, False, True]])
def test_classes_that_are_numbers_keep_their_order(values):
    _, (head,) = told("x", "class", pd.DataFrame({"x": values * 10}))
    assert head.classes in (("1", "2", "10"), ("False", "True"))


def test_numbers_are_as_they_are():
    found, (head,) = told("price", "number")
    assert head.outputs == 1
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, FRAME["price"], rtol=1e-6)
    several, (head,) = told(["price", "area"], "number")
    assert several.shape == (len(FRAME), 2)
    assert head.names == ("price", "area")


def test_labels_are_0_and_1():
    found, (head,) = told(["sold", "garden"], "labels")
    assert found.tolist() == FRAME[["sold", "garden"]].astype(float).to_numpy().tolist()
    assert head.outputs == 2


def test_several_heads_have_names():
    found, heads = told(
        {"what": "kind", "worth": ["price", "area"]}, {"what": "class", "worth": "number"}
    )
    assert [head.outputs for head in heads] == [3, 2]
    assert found["what"].shape == (len(FRAME),)
    assert found["worth"].shape == (len(FRAME), 2)


def test_what_nobody_says_is_recognised_and_told(caplog):
    notes = Notes()
    heads = heads_of(FRAME, ["kind", "price", "sold"], None, notes)
    assert {head.name: head.kind for head in heads} == {
        "kind": "class",
        "price": "number",
        "sold": "class",
    }
    with caplog.at_level(logging.INFO):
        notes.tell()
    assert "'price' is taken for numbers (dataset.target_kind says something else)" in caplog.text


def test_unequal_classes_are_told(caplog):
    notes = Notes()
    heads_of(pd.DataFrame({"x": ["a"] * 95 + ["b"] * 5}), "x", "class", notes)
    notes.tell()
    assert "the classes of 'x' are unequal: the most frequent has 19 times the rows" in caplog.text


BAD = {
    "another column": ("prise", "number", r"dataset\.target: is 'prise'; .*mean 'price'\?"),
    "another kind": ("price", "regression", r"dataset\.target_kind: is 'regression'; allowed: 'cl"),
    "text for numbers": ("kind", "number", r"dataset\.target: needs numbers .* 'kind', and row 1 "),
    "numbers for labels": ("price", "labels", r"dataset\.target: needs labels of 0 and 1 .*row 1 "),
    "numbers for classes": ("area", "class", r"no classes; say task=regression"),
    "several of classes": (
        ["kind", "sold"],
        "class",
        r"has 2 columns, and classes are told of one",
    ),
    "no column": ([], "class", r"dataset\.target: names no column"),
    "heads of other names": (["kind"], {"king": "class"}, r"is said of 'king', and .* has 'kind'"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_target_that_is_none_is_refused(kind):
    target, said, match = BAD[kind]
    with pytest.raises(ConfigError, match=match):
        told(target, said)


def test_one_class_or_one_number_alone_is_refused():
    rows = pd.DataFrame({"x": ["a"] * 9, "y": [4] * 9})
    with pytest.raises(ConfigError, match=r"has one class only \('a'\)"):
        told("x", "class", rows)
    with pytest.raises(ConfigError, match="is 'y', which is 4 in every row"):
        told("y", "number", rows)


def test_a_class_that_training_lacks_is_refused():
    _, heads = told("kind", "class")
    other = FRAME.assign(kind=["castle", *FRAME["kind"][1:]])
    with pytest.raises(ConfigError, match=r"^dataset\.test_file: .*training lacks: row 1"):
        targets(heads, other, "dataset.test_file")


def test_rows_of_which_nothing_is_to_be_told_are_left_out():
    rows = pd.DataFrame({"x": [1.0, None, float("inf"), 2.0], "y": ["a", "b", "c", None]})
    assert known_rows(rows, ["x"], "key").index.tolist() == [0, 3]
    assert known_rows(rows, ["x", "y"], "key").index.tolist() == [0]
    with pytest.raises(ConfigError, match=r"^key: has no row with a value of 'z'"):
        known_rows(rows.assign(z=None), ["z"], "key")
