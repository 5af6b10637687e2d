"""Images that a table names, and its columns, side by side."""

import io
from pathlib import Path

import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from dataset.common import COMMON
from made.combined import rows
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.combined import Combined
from nas_hydra.errors import ConfigError

GIVEN = {
    **{name: value for name, value in COMMON.items() if name not in ("num_classes", "augment")},
    **{"holdout": 0.2, "file": "rows.csv", "target": "total", "images": "file"},
    **{"facts": "table", "background": "white", "range": None, "pixel_limit": 10**6},
}
LEFT = ("target_kind", "num_targets", "features", "cardinalities", "indicators", "size")


@pytest.fixture(autouse=True)
def _no_other_rows():
    """Files of the same name are other ones in each test."""
    release_datasets()


def opened(**settings) -> Combined:
    given = {**GIVEN, **dict.fromkeys(LEFT), **settings}
    return Combined(**{**given, **Combined.found(given)})


def test_each_row_has_its_image_its_columns_and_its_target():
    rows(Path())
    dataset = opened()
    source = dataset.open_all()
    table = pd.read_csv("rows.csv")
    for place in (0, 7, 59):
        inputs = source[torch.tensor([place])]
        digit = torch.from_numpy(load_digits().images[place]).float() * 15 / 255
        torch.testing.assert_close(inputs["image"][0, 0], digit, atol=1 / 255, rtol=0)
        assert float(inputs["table"]["numbers"]) == pytest.approx(table.offset[place])
        assert float(source.target[place]) == pytest.approx(table.total[place])


def test_each_input_is_prepared_in_its_own_way():
    rows(Path())
    dataset = opened()
    inputs, target = dataset.train[torch.arange(len(dataset.train))]
    assert inputs["image"].shape == (38, 3, 8, 8)
    assert abs(float(inputs["image"].mean())) < 1e-4
    assert inputs["table"]["numbers"].shape == (38, 1)
    assert sorted(inputs["table"]["categories"].unique().tolist()) == [1, 2]
    assert target.shape == (38,)
    assert (dataset.features, dataset.cardinalities, dataset.size) == (1, (3,), 8)
    assert dataset.inputs["table"] == {"features": 1, "cardinalities": (3,)}


def test_rows_without_a_target_are_left_out_with_their_images():
    table = pd.read_csv(rows(Path()))
    table.loc[[0, 3], "total"] = None
    table.to_csv("rows.csv", index=False)
    source = opened().open_all()
    assert len(source.target) == 58
    first = load_digits().images[1] * 15 / 255
    found = source[torch.tensor([0])]["image"][0, 0]
    torch.testing.assert_close(found, torch.from_numpy(first).float(), atol=1 / 255, rtol=0)


def test_a_test_table_has_images_of_its_own():
    table = pd.read_csv(rows(Path()))
    table[:40].to_csv("rows.csv", index=False)
    table[40:].to_csv("test.csv", index=False)
    final = opened(test_file="test.csv").at("final")
    assert (len(final.train), len(final.test)) == (40, 20)


def test_images_are_streamed_where_they_do_not_fit():
    rows(Path())
    held, streamed = (opened(memory_limit=limit).train for limit in (None, 1))
    places = torch.tensor([3, 1])
    torch.testing.assert_close(held[places][0], streamed[places][0], atol=1e-5, rtol=1e-5)


def test_rows_without_a_target_can_be_predicted_of_a_file_or_standard_input():
    table = pd.read_csv(rows(Path()))
    dataset = opened()
    settings = {**GIVEN, "size": 8}
    table[:3].drop(columns="total").to_csv("new.csv", index=False)
    names, inputs = Combined.unlabelled(settings, dataset.described(), Path("new.csv"))
    assert list(names) == ["1", "2", "3"]
    wanted = dataset.open_all()[torch.arange(3)]
    torch.testing.assert_close(inputs, wanted)
    stream = io.StringIO(Path("new.csv").read_text())
    _, again = Combined.unlabelled(settings, dataset.described(), stream)
    torch.testing.assert_close(again, wanted)


@pytest.mark.parametrize(
    ("spoil", "settings", "problem"),
    [
        (lambda: None, {"images": "fil"}, r"dataset\.images.*'fil'.*'file'"),
        (lambda: None, {"images": {"table": "file"}}, r"dataset\.facts.*is 'table'"),
        (lambda: None, {"images": {}}, r"is empty; say dataset\.images"),
        (lambda: Path("photos/7.png").unlink(), {}, r"in row 8 of dataset\.file: there is no pho"),
        (lambda: Path("photos/7.png").write_text("x"), {}, r"photos/7\.png cannot be read"),
        (
            lambda: None,
            {"root": "photos"},
            r"there is no photos/0\.png in .*photos \(dataset\.root",
        ),
    ],
)
def test_what_is_wrong_is_said(spoil, settings, problem):
    rows(Path())
    spoil()
    with pytest.raises(ConfigError, match=problem):
        opened(**settings).open_all()


def test_the_size_is_that_of_the_images_unless_it_is_said():
    rows(Path())
    Image.new("L", (32, 32)).save("photos/0.png")
    assert opened().size == 8
    assert opened(size=16).train[torch.arange(2)][0]["image"].shape == (2, 3, 16, 16)
