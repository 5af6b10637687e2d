"""Columns prepared: nothing is missing, and nothing known of rows that are not trained on."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.prepare.columns import Columns
from nas_hydra.errors import ConfigError

NAN = float("nan")
NUMBERS = torch.tensor([[1.0, NAN], [3.0, 5.0], [8.0, 7.0]])
CODES = torch.tensor([[0, 2], [2, -1], [0, 2]])


def fitted(numbers: str = "none", **known):
    return Columns(numbers=numbers, **known).fit(
        [
            {"numbers": NUMBERS[:2], "categories": CODES[:2]},
            {"numbers": NUMBERS[2:], "categories": CODES[2:]},
        ]
    )


def test_a_missing_number_is_the_median_and_a_column_tells_of_it():
    found = fitted()({"numbers": NUMBERS, "categories": CODES})["numbers"]
    assert found.tolist() == [[1, 6, 1], [3, 5, 0], [8, 7, 0]]


def test_a_table_says_of_which_numbers_it_is_told():
    found = fitted(indicators=[0])({"numbers": torch.tensor([[NAN, 2.0]]), "categories": CODES[:1]})
    assert found["numbers"].tolist() == [[3, 2, 1]]


def test_infinite_numbers_are_missing():
    numbers = torch.tensor([[float("inf"), float("-inf")]])
    assert fitted()({"numbers": numbers, "categories": CODES[:1]})["numbers"].tolist() == [
        [3, 6, 1]
    ]


def test_categories_that_training_lacks_are_0_as_missing_ones_are():
    others = torch.tensor([[-1, -1], [0, 0], [1, 1], [2, 2], [9, 9]])
    prepare = fitted(cardinalities=[4, 5])
    numbers = NUMBERS[:1].expand(5, 2)
    found = prepare({"numbers": numbers, "categories": others})["categories"]
    assert found.tolist() == [[0, 0], [1, 0], [0, 0], [3, 3], [0, 0]]


@given(st.lists(st.lists(st.integers(-1, 6), min_size=2, max_size=2), min_size=1, max_size=20))
def test_codes_stay_below_their_cardinalities(rows):
    prepare = Columns(cardinalities=[8, 4]).fit([{"categories": CODES}])
    found = prepare({"categories": torch.tensor(rows)})["categories"]
    assert (found >= 0).all()
    assert (found < torch.tensor([8, 4])).all()


def test_standard_numbers_have_mean_0_and_deviation_1():
    found = fitted("standard")({"numbers": NUMBERS, "categories": CODES})["numbers"]
    torch.testing.assert_close(found[:, 0].mean(), torch.tensor(0.0))
    torch.testing.assert_close(found[:, 0].std(correction=0), torch.tensor(1.0))
    assert found[0, 1] == 0  # the median is the mean of two


def test_the_default_gives_ranks():
    found = Columns().fit([{"numbers": NUMBERS}])({"numbers": NUMBERS})["numbers"]
    assert found[0, 0] == -found[2, 0]
    assert found[1, 0].abs() < 1e-6


def test_it_has_no_parameters_and_is_exported_for_any_number_of_rows():
    prepare = fitted("quantile", cardinalities=[4, 5])
    assert not list(prepare.parameters())
    rows = {"numbers": NUMBERS, "categories": CODES}
    number = torch.export.Dim("rows")
    shapes = ({"numbers": {0: number}, "categories": {0: number}},)
    exported = torch.export.export(prepare, (rows,), dynamic_shapes=shapes).module()
    two = {name: one[:2] for name, one in rows.items()}
    for name, wanted in prepare(two).items():
        torch.testing.assert_close(exported(two)[name], wanted, atol=0, rtol=0)


def test_another_scale_is_refused():
    with pytest.raises(ConfigError, match=r"dataset\.prepare\.numbers: is 'log'; allowed: quan"):
        Columns(numbers="log")
