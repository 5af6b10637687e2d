"""Series in csv and npz: wide, long, of unequal length, and what is wrong with them."""

import numpy as np
import pytest

from nas_hydra.dataset.series_files.rows import SeriesFileError
from nas_hydra.dataset.series_files.table import Columns, read_csv, read_npz


def csv(text: str, **columns) -> tuple[list, list | None, list]:
    rows = read_csv(text.splitlines(keepends=True), Columns(**columns))
    return [one.tolist() for one in rows.values], rows.targets, list(rows.names)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_row_is_a_series(mark):
    text = '\ufefft0,t1,what,t2\n1,2,"a b",3\n\n4,5,c,6\n'.replace(",", mark)
    assert csv(text, target="what") == ([[[1, 2, 3]], [[4, 5, 6]]], ["a b", "c"], ["1", "2"])


def test_a_row_is_a_step():
    """In whatever order they stand; columns beside are channels."""
    text = "x,who,when,y,kind\n1,u,2,10,a\n2,v,1,20,b\n3,u,1,30,a\n"
    known = {"target": "kind", "id": "who"}
    values, targets, names = csv(text, **known, time="when")
    assert (values, targets, names) == ([[[3, 1], [30, 10]], [[2], [20]]], ["a", "b"], ["u", "v"])
    assert csv(text.replace(",when,", ",x2,"), **known)[0][0] == [[1, 3], [2, 1], [10, 30]]


def test_dates_order_steps_as_text():
    text = "id,day,x\na,2026-01-10,2\na,2025-12-31,1\n"
    assert csv(text, id="id", time="day")[0] == [[[1, 2]]]


def test_columns_that_were_chosen_are_taken_in_their_order():
    assert csv("a,b,other\n1,2,x\n", values=("b", "a"))[0] == [[[2, 1]]]


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("", {}, "is empty"),
        ("1.0,0.5,0.25\n", {}, "begins with numbers; its first line must name the columns"),
        ("a,a\n1,2\n", {}, "two columns 'a'"),
        ("t0,class\n1,x\n", {"target": "clas"}, "no column 'clas'.*did you mean 'class'"),
        ("class\nx\n", {"target": "class"}, "no column of values"),
        ("t0,t1,y\n1,2,x\n1,low,x\n", {"target": "y"}, "line 3 has 'low' in column 't1'"),
        ("t0,t1,y\n1,inf,x\n", {"target": "y"}, "line 2 has 'inf' in column 't1'"),
        ("t0,t1,y\n1,2,x\n1,x\n", {"target": "y"}, "line 3 has 2 cells.*the first line 3.*empty"),
        ("i,y,v\na,1,1\na,2,2\n", {"id": "i", "target": "y"}, "line 3: the series 'a' has two tar"),
        ("i,t,v\na,1,1\nb,1,1\na,1.0,2\n", {"id": "i", "time": "t"}, "lines 2 and 4.*twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, columns, said):
    with pytest.raises(SeriesFileError, match=said):
        csv(text, **columns)


def test_arrays_are_series(tmp_path):
    x = np.arange(12).reshape(3, 4)
    np.savez(tmp_path / "it.npz", X=x, y=[0.0, 1.0, 2.5])
    rows = read_npz(tmp_path / "it.npz")
    assert [one.tolist() for one in rows.values] == [[row] for row in x.tolist()]
    assert rows.targets == ["0", "1", "2.5"]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"a": [1]}, "no array 'x'; it has 'a'"),
        ({"x": np.zeros((2, 3))}, "no array 'y'"),
        ({"x": np.zeros(3), "y": [1, 2, 3]}, r"its x is float64 of shape \(3,\)"),
        ({"x": [["a"]], "y": ["a"]}, "its x is <U1 of shape"),
        ({"x": [[1.0], [np.inf]], "y": [1, 2]}, "not finite in row 2"),
        ({"x": np.zeros((2, 3)), "y": [1]}, r"its y has the shape \(1,\); \(2,\) is needed"),
        ({"x": np.array([[1], [1, 2]], object), "y": [1, 2]}, "unequal length; make it one of num"),
    ],
)
def test_other_arrays_are_refused(arrays, said, tmp_path):
    np.savez(tmp_path / "it.npz", **arrays)
    with pytest.raises(SeriesFileError, match=said):
        read_npz(tmp_path / "it.npz")


def test_what_is_no_archive_is_refused(tmp_path):
    file = tmp_path / "it.npz"
    np.savez(file, x=np.zeros((2, 3)), y=[0, 1])
    damaged = file.read_bytes().replace(b"NUMPY", b"NUMPI")
    for content in (b"", b"no archive", damaged):
        file.write_bytes(content)
        with pytest.raises(SeriesFileError, match=r"numpy.savez|cannot be read"):
            read_npz(file)
