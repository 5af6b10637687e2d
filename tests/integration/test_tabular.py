"""Searches of a table: what they find, what they write, what they do without."""

import json
import os
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import optuna
import pytest
from omegaconf import OmegaConf

from command import nas_hydra, rows
from integration.cells import BEST, CELLS, EDGES, SEARCH, write_cells
from tracker.wandb_file import read_runs

MINE = """# genes only
model:
  op: {_choice_: [conv, pool], _name_: op}
  layers:
    - _repeat_: {_int_: {low: 0, high: 2}, _name_: depth}
      _block_: {_choice_: [16, 32], _name_: width}
"""


@pytest.fixture(autouse=True)
def table(tmp_path):
    write_cells(tmp_path / "cells.csv")


@pytest.fixture
def search(monkeypatch):
    """A search in ``run``; its summary."""

    def run(*overrides: str) -> dict:
        assert nas_hydra(monkeypatch, *CELLS, *overrides) == 0
        return json.loads(Path("run/summary.json").read_text())

    return run


def test_the_run_tells_the_optimum_and_its_regret(search, capsys):
    summary = search("strategy=random", "evaluator.report=[test]")
    best = max(float(row["acc"]) for row in rows(Path("run")))
    assert summary["objectives"] == {"acc": "maximize"}
    assert summary["dataset"] == "none"
    assert summary["best"]["values"] == {"acc": best}
    assert summary["best"]["metrics"] == {"acc": best, "test": best - 1}
    assert summary["optimum"] == {"acc": 99.5}
    assert summary["regret"] == {"acc": pytest.approx(99.5 - best)}
    printed = capsys.readouterr()
    assert "\nrandom-nasbench201-acc-0: 20 trials, 6 genes, in run\n" in printed.err
    assert f"acc {best:.4g} (test {best - 1:.4g})" in printed.out
    assert f"optimum: acc 99.5, regret {99.5 - best:.4g}" in printed.out
    assert "nas-hydra-retrain" not in printed.out
    assert {row["test"] for row in rows(Path("run"))} >= {str(best - 1)}


def test_the_user_says_which_objective_decides(search, monkeypatch, capsys):
    front = ("objective.cost=minimize", "strategy=random", "engine.ahead=4")
    summary = search(*front, "objective.choose=acc")
    accuracies = [float(row["acc"]) for row in rows(Path("run"))]
    assert summary["best"]["values"]["acc"] == max(accuracies)
    assert summary["chosen"]["by"] == "acc"
    assert "the best acc of the front, as objective.choose says" in capsys.readouterr().out
    shutil.rmtree("run")
    cheapest = search(*front, "objective.choose=cost")
    assert cheapest["best"]["values"]["cost"] == min(float(r["cost"]) for r in rows(Path("run")))
    assert nas_hydra(monkeypatch, *CELLS, *front, "objective.choose=test") == 2
    assert "objective.choose: is 'test', which is no objective; allowed: 'acc', 'cost'" in (
        capsys.readouterr().err
    )


@pytest.mark.long
def test_regret_zero_is_reached_though_an_equivalent_cell_was_met(search, capsys):
    """With ``canonical``, the best row would be a duplicate of the first of its equals."""
    summary = search("budget.trials=729", "record=memory")
    assert summary["trials"]["complete"] == 729
    assert summary["trials"]["duplicates_saved"] == 0
    assert summary["best"]["genotype"] == dict(zip(EDGES, BEST, strict=True))
    assert summary["regret"] == {"acc": 0.0}
    assert "optimum: acc 99.5, found" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.parametrize("strategy", ["random", "evolution", "tpe"])
def test_nothing_heavy_is_imported(strategy):
    code = (
        "import sys; sys.argv[0] = 'nas-hydra'\n"
        "from nas_hydra.cli.app import run\n"
        "assert run() == 0\n"
        "print([name for name in ('torch', 'torchvision', 'wandb') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *CELLS, f"strategy={strategy}"],
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_to_minimise_say_so(search):
    summary = search("evaluator.value=cost", "objective.cost=minimize")
    assert summary["objectives"] == {"cost": "minimize"}
    assert summary["optimum"] == {"cost": 0.0}
    least = min(float(row["cost"]) for row in rows(Path("run")))
    assert summary["best"]["values"] == {"cost": least}
    assert summary["regret"] == {"cost": least}


def test_any_column_may_be_an_objective_or_have_a_limit(search):
    summary = search("objective.cost=minimize", "objective.test.at_least=20", "strategy=random")
    assert summary["objectives"] == {"acc": "maximize", "cost": "minimize"}
    assert summary["optimum"]["cost"] < 20
    assert {"acc", "cost", "test"} <= {*rows(Path("run"))[0]}


@pytest.mark.parametrize("words", [["fidelity=halving"], ["budget.epochs=9"]])
def test_epochs_need_columns_for_them(words, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *CELLS, *words) == 2
    told = capsys.readouterr().err
    assert "say evaluator.fidelities={12: val_12, 200: val_200}, the columns after so" in told


FINAL = ("fidelity=halving", "fidelity.minimum=12", "fidelity.maximum=12", "finalists.number=1")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([*FINAL, "finalists.epochs=50"], "finalists.epochs: is 50; allowed: 12, 200"),
        ([*FINAL, "finalists.epochs=12"], "finalists.epochs: is 12, and the search trains for"),
        (["finalists.number=1"], "is null, which is the whole training, and the search trains for"),
    ],
)
def test_finalists_are_trained_longer_than_the_search_or_told_so(words, told, monkeypatch, capsys):
    columns = ("evaluator.fidelities={12: acc, 200: test}", "evaluator.value=accuracy")
    assert nas_hydra(monkeypatch, *CELLS, *columns, *words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("error") == 1


def test_an_objective_that_is_no_column_names_those_that_are(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *CELLS, "objective.val_loss=minimize") == 2
    message = capsys.readouterr().err
    assert "objective.val_loss: nothing measures 'val_loss'; allowed: 'acc', 'test'" in message


def test_several_values_are_several_objectives(search):
    summary = search("evaluator.value=[acc,cost]", "+objective.cost=minimize", "strategy=random")
    assert summary["objectives"] == {"acc": "maximize", "cost": "minimize"}
    assert summary["optimum"] == {"acc": 99.5, "cost": 0.0}
    table = rows(Path("run"))
    assert summary["regret"] == {
        "acc": pytest.approx(99.5 - max(float(row["acc"]) for row in table)),
        "cost": min(float(row["cost"]) for row in table),
    }


def test_a_limit_on_a_column_excludes_rows_from_the_optimum(search):
    summary = search("evaluator.report=[cost]", "+objective.cost={at_most:0}", "strategy=random")
    assert summary["optimum"]["acc"] < 50
    assert summary["best"]["metrics"]["cost"] == 0


def test_a_limit_on_the_value_itself_leaves_it_an_objective(search):
    summary = search("+objective.acc={at_least:30}", "strategy=random")
    assert summary["objectives"] == {"acc": "maximize"}
    assert summary["limits"] == {"acc": {"at_least": 30}}


def test_a_resumed_search_ends_as_an_uninterrupted_one(search):
    sizes = (
        "strategy.founders=2",
        "strategy.generation_size=2",
    )  # else they follow from the budget
    whole = search("budget.trials=12", *sizes)
    table = rows(Path("run"))
    search("budget.trials=5", "hydra.run.dir=other", *sizes)
    assert rows(Path("other")) == table[:5]
    search("hydra.run.dir=other", "budget.trials=12", *sizes)
    assert rows(Path("other")) == table
    assert json.loads(Path("other/summary.json").read_text())["best"] == whole["best"]


@pytest.mark.long
def test_a_table_of_trials_is_a_table(search):
    """What a search wrote can be searched again."""
    first = search("strategy=evolution", "strategy.population_size=8")
    search(
        "evaluator.table=run/trials.csv",
        "evaluator.missing=fail",
        "hydra.run.dir=again",
        "strategy=random",
        "budget.trials=729",
        "record=memory",
    )
    again = json.loads(Path("again/summary.json").read_text())
    assert again["optimum"] == first["best"]["values"]
    assert again["trials"]["failed"] > 0


def test_a_space_of_ones_own_with_genes_only(tmp_path, monkeypatch):
    (tmp_path / "conf" / "search_space").mkdir(parents=True)
    (tmp_path / "conf" / "search_space" / "mine.yaml").write_text(MINE)
    table = ["op,depth,width[0],width[1],acc"]
    for op, depth in product(("conv", "pool"), range(3)):
        for widths in product((16, 32), repeat=depth):
            cells = [*map(str, widths), "", ""][:2]
            table.append(",".join([op, str(depth), *cells, str(sum(widths) / 100)]))
    Path("mine.csv").write_text("\n".join(table))
    own = ("search_space=mine", "evaluator.table=mine.csv", "budget.trials=14")
    assert nas_hydra(monkeypatch, "--config-dir", "conf", *SEARCH, *own) == 0
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["trials"] == summary["trials"] | {"complete": 14, "duplicates_saved": 0}
    assert summary["optimum"] == {"acc": 0.64}
    assert summary["regret"] == {"acc": 0.0}
    assert summary["best"]["genotype"]["depth"] == 2
    assert OmegaConf.load("run/best.yaml").model.layers == [32, 32]


def test_the_winner_is_a_network_if_its_dataset_is_told(search):
    summary = search("dataset=cifar10", "strategy=random")
    model = OmegaConf.load("run/best.yaml").model
    assert (model.in_channels, model.num_classes) == (3, 10)
    assert dict(model.cell) == summary["best"]["genotype"]
    assert summary["dataset"] == "cifar10"


@pytest.mark.long
def test_a_pool_of_workers_finds_the_same(search):
    search("strategy=evolution", "strategy.population_size=8", "engine.ahead=4")
    alone = rows(Path("run"))
    search(
        "strategy=evolution",
        "strategy.population_size=8",
        "hydra.run.dir=pool",
        "engine=processes",
        "engine.workers=2",
        "engine.ahead=4",
    )
    assert rows(Path("pool")) == alone


def test_offline_tracking_works(search):
    search("tracker=wandb", "tracker.mode=offline", "evaluator.report=[test]", "strategy=random")
    (run,) = read_runs(Path("run"))
    assert len(run.history) == 20
    assert {"best/acc", "trial/test"} <= set(run.history[0])


@pytest.mark.long
def test_a_sweep_runs_in_one_process(monkeypatch):
    sweep = [word for word in CELLS if not word.startswith("hydra.run.dir")]
    assert nas_hydra(monkeypatch, "-m", *sweep, "seed=range(0,3)", "hydra.sweep.dir=sweep") == 0
    names = sorted(path.name for path in Path("sweep").glob("*-*"))
    starts = [f"evolution-nasbench201-acc-{seed}-" for seed in range(3)]
    assert len(names) == 3
    assert all(map(str.startswith, names, starts))


def test_a_candidate_that_is_missing_is_a_failed_trial_if_asked(search):
    lines = Path("cells.csv").read_text().splitlines()
    Path("cells.csv").write_text("\n".join(lines[:400]))
    summary = search("evaluator.missing=fail", "strategy=random")
    failed = [row for row in rows(Path("run")) if row["state"] == "failed"]
    assert 0 < len(failed) == summary["trials"]["failed"]
    assert failed[0]["error"].startswith("the table has no row for edge_0_1=")


def test_a_candidate_that_is_missing_ends_the_search_and_the_rest_is_kept(monkeypatch, capsys):
    lines = Path("cells.csv").read_text().splitlines()
    Path("cells.csv").write_text("\n".join([*lines[:600], lines[-1]]))
    assert nas_hydra(monkeypatch, *CELLS, "strategy=random") == 2
    printed = capsys.readouterr().err
    assert "error: evaluator.table: the table has no row for edge_0_1=nor_conv_3x3" in printed
    assert "stopped after" in printed
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend("run/journal.log")
    )
    study = optuna.load_study(study_name="search", storage=storage)
    assert len(study.trials) == len(rows(Path("run")))


def test_300_trials_of_nasbench201(search, capsys):
    shared = Path(__file__).parents[2] / os.environ.get("NAS_HYDRA_SHARED", "../shared")
    file = shared / "data/nasbench201.csv.gz"
    if not file.is_file():
        pytest.skip(f"needs {file}; NAS_HYDRA_SHARED says where the folder is")
    summary = search(
        "search_space.operations=[none,skip_connect,nor_conv_1x1,nor_conv_3x3,avg_pool_3x3]",
        f"evaluator.table={file}",
        "evaluator.value=cifar10_val_12",
        "evaluator.report=[cifar10_test_200]",
        "strategy=random",
        "budget.trials=300",
    )
    assert summary["trials"]["complete"] == 300
    assert summary["optimum"] == {"cifar10_val_12": 84.892}
    assert summary["regret"]["cifar10_val_12"] < 2
    assert summary["best"]["metrics"]["cifar10_test_200"] > 93
