"""Cells of a csv: what is written is read back, and opens harmlessly in a spreadsheet."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nas_hydra.files.csv_cell import open_csv, read, unmarked, written

TRICKY = "=+-@'\"\\u0dcf, \t\r\n_;.1eE\0\udcff\ud800\udc00TrueFalsnif\uff2e\uff1d"
texts = st.text() | st.text(TRICKY) | st.text(st.characters(exclude_categories=()))
cells = st.none() | st.booleans() | st.integers() | st.floats() | texts


@given(st.lists(cells, min_size=1))
@example([0.5, "0.5", None, "", True, "True", "=1", "'=1", "\\udcff", "\udcff", "-1", -1, -0.0])
@example(["\ufeff"])
def test_what_is_written_is_read_back(row):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "c.csv")
        with file.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([[*map(written, row)]] * 2)
        with open_csv(file) as stream:
            for found in csv.reader(stream):
                assert [type(cell) for cell in map(read, found)] == [type(cell) for cell in row]
                assert repr([*map(read, found)]) == repr(row)


@given(cells)
def test_what_a_spreadsheet_would_calculate_is_a_number(cell):
    found = written(cell)
    if found.lstrip()[:1] in {*"=+-@\uff1d\uff0b\uff0d\uff20"}:
        assert isinstance(cell, int | float)
    assert found == found.lstrip()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_in_a_column_of_texts_only_what_could_be_a_formula_is_marked(text):
    found = written(text, known=True)
    assert unmarked(found) == text
    if text[:1].isalnum():
        assert found == text


@pytest.mark.parametrize("cell", ["relu", "3x3", "conv_1", "a=1", "/data/a b", "", "too deep: 3"])
def test_an_ordinary_text_stands_as_it_is(cell):
    assert written(cell, known=True) == cell
    assert not cell or written(cell) == cell
