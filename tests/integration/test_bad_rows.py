"""A table that is none: one message, exit code 2, and nothing is trained."""

from pathlib import Path

import pytest

from command import SMALL, nas_hydra
from made.table import frame, write

WORDS = [word for word in SMALL if "limit" not in word]

BAD = {
    "a target that is not there": (
        ["dataset.target=prise"],
        "dataset.target: is 'prise'; the table has ",
        "did you mean 'price'?",
    ),
    "text where numbers are needed": (
        ["dataset.target=town", "dataset.target_kind=number"],
        "dataset.target: needs numbers in the column 'town', and row 1 has 'Cologne'",
        "",
    ),
    "a class that training lacks": (
        ["dataset.test_file=test.csv"],
        "dataset.test_file: has a class of 'kind' that training lacks: row 1 has 'castle'",
        "Known are 'flat', 'house', 'villa'",
    ),
    "no such file": (
        ["dataset.file=house.csv"],
        "dataset.file: is house.csv, which is not there",
        "did you mean 'houses.csv'?",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_costs_nothing(name, monkeypatch, capsys):
    overrides, told, hint = BAD[name]
    frame(20).assign(kind="castle").to_csv("test.csv", index=False)
    words = [*write(Path()), *WORDS, "hydra.run.dir=run", *overrides]
    assert nas_hydra(monkeypatch, *words) == 2
    printed = capsys.readouterr().err
    assert f"error: {told}" in printed
    assert hint in printed
    assert printed.count("error: ") == 1
    assert not Path("run/trials.csv").exists()
