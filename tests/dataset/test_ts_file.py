"""Files of the archives: every value where it was, or the line that is wrong."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from made.series import archive_file, ts_lines
from nas_hydra.dataset.series_files.rows import SeriesFileError
from nas_hydra.dataset.series_files.ts import read_ts

HEADER = ["%comment", "", "@problemName it", "@equalLength true", "@classLabel true a b"]


def ts(*lines: str, header: list[str] = HEADER) -> list[str]:
    return [f"{line}\n" for line in [*header, "@data", *lines]]


NUMBERS = st.one_of(st.floats(-1e6, 1e6, width=32), st.just(float("nan")))


@settings(max_examples=30, deadline=None)
@given(data=st.data(), channels=st.integers(1, 3))
def test_what_was_written_is_read(data, channels):
    """Any channels, any lengths, missing values anywhere."""
    lengths = data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    series = [
        np.array(data.draw(st.lists(NUMBERS, min_size=channels * n, max_size=channels * n)))
        .reshape(channels, n)
        .astype("f4")
        for n in lengths
    ]
    lines = [
        ":".join(",".join("?" if np.isnan(v) else repr(float(v)) for v in row) for row in one)
        for one in series
    ]
    header = ["@EQUALLENGTH False", "@classlabel true a"]
    rows = read_ts(ts(*(f"{line}:A b" for line in lines), header=header))
    for read, one in zip(rows.values, series, strict=True):
        np.testing.assert_array_equal(read, one)
    assert rows.targets == ["A b"] * len(series)
    assert rows.kind == "class"


def test_time_stamps_are_left_out():
    lines = ts(
        "(2007-01-01 00:00:00,241.97),(2007-01-01 00:01:00,-2e1):(0,1),(1,?):b",
        header=["@timeStamps true", "@classLabel true a b"],
    )
    rows = read_ts(lines)
    np.testing.assert_allclose(rows.values[0], [[241.97, -20], [1, np.nan]], rtol=1e-6)
    assert rows.targets == ["b"]


def test_numbers_are_told_where_the_header_says_so():
    rows = read_ts(ts("1,2:0.25", header=["@targetlabel true"]))
    assert (rows.kind, rows.targets) == ("number", ["0.25"])


def test_a_file_without_classes_is_all_series():
    lines = ts("1,2", "3,4", header=["@classLabel false"])
    assert [one.tolist() for one in read_ts(lines, labelled=False).values] == [[[1, 2]], [[3, 4]]]
    with pytest.raises(SeriesFileError, match="neither @classLabel true nor @targetLabel true"):
        read_ts(lines)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (ts("1,2:a", "1,x:b"), "line 8: channel 1: value 2 is 'x', no number"),
        (ts("1,2:a", "1,1e99:b"), "line 8: channel 1: value 2 is '1e99', not finite"),
        (ts("1,2:a", "1,2,3:b"), "line 8: has 3 values, and the first series 2.*@equalLength"),
        (ts("1,2:3,4:a", "1,2:b"), "line 8: has 1 channels, and the first series 2"),
        (ts("1,2:3:a"), r"line 7: channel 1 has 2 values and channel 2 1.*'\?' is a missing"),
        (ts("1,2"), "line 7: it has no ':'"),
        (HEADER, "has no line @data"),
        (["1,2:a", "@data"], "line 1 stands before @data"),
        (["@equalLength yes"], "line 1: @equalLength is yes; allowed: true, false"),
        (["@missing"], "line 1: @missing is nothing; allowed"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(lines, said):
    with pytest.raises(SeriesFileError, match=said):
        read_ts(lines)


def test_made_files_are_such_files():
    rows = read_ts(ts_lines(4, channels=2, ragged=True))
    assert sorted(set(rows.lengths)) == [*range(16, 25)]
    assert {one.shape[0] for one in rows.values} == {2}


ORACLE = """
import sys, numpy as np
from aeon.datasets import load_from_ts_file
x, y = load_from_ts_file(sys.argv[1])
np.savez(sys.argv[2], *x, y=np.asarray(y, str))
"""


@pytest.mark.parametrize("name", ["GunPoint", "BasicMotions", "JapaneseVowels", "Covid3Month"])
def test_files_of_the_archive_are_read_as_aeon_reads_them(name, tmp_path):
    file = archive_file(name, "TEST")
    if importlib.util.find_spec("numba") is None:
        pytest.skip("aeon needs numba to read its own files")
    theirs = tmp_path / "it.npz"
    subprocess.run([sys.executable, "-c", ORACLE, str(file), str(theirs)], check=True)
    rows = read_ts(Path(file).read_text().splitlines())
    with np.load(theirs) as held:
        assert [float(y) if rows.kind == "number" else y.lower() for y in rows.targets] == [
            float(y) if rows.kind == "number" else y for y in held["y"]
        ]
        for place, one in enumerate(rows.values):
            np.testing.assert_allclose(one, held[f"arr_{place}"], rtol=1e-6)
