"""What the columns of a table are taken for: right, or at least told."""

import logging
from datetime import date

import numpy as np
import pandas as pd
import pytest

from nas_hydra.dataset.tables.columns import Columns
from nas_hydra.dataset.tables.frame import Notes
from nas_hydra.dataset.tables.recognising import MOST_CATEGORIES, Recogniser
from nas_hydra.errors import ConfigError

ROWS = 40
NUMBERS = np.linspace(0, 1, ROWS)
TOWNS = ["Bonn", "Aachen"] * (ROWS // 2)


def recognised(column, forced: str = "") -> tuple[Columns, Recogniser]:
    """A column beside one of numbers."""
    frame = pd.DataFrame({"x": column, "beside": NUMBERS})
    recogniser = Recogniser({"x": forced} if forced else {}, Notes())
    return recogniser.columns(frame), recogniser


def texts(*values) -> list:
    return [values[place % len(values)] for place in range(ROWS)]


KINDS = {
    "numbers": (NUMBERS, "number"),
    "whole numbers": (texts(1, 2, 3), "number"),
    "numbers of which some are missing": (texts(1.5, None), "number"),
    "numbers in text": (texts("1.5", "2", None), "number"),
    "text": (TOWNS, "category"),
    "text of which some is missing": (texts("a", None, "b"), "category"),
    "true and false": (texts(True, False), "category"),
    "true, false and missing": (pd.Series(texts(True, False, None), dtype=object), "category"),
    "categories of pandas": (pd.Categorical(TOWNS), "category"),
    "days": (texts("2021-03-01", "2020-04-02"), "date"),
    "days of Python": (texts(date(2021, 3, 1), date(2020, 4, 2), None), "date"),
    "times": (pd.date_range("2021-01-01", periods=ROWS, freq="7h"), "date"),
    "German days": (texts("01.03.2021", "24.12.2020"), "date"),
    "American days": (texts("12/24/2020", "1/3/2021"), "date"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_column_is_taken_for_what_it_is(name):
    column, kind = KINDS[name]
    found, recogniser = recognised(column)
    assert not recogniser.dropped
    assert found.columns[0].kind == kind


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (("03.12.2020", "23.12.2020"), ("2020-12-03", "2020-12-23")),
        (("3/12/2020", "3/23/2020"), ("2020-03-12", "2020-03-23")),
        (("23/3/2020", "3/4/2020"), ("2020-03-23", "2020-04-03")),
        (("2020/3/12", "2020/3/23"), ("2020-03-12", "2020-03-23")),
    ],
)
def test_days_are_counted_in_the_order_in_which_they_are_written(written, wanted):
    frame = pd.DataFrame({"x": texts(*written), "beside": NUMBERS})
    days = recognised(texts(*written))[0].inputs(frame, "file")["numbers"][:2, 0]
    assert days.tolist() == [(pd.Timestamp(day) - pd.Timestamp(0)).days for day in wanted]


DROPPED = {
    "empty": ([None] * ROWS, "empty"),
    "not a number": ([np.nan] * ROWS, "empty"),
    "constant": ([3] * ROWS, "constant"),
    "a constant text": (["a"] * ROWS, "constant"),
    "counted": (range(ROWS), "an identifier"),
    "counted, in another order": (range(ROWS, 0, -1), "an identifier"),
    "keys": ([f"key {place}" for place in range(ROWS)], "an identifier"),
    "sentences": ([f"it was {place} days of rain" for place in range(ROWS)], "free text, which"),
    "lists": ([[1, 2]] * ROWS, "neither numbers, text nor dates"),
}


@pytest.mark.parametrize("name", DROPPED)
def test_what_nothing_can_be_learnt_from_is_left_out_and_told(name, caplog):
    column, why = DROPPED[name]
    found, recogniser = recognised(column)
    assert found.numbers == ["beside"]
    recogniser.notes.tell()
    assert f"data: columns left out: 'x' ({why}" in caplog.text


def test_whole_numbers_far_apart_are_measurements():
    found, _ = recognised([place**2 * 10 for place in range(ROWS)])
    assert found.numbers == ["x", "beside"]


def test_an_identifier_can_be_kept():
    assert recognised(range(ROWS), "number")[0].numbers == ["x", "beside"]
    assert len(recognised([f"key {place}" for place in range(ROWS)], "category")[0].categories) == 1


def test_a_few_texts_among_numbers_are_missing_and_told(caplog):
    column = ["?", *map(str, NUMBERS[1:])]
    found, recogniser = recognised(column)
    recogniser.notes.tell()
    assert found.indicators == (0,)
    assert "'x' is numbers, and what is none counts as missing: row 1 has '?'" in caplog.text


def test_text_is_refused_where_numbers_are_wanted():
    column = [*map(str, NUMBERS[1:]), "many"]
    with pytest.raises(ConfigError, match=rf"dataset\.numbers: .*'x', and row {ROWS} has 'many'"):
        recognised(column, "number")


def test_the_rarest_of_many_categories_become_one(caplog):
    names = [f"town {place % 150}" for place in range(1500)] + ["Bonn"] * 500
    frame = pd.DataFrame({"x": names})
    recogniser = Recogniser({}, Notes())
    columns = recogniser.columns(frame)
    assert columns.cardinalities == [MOST_CATEGORIES + 1]
    codes = columns.inputs(frame, "file")["categories"][:, 0]
    assert (codes >= 0).all()
    assert len(codes[-500:].unique()) == 1
    with caplog.at_level(logging.INFO):
        recogniser.notes.tell()
    assert (
        "of 'x', 52 of 151 categories are the rarest, and become one (26% of its rows)"
        in caplog.text
    )


def test_one_indicator_tells_that_a_date_is_missing():
    found, recogniser = recognised(texts("2021-03-01 10:00", None, "2020-04-02 11:30"))
    assert found.columns[0].parts == ("days", "month", "weekday", "hour")
    assert found.indicators == (0,)
    assert recogniser.missing == {"x": 13}


def test_a_table_without_a_column_is_refused():
    with pytest.raises(ConfigError, match=r"has no column to learn from \('x': constant\)"):
        Recogniser({}, Notes()).columns(pd.DataFrame({"x": [1, 1]}))
