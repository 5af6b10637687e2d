"""Arrays of files and functions: what they are taken for, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits, load_wine

from dataset.common import COMMON
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.tensors import Tensors
from nas_hydra.errors import ConfigError

GIVEN = {
    **{name: value for name, value in COMMON.items() if name not in ("num_classes", "augment")},
    **{"holdout": 0.2, "file": "x.npz", "inputs": "x", "target": "y", "target_kind": None},
}
LEFT = ("num_classes", "num_targets", "input_shape", "features", "channels", "length", "vocabulary")


@pytest.fixture(autouse=True)
def _no_other_rows():
    """Files of the same name are other ones in each test."""
    release_datasets()


def found(**settings) -> dict:
    given = {**GIVEN, **dict.fromkeys(LEFT), **settings}
    return Tensors.found(given)


def opened(**settings) -> Tensors:
    return Tensors(**{**GIVEN, **settings, **found(**settings)})


def save(**arrays) -> None:
    np.savez("x.npz", **arrays)


def wine_arrays(rows: int = 178):
    """What a test names as ``dataset.function``."""
    table = load_wine()
    return {"x": table.data[:rows], "y": table.target[:rows]}


def test_classes_of_a_table_are_split_by_class_and_prepared():
    save(**wine_arrays())
    dataset = opened()
    assert (dataset.num_classes, dataset.features, dataset.target_kind) == (3, 13, "class")
    inputs, target = dataset.train[torch.arange(len(dataset.train))]
    torch.testing.assert_close(inputs.mean(0), torch.zeros(13), atol=1e-5, rtol=0)
    torch.testing.assert_close(inputs.std(0), torch.ones(13), atol=1e-4, rtol=0)
    assert target.dtype == torch.int64
    assert [int(count) for count in dataset.valid.target.bincount()] == [9, 12, 8]
    assert list(dataset.splits.counts) == [47, 57, 38]


def test_torchs_files_and_functions_give_the_same_rows():
    arrays = {name: torch.from_numpy(one) for name, one in wine_arrays().items()}
    torch.save(arrays, "x.pt")
    save(**wine_arrays())
    of_function = opened(file=None, function="dataset.test_tensors.wine_arrays")
    rows = [one.train[torch.arange(20)][0] for one in (opened(), opened(file="x.pt"), of_function)]
    assert torch.equal(rows[0], rows[1])
    assert torch.equal(rows[0], rows[2])
    fewer = {"function": "dataset.test_tensors.wine_arrays", "arguments": {"rows": 100}}
    assert len(opened(file=None, **fewer).train) == 64


@pytest.mark.parametrize(
    ("x", "facts", "shape"),
    [
        (np.zeros((30, 4)), {"features": 4, "input_shape": [4]}, (4,)),
        (np.zeros((30, 2, 30)), {"channels": 2, "length": 30, "input_shape": [2, 30]}, (2, 30)),
        (np.zeros((30, 3, 8, 6)), {"input_shape": [3, 8, 6]}, (3, 8, 6)),
        (np.zeros((30, 8, 6), "u1"), {"input_shape": [1, 8, 6]}, (1, 8, 6)),
    ],
)
def test_shapes_are_found(x, facts, shape):
    save(x=x, y=np.arange(30) % 3)
    answers = found()
    assert {name: answers[name] for name in LEFT if name in answers} == {"num_classes": 3, **facts}
    assert opened().train[torch.arange(2)][0].shape == (2, *shape)


def test_bytes_are_images_from_0_to_1(caplog):
    caplog.set_level("INFO")
    save(x=(load_digits().images * 15).astype("u1"), y=load_digits().target)
    source = opened().open_all()
    assert float(source.inputs.max()) == pytest.approx(240 / 255)
    assert "'x' is taken for grey images of bytes" in caplog.text


def test_ids_stay_whole_numbers():
    save(x=np.arange(40).reshape(10, 4), y=np.arange(10) % 2)
    answers = found(ids=["x"])
    assert (answers["vocabulary"], answers["length"]) == (40, 4)
    assert opened(ids=["x"]).train[torch.arange(2)][0].dtype == torch.int64


@pytest.mark.parametrize(
    ("y", "kind", "wanted"),
    [
        (np.array(["b", "a", "c"] * 10), None, ("class", 3, torch.int64, (2,))),
        (np.array([5.0, 7.0] * 15), "class", ("class", 2, torch.int64, (2,))),
        (np.arange(30) / 7, None, ("number", None, torch.float32, (2,))),
        (np.zeros((30, 2)), None, ("number", None, torch.float32, (2, 2))),
        (np.eye(30, 3, dtype=int), None, ("labels", 3, torch.float32, (2, 3))),
        (np.full((30, 4, 4), 2), None, ("masks", 3, torch.int64, (2, 4, 4))),
    ],
)
def test_targets_are_taken_for_what_they_are_or_what_the_task_takes(y, kind, wanted):
    save(x=np.random.default_rng(0).normal(size=(30, 3)), y=y)
    dataset = opened(target_kind=kind)
    target = dataset.train[torch.arange(2)][1]
    assert (dataset.target_kind, dataset.num_classes, target.dtype, target.shape) == wanted


def test_classes_keep_their_names():
    save(x=np.zeros((12, 3)), y=np.array(["b", "a", "c"] * 4))
    assert opened().class_names == ["a", "b", "c"]


def test_several_inputs_and_heads():
    digits = load_digits()
    save(
        image=digits.images[:, None] / 16,
        ink=digits.data.sum(1, keepdims=True),
        digit=digits.target,
        middle=digits.data[:, 28:30],
    )
    dataset = opened(
        inputs={"photo": "image", "facts": "ink"}, target={"digit": "digit", "centre": "middle"}
    )
    assert dataset.target_kind == {"digit": "class", "centre": "number"}
    assert (dataset.num_classes, dataset.num_targets) == ({"digit": 10}, {"centre": 2})
    inputs, target = dataset.train[torch.arange(3)]
    assert {name: one.shape for name, one in inputs.items()} == {
        "photo": (3, 1, 8, 8),
        "facts": (3, 1),
    }
    assert {name: one.shape for name, one in target.items()} == {"digit": (3,), "centre": (3, 2)}


def test_without_a_target_the_inputs_are_told():
    save(x=load_diabetes().data)
    inputs, target = opened(target=None).train[torch.arange(2)]
    assert target.shape == inputs.shape == (2, 10)


def test_rows_to_test_on_can_be_named():
    arrays = wine_arrays()
    save(x=arrays["x"][::2], y=arrays["y"][::2], a=arrays["x"][1::2], b=arrays["y"][1::2])
    final = opened(test_inputs="a", test_target="b").at("final")
    assert (len(final.train), len(final.test)) == (89, 89)


def test_rows_of_a_file_without_a_target_can_be_predicted():
    save(**wine_arrays())
    np.savez("new.npz", x=wine_arrays()["x"][:3])
    names, inputs = Tensors.unlabelled(GIVEN, {}, Path("new.npz"))
    assert list(names) == ["1", "2", "3"]
    assert inputs.shape == (3, 13)


X, Y = np.zeros((9, 2)), np.arange(9) % 3


@pytest.mark.parametrize(
    ("arrays", "settings", "problem"),
    [
        ({"data": X, "y": Y}, {"inputs": "dat"}, r"no array 'dat'; it has 'data', 'y'.*'data'"),
        ({"x": X, "y": Y[:8]}, {}, r"different numbers of rows: 'x' 9, 'y' 8"),
        ({"x": X[:0], "y": Y[:0]}, {}, r"no rows"),
        ({"x": X.astype(str), "y": Y}, {}, r"'x' holds <U.*'0\.0' in row 0.*numbers are needed"),
        ({"x": np.where(X == 0, np.nan, X), "y": Y}, {}, r"'x' has a number that is not finite in"),
        ({"x": X, "y": Y / 2}, {"target_kind": "class"}, r"'y' holds 0\.5 in row 1; say task=reg"),
        ({"x": X, "y": Y}, {"target_kind": "labels"}, r"is labels, and 'y' is int64 of 9; wanted"),
        ({"x": X, "y": Y}, {"target_kind": "clas"}, r"'clas'; allowed: 'class'"),
        ({"x": X, "y": Y}, {"file": "y.npz"}, r"there is no file .*y\.npz"),
        ({"x": X, "y": Y}, {"file": "x.csv"}, r"is x\.csv; allowed: a file \.npz or \.pt"),
        ({"x": X, "y": Y}, {"file": None}, r"either dataset\.file or dataset\.function"),
        ({"x": X, "y": Y}, {"ids": ["x"]}, r"ids are whole numbers from 0 on"),
        (
            {"x": X, "y": Y, "a": X, "b": Y + 1},
            {"test_inputs": "a", "test_target": "b"},
            r"classes '3', which training rows lack",
        ),
        ({"x": X, "y": Y, "a": X}, {"test_inputs": "a"}, r"test_target.*is null"),
    ],
)
def test_what_is_wrong_is_said(arrays, settings, problem):
    save(**arrays)
    with pytest.raises(ConfigError, match=problem):
        opened(**settings)


def test_a_pickle_is_not_opened():
    np.savez("x.npz", x=np.array([{}], dtype=object), y=Y[:1])
    with pytest.raises(ConfigError, match=r"x\.npz cannot be read: .*allow_pickle"):
        opened()
    Path("x.pt").write_bytes(b"none")
    with pytest.raises(ConfigError, match=r"x\.pt cannot be read"):
        opened(file="x.pt")


def test_channels_last_are_told(caplog):
    save(x=np.zeros((9, 8, 8, 3)), y=Y)
    opened()
    assert "'x' has rows of 8 x 8 x 3; networks take the channels first" in caplog.text
