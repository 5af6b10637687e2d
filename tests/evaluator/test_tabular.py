"""Looking candidates up in tables of all kinds."""

import gzip
import pickle
import sys
import tempfile
from pathlib import Path

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator.tables import MIXED, SIMPLE, TWO, WEIGHTS, evaluator, found, grid, space_of, write
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.tabular import TabularEvaluator
from nas_hydra.objective import Objective, Objectives
from nas_hydra.trial import Course, Fidelity
from search_space.spaces import every_genotype


@pytest.fixture
def table(tmp_path) -> str:
    return write(tmp_path / "table.csv", grid())


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "CSV", "parquet"])
def test_every_kind_of_file_is_read(suffix, tmp_path):
    file = tmp_path / f"table.{suffix}"
    if suffix == "parquet":
        pandas.DataFrame(grid()).to_parquet(file)
    else:
        write(file, grid())
    made = evaluator(str(file), space_of(TWO), report=["cost"])
    for row in grid():
        metrics = {"acc": row["acc"], "cost": row["cost"]}
        assert found(made, op=row["op"], width=row["width"]) == metrics


def test_an_evaluation_costs_nothing_and_leaves_no_weights(table, tmp_path):
    weights = tmp_path / "weights.ckpt"
    made = evaluator(table, space_of(TWO))
    evaluation = made.evaluate({"op": "conv", "width": 2}, 1, weights)
    assert (evaluation.epochs, evaluation.error) == (0, None)
    assert not weights.exists()


def test_columns_are_matched_by_name_and_others_are_left_alone(tmp_path):
    rows = [{"index": 7, "acc": 1, "note": "x", "width": 2, "op": "pool"}]
    made = evaluator(write(tmp_path / "t.csv", rows), space_of(TWO), missing="fail")
    assert found(made, op="pool", width=2) == {"acc": 1.0}
    assert made.metrics == ["acc"]


def test_every_value_is_an_objective_and_is_maximised(table):
    made = evaluator(table, space_of(TWO), value=["acc", "cost"], report=["cost"])
    assert made.objectives == {"acc": "maximize", "cost": "maximize"}
    assert made.metrics == ["acc", "cost"]


@st.composite
def tables(draw):
    """Some of the candidates of ``MIXED``, in any order, each with a value."""
    members = list(every_genotype(space_of(MIXED)))
    chosen = draw(st.lists(st.sampled_from(range(len(members))), unique=True, min_size=1))
    values = st.floats(-1e6, 1e6, allow_nan=False)
    return [(members[number], draw(values)) for number in chosen]


def as_written(value: object, kind: int) -> object:
    """The same cell as different writers of tables put it."""
    if kind == 1 and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{float(value):.3f}"
    if kind == 1 and isinstance(value, bool):
        return str(value).lower()
    return value


@pytest.mark.long
@given(rows=tables(), kind=st.integers(0, 1), minimize=st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_in_the_table_is_found_and_nothing_else(rows, kind, minimize):
    space = space_of(MIXED)
    cells = [
        {gene.name: as_written(row.get(gene.name), kind) for gene in space.genes} | {"acc": value}
        for row, value in rows
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = evaluator(write(Path(folder, "t.csv"), cells), space, missing="fail")
    for row, value in rows:
        assert found(made, **row) == {"acc": value}
    there = {row.key for row, _ in rows}
    for other in every_genotype(space):
        if other.key not in there:
            with pytest.raises(CandidateError, match="no row for"):
                found(made, **other)
    direction = "minimize" if minimize else "maximize"
    best = (min if minimize else max)(value for _, value in rows)
    optimum = made.optimum(space, Objectives((Objective("acc", direction),)))
    assert optimum == {"acc": best}


def test_a_row_that_is_missing_is_an_error_that_names_the_decisions(tmp_path):
    made = evaluator(write(tmp_path / "t.csv", grid()[:4]), space_of(TWO))
    with pytest.raises(ConfigError) as caught:
        found(made, op="pool", width=3)
    assert caught.value.key == "evaluator.table"
    assert "no row for op=pool width=3" in str(caught.value)
    assert "evaluator.missing=fail" in str(caught.value)


def test_it_travels_to_workers(table):
    made = pickle.loads(pickle.dumps(evaluator(table, space_of(TWO))))
    assert found(made, op="conv", width=2) == {"acc": 0.9}


def test_a_label_that_occurs_nowhere_is_found_out_before_the_search(table):
    model = {"op": {"_choice_": ["conv", "poll"], "_name_": "op"}, "width": TWO["width"]}
    with pytest.raises(ConfigError) as caught:
        evaluator(table, space_of(model))
    assert "column 'op' never has 'poll'" in str(caught.value)
    assert "did you mean 'pool'?" in str(caught.value)
    made = evaluator(table, space_of(model), missing="fail")
    with pytest.raises(CandidateError):
        found(made, op="poll", width=1)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"op": "conv", "acc": 1}, {"op": "conv", "acc": 2}], ["rows, 1 and 2, for op=conv"]),
        ([{"op": "x", "acc": 1}], ["no row of this space", "has 'x'", "one of conv, pool"]),
        ([{"opp": "conv", "acc": 1}], ["no column for the gene 'op'", "did you mean 'opp'?"]),
        ([{"op": "conv", "acc": "good"}], ["evaluator.value", "'good' in row 1", "numbers"]),
        ([{"op": "conv", "ac": 1}], ["evaluator.value: names 'acc'", "did you mean 'ac'?"]),
        ([{"op": "conv"}], ["evaluator.value: names 'acc'", "allowed: 'op'"]),
    ],
)
def test_tables_that_cannot_be_used(rows, words, tmp_path):
    file = write(tmp_path / "t.csv", rows)
    with pytest.raises(ConfigError) as caught:
        evaluator(file, space_of(SIMPLE), missing="fail")
    for word in words:
        assert word in str(caught.value)


def test_a_column_cannot_be_a_gene_and_a_result(table):
    with pytest.raises(ConfigError, match=r"evaluator\.report: column 'width' is a gene's"):
        evaluator(table, space_of(TWO), report=["width"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.txt", b"op,acc\n", "must end in .csv, .csv.gz, .parquet"),
        ("t.csv", b"", "cannot be read as a table"),
        ("t.csv", b"\xff\xfe\x00", "cannot be read as a table"),
        ("t.csv", b"op,acc\nconv,1,2,3\n", "cannot be read as a table"),
        ("t.csv.gz", b"op,acc\nconv,1\n", "cannot be read as a table"),
        ("t.csv.gz", gzip.compress(b"op,acc\nconv,1\n" * 99)[:-12], "cannot be read as a table"),
        ("t.parquet", b"op,acc\nconv,1\n", "cannot be read as a table"),
    ],
    ids=["suffix", "empty", "binary", "ragged", "not gzip", "cut gzip", "not parquet"],
)
def test_files_that_are_no_tables(name, content, words, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        evaluator(str(tmp_path / name))
    assert caught.value.key == "evaluator.table"
    assert words in str(caught.value)


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    file = tmp_path / "t.parquet"
    pandas.DataFrame(grid()).to_parquet(file)
    for engine in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, engine, None)
    with pytest.raises(ConfigError, match=r"pip install 'nas-hydra\[parquet\]'"):
        evaluator(str(file))


def test_lists_are_no_decisions(tmp_path):
    pandas.DataFrame({"op": [["conv"], ["pool"]], "acc": [1, 2]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match="column 'op' holds other things than scalars"):
        evaluator(str(tmp_path / "t.parquet"))


def test_a_folder_is_no_table(tmp_path):
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(ConfigError, match="there is no file"):
        evaluator(str(tmp_path / "t.csv"))


def with_fidelities(table, value="accuracy", fidelities=None, **more):
    made = TabularEvaluator(table, value, [], "error", fidelities=fidelities or FIDELITIES, **more)
    made.prepare(space_of(TWO))
    return made


FIDELITIES = {10: "cost", 2: "acc"}


def trained(made, fidelity, before=None):
    course = Course(fidelity, WEIGHTS, before=before)
    return made.evaluate({"op": "conv", "width": 2}, 0, WEIGHTS, course)


def test_a_fidelity_is_a_column_and_its_epochs_add_up(table):
    made = with_fidelities(table)
    assert (made.levels, made.metrics) == ([2, 10], ["accuracy"])
    low = trained(made, Fidelity(epochs=2))
    assert (low.metrics, low.epochs) == ({"accuracy": 0.9}, 2)
    high = trained(made, Fidelity(epochs=10, continues=0), before=Fidelity(epochs=2))
    assert (high.metrics, high.epochs) == ({"accuracy": 20.0}, 8)
    whole = made.evaluate({"op": "conv", "width": 2}, 0, WEIGHTS)
    assert (whole.metrics, whole.epochs) == ({"accuracy": 20.0}, 10)
    best = made.optimum(space_of(TWO), Objectives((Objective("accuracy", "maximize"),)))
    assert best == {"accuracy": 30.0}


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        ({"fidelities": {12: "nowhere"}}, "evaluator.fidelities.12", "no column of the table"),
        ({"fidelities": {12: "op"}}, "evaluator.fidelities.12", "is a gene's"),
        ({"fidelities": {0: "acc"}}, "evaluator.fidelities", "at least 1"),
        ({"fidelities": {"twelve": "acc"}}, "evaluator.fidelities", "whole number"),
        ({"value": ["acc", "cost"]}, "evaluator.value", "it is one name"),
    ],
)
def test_fidelities_that_are_none_are_refused(table, settings, key, words):
    with pytest.raises(ConfigError, match=words) as caught:
        with_fidelities(table, **settings)
    assert caught.value.key == key


def test_a_fidelity_without_a_column_is_refused(table):
    with pytest.raises(ConfigError, match="no column for 3 epochs; allowed: 2, 10"):
        trained(with_fidelities(table), Fidelity(epochs=3))
