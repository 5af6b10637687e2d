"""Columns of other rows are read as those of training were."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from made.table import frame
from nas_hydra.dataset.tables.columns import Columns, in_text
from nas_hydra.dataset.tables.frame import Notes
from nas_hydra.dataset.tables.recognising import Recogniser
from nas_hydra.errors import ConfigError

FRAME = frame().drop(columns=["price", "sold", "rare", "kind"])
COLUMNS = Recogniser({}, Notes()).columns(FRAME)


def test_rows_are_numbers_and_codes():
    found = COLUMNS.inputs(FRAME, "key")
    assert COLUMNS.numbers == ["area", "age", "built (days)", "built (month)", "built (weekday)"]
    assert found["numbers"].shape == (len(FRAME), 5)
    assert found["numbers"].dtype == torch.float32
    assert torch.equal(found["numbers"][:, 1].isnan(), torch.tensor(FRAME["age"].isna().to_numpy()))
    assert [column.values for column in COLUMNS.categories] == [
        ("Aachen", "Bonn", "Cologne"),
        ("False", "True"),
    ]
    assert found["categories"].dtype == torch.int64
    wanted = FRAME["town"].map({"Aachen": 0, "Bonn": 1, "Cologne": 2}).fillna(-1)
    assert found["categories"][:, 0].tolist() == wanted.tolist()


@settings(max_examples=10)
@given(st.permutations(list(range(len(FRAME)))), st.permutations(list(FRAME.columns)))
def test_order_changes_nothing(rows, names):
    found = COLUMNS.inputs(FRAME.iloc[rows][names].reset_index(drop=True), "key")
    for name, whole in COLUMNS.inputs(FRAME, "key").items():
        torch.testing.assert_close(found[name], whole[rows], equal_nan=True, atol=0, rtol=0)


def test_what_is_written_reads_the_same_rows():
    again = Columns.model_validate_json(COLUMNS.model_dump_json())
    assert again == COLUMNS


def test_what_training_lacks_counts_as_missing_and_is_told(caplog):
    other = FRAME[:3].assign(town=["Bonn", "Paris", None], area=["12", "large", None])
    notes = Notes()
    COLUMNS.tell_unknown(other, "rows", notes)
    notes.tell()
    found = COLUMNS.inputs(other, "key")
    assert found["categories"][:, 0].tolist() == [1, -1, -1]
    assert found["numbers"][0, 0] == 12
    assert found["numbers"][1:, 0].isnan().all()
    assert caplog.messages == [
        "data: 'area' has no numbers in 1 of 3 rows, where it counts as missing: row 2 has 'large'",
        "data: 'town' has categories that training lacks in 1 of 3 rows, where it counts as"
        " missing: row 2 has 'Paris'",
    ]


def test_a_column_that_lacks_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"^key: lacks the column 'area'; .* mean 'Area'\?"):
        COLUMNS.inputs(FRAME.rename(columns={"area": "Area"}), "key")


def test_numbers_are_called_the_same_whatever_their_type():
    assert in_text([1, 1.0, np.float64(1), 2.5, " a ", True]) == ["1", "1", "1", "2.5", "a", "True"]


def test_numbers_that_float32_cannot_hold_are_missing():
    given = pd.DataFrame({"x": [1e300, float("inf"), *range(20)], "y": range(22)})
    columns = Recogniser({"x": "number", "y": "number"}, Notes()).columns(given)
    assert columns.inputs(given, "key")["numbers"][:2, 0].isnan().all()
    assert columns.indicators == (0,)
