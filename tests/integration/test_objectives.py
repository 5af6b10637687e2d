"""Searches with several objectives and with limits, from the command line."""

import json
import signal
from pathlib import Path

import pytest
import torch

from command import SMALL, nas_hydra, rows, start
from nas_hydra.evaluator import train

NSGA2 = ("strategy=nsga2", "strategy.population_size=4", "objective=val_acc_params")


@pytest.fixture
def search(monkeypatch):
    """A small search in ``run``, in this process; its summary."""

    def run(*overrides: str, folder: str = "run") -> dict:
        assert nas_hydra(monkeypatch, *SMALL, f"hydra.run.dir={folder}", *overrides) == 0
        return json.loads(Path(folder, "summary.json").read_text())

    return run


@pytest.fixture
def refused(monkeypatch, capsys):
    """What a command that is wrong prints."""

    def run(*overrides: str) -> str:
        assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run", *overrides) == 2
        return capsys.readouterr().err

    return run


def test_a_search_for_two_objectives_ends_with_a_front(search, capsys):
    summary = search(*NSGA2, "budget.trials=8", "trainer.max_epochs=2")
    found = [(float(row["val_acc"]), float(row["params"])) for row in rows(Path("run"))]
    front = [(one["values"]["val_acc"], one["values"]["params"]) for one in summary["pareto"]]
    assert set(front) == {
        (acc, params)
        for acc, params in found
        if not any(a >= acc and p <= params and (a, p) != (acc, params) for a, p in found)
    }
    assert summary["best"] in summary["pareto"]
    assert summary["hypervolume"] >= 0
    assert summary["reference"] == {
        "val_acc": min(acc for acc, _ in found),
        "params": max(params for _, params in found),
    }
    names = {f"{one['trial']}.{kind}" for one in summary["pareto"] for kind in ("yaml", "ckpt")}
    assert {file.name for file in Path("run/pareto").iterdir()} == names
    printed = capsys.readouterr().out
    assert f"front: {len(front)} of 8 trials" in printed
    assert "pareto.svg" in printed


@pytest.mark.long
def test_a_killed_search_for_two_objectives_ends_as_an_uninterrupted_one(search):
    common = (*NSGA2, "budget.trials=7")
    whole = search(*common, folder="whole")
    process = start(*SMALL, *common, "hydra.run.dir=killed")
    for line in process.stderr:
        if line.startswith("   4  "):
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not Path("killed/summary.json").exists()
    killed = search(*common, folder="killed")
    assert rows(Path("killed")) == rows(Path("whole"))
    for key in ("best", "pareto", "hypervolume", "reference", "trials"):
        assert killed[key] == whole[key]
    files = [sorted(path.name for path in Path(f, "pareto").iterdir()) for f in ("killed", "whole")]
    assert files[0] == files[1]
    weights = [torch.load(Path(f, "best.ckpt"), weights_only=True) for f in ("killed", "whole")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[1])


@pytest.mark.long
def test_optuna_goes_on_with_two_objectives_where_it_ended(search):
    whole = search("strategy=tpe", "objective=val_acc_params", "budget.trials=5", folder="whole")
    search("strategy=tpe", "objective=val_acc_params", "budget.trials=2")
    summary = search("strategy=tpe", "objective=val_acc_params", "budget.trials=5")
    assert rows(Path("run")) == rows(Path("whole"))
    assert summary["pareto"] == whole["pareto"]


def test_a_limit_decides_which_trial_is_best(search):
    free = search("strategy=random", "budget.trials=5", folder="free")
    sizes = sorted(float(row["params"]) for row in rows(Path("free")))
    summary = search(
        "strategy=random", "budget.trials=5", f"+objective.params={{at_most:{sizes[1]}}}"
    )
    assert rows(Path("run")) == rows(Path("free"))
    assert summary["limits"] == {"params": {"at_most": sizes[1]}}
    assert summary["trials"]["infeasible"] == 3
    assert free["trials"]["infeasible"] == 0
    small = [row for row in rows(Path("run")) if float(row["params"]) <= sizes[1]]
    assert summary["best"]["values"]["val_acc"] == max(float(row["val_acc"]) for row in small)
    assert summary["best"]["metrics"]["params"] <= sizes[1]


def test_where_nothing_meets_the_limits_the_nearest_is_best_and_that_is_said(search, capsys):
    summary = search("strategy=random", "+objective.params={at_most:1}")
    assert summary["best"]["metrics"]["params"] == min(
        float(row["params"]) for row in rows(Path("run"))
    )
    assert summary["best"]["violation"] > 0
    assert "no trial meets the limits" in capsys.readouterr().out


def test_costs_are_recorded_if_asked_for(search):
    search("strategy=random", "evaluator.measure=[flops,latency,memory]", "budget.trials=1")
    (row,) = rows(Path("run"))
    assert all(float(row[name]) > 0 for name in ("flops", "latency", "memory"))


def test_a_latency_of_another_machine_is_not_gone_on_with(search, refused, monkeypatch):
    common = ("strategy=random", "+objective.latency={at_most:1000}")
    search(*common)
    monkeypatch.setattr(train, "processors", lambda: "another machine")
    printed = refused(*common, "budget.trials=4")
    assert "holds the record of another run: machine is" in printed
    assert "'another machine' here" in printed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("objective.params=maximize", "objective.params is 'minimize' there and 'maximize' here"),
        ("+objective.flops={at_most:1e9}", "objective.flops is None there"),
    ],
)
def test_directions_and_limits_are_part_of_what_a_run_is(search, refused, change, message):
    common = ("strategy=random", "objective=val_acc_params")
    search(*common)
    printed = refused(*common, change, "budget.trials=4")
    assert message in printed


def test_a_strategy_for_one_objective_names_one_for_several(refused):
    assert "strategy=nsga2" in refused("objective=val_acc_params", "strategy=evolution")
