"""Files of rows and columns, in whatever dialect; or a sentence that says what is wrong."""

import gzip
import io
import logging
from pathlib import Path

import pandas as pd
import pytest

from nas_hydra.dataset.tables.frame import Notes, check_columns, read_frame, read_stream
from nas_hydra.errors import ConfigError

ROWS = pd.DataFrame({"size": [1.5, 2.25], "town": ["Köln", "Bonn"], "n": [3, 4]})


def read(content: bytes, name: str = "rows.csv") -> tuple[pd.DataFrame, Notes]:
    Path(name).write_bytes(content)
    notes = Notes()
    return read_frame(Path(name), "dataset.file", notes), notes


COMMA = "size,town,n\n1.5,Köln,3\n2.25,Bonn,4\n"
DIALECTS = {
    "commas": (COMMA.encode(), "rows.csv", ""),
    "a mark before UTF-8": (COMMA.encode("utf-8-sig"), "rows.csv", ""),
    "old Windows": (COMMA.encode("cp1252"), "rows.csv", "text that is not UTF-8"),
    "semicolons": (COMMA.replace(",", ";").encode(), "rows.csv", "separated by semicolons"),
    "tabs": (COMMA.replace(",", "\t").encode(), "rows.tsv", "separated by tabs"),
    "bars": (COMMA.replace(",", "|").encode(), "rows.txt", "separated by bars"),
    "blanks after commas": (COMMA.replace(",", ", ").encode(), "rows.csv", ""),
    "line ends of Windows": (COMMA.replace("\n", "\r\n").encode(), "rows.csv", ""),
    "quotes with commas": (COMMA.replace("size", '"size"').encode(), "rows.csv", ""),
    "packed": (gzip.compress(COMMA.encode()), "rows.csv.gz", ""),
    "decimal commas": (
        COMMA.replace(",", ";").replace(".", ",").encode(),
        "rows.csv",
        "semicolons and decimal commas",
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_rows_are_the_same_in_every_dialect(dialect, caplog):
    content, name, told = DIALECTS[dialect]
    frame, notes = read(content, name)
    pd.testing.assert_frame_equal(frame, ROWS, check_dtype=False)
    assert not caplog.messages
    with caplog.at_level(logging.INFO):
        notes.tell()
    assert [told in line and line.startswith("data: ") for line in caplog.messages] == [
        True
    ] * bool(told)


def test_parquet_keeps_its_types():
    ROWS.to_parquet("rows.parquet")
    frame = read_frame(Path("rows.parquet"), "dataset.file", Notes())
    pd.testing.assert_frame_equal(frame, ROWS, check_dtype=False)


def test_standard_input_is_read_as_a_file_is():
    frame = read_stream(io.StringIO("\ufeffsize;n\n1,5;3\n"), "input", Notes())
    assert frame.to_dict("list") == {"size": [1.5], "n": [3]}


BAD = {
    "cut": (b"a,b\n1,2\n3,4,5,6\n", "rows.csv", "cannot be read: ParserError: .*line 3"),
    "empty": (b"", "rows.csv", "is rows.csv, which is empty"),
    "a head alone": (b"a,b\n", "rows.csv", "which has no rows"),
    "no gzip": (b"a,b\n1,2\n", "rows.csv.gz", "cannot be read: BadGzipFile"),
    "no parquet": (b"a,b\n1,2\n", "rows.parquet", "cannot be read: "),
    "a sheet": (b"a,b\n1,2\n", "rows.xlsx", r"allowed endings: \.csv, \.tsv, \.txt .*\.parquet"),
    "blank names": (b" a,a \n1,2\n", "rows.csv", "several columns of one name: 'a'"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_table_is_told(kind):
    content, name, told = BAD[kind]
    with pytest.raises(ConfigError, match=rf"^dataset\.file: .*{told}"):
        read(content, name)


def test_a_file_that_is_not_there_is_told_with_the_nearest():
    read(COMMA.encode(), "houses.csv")
    with pytest.raises(ConfigError, match=r"which is not there; did you mean 'houses\.csv'"):
        read_frame(Path("house.csv"), "dataset.file", Notes())
    with pytest.raises(ConfigError, match="there is no folder nowhere"):
        read_frame(Path("nowhere/house.csv"), "dataset.file", Notes())
    with pytest.raises(ConfigError, match="which is a folder; a file is needed"):
        read_frame(Path(), "dataset.file", Notes())


def test_a_file_without_names_is_told(caplog):
    read(b"1,2\n3,4\n")[1].tell()
    assert "the first line of rows.csv holds numbers ('1', '2')" in caplog.text


def test_a_column_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"^key: is 'prize'; the table has 'price'.*mean 'price'"):
        check_columns("key", ["prize"], ["price", "town"])
