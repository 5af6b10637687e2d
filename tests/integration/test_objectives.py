"""Searches with several objectives and with limits, from the command line."""

import json
import signal
from pathlib import Path

import pytest
import torch

from command import SMALL, nas_hydra, rows, start
from nas_hydra.evaluator import latency as costs

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


@pytest.mark.long
def test_what_is_over_a_limit_that_is_known_before_training_is_not_trained(search):
    search("strategy=random", "budget.trials=5", folder="free")
    sizes = sorted(float(row["params"]) for row in rows(Path("free")))
    limit = f"+objective.params={{at_most:{sizes[1]}}}"
    summary = search("strategy=random", "budget.trials=3", limit)
    assert summary["limits"] == {"params": {"at_most": sizes[1]}}
    assert summary["trials"]["infeasible"] == 0
    assert summary["trials"]["rejected"] >= 1
    assert summary["trials"]["complete"] == 3
    assert all(float(row["params"]) <= sizes[1] for row in rows(Path("run")))
    warm = ("strategy=random", "budget.trials=1", limit, "strategy.initial=free")
    assert search(*warm, folder="warm")["trials"]["complete"] == 1
    assert [row["origin"] for row in rows(Path("warm"))] == ["initial"]


@pytest.mark.parametrize("metric", ["params", "flops", "memory"])
def test_what_a_limit_counts_is_what_is_measured(search, metric):
    free = search("strategy=random", "budget.trials=1", f"evaluator.measure=[{metric}]")
    value = free["best"]["metrics"][metric]
    exactly = f"+objective.{metric}={{at_least:{value}, at_most:{value}}}"
    summary = search("strategy=random", "budget.trials=1", exactly, folder="limited")
    assert summary["best"]["metrics"][metric] == value
    assert summary["best"]["violation"] == 0


@pytest.mark.long
def test_a_limit_that_training_tells_decides_which_trial_is_best(search, capsys):
    free = search("strategy=random", folder="free")
    losses = sorted(float(row["val_loss"]) for row in rows(Path("free")))
    summary = search("strategy=random", f"+objective.val_loss={{at_most:{losses[0]}}}")
    assert rows(Path("run")) == rows(Path("free"))
    assert summary["trials"]["infeasible"] == free["trials"]["complete"] - 1
    assert summary["best"]["metrics"]["val_loss"] == losses[0]
    summary = search("strategy=random", "+objective.val_loss={at_most:0.0}", folder="none")
    assert summary["best"]["metrics"]["val_loss"] == losses[0]
    assert summary["best"]["violation"] > 0
    assert "no trial meets the limits" in capsys.readouterr().out


def test_a_limit_that_no_candidate_can_meet_is_named_before_anything_is_trained(refused):
    few = ("search_space.operations=[none,nor_conv_1x1]", "search_space.model.cells=1")
    printed = refused("search_space=nasbench201", *few, "+objective.params={at_most:1}")
    assert "objective.params: 2000 random candidates in a row are refused" in printed
    assert "Refused by objective.params={at_most: 1} (" in printed
    assert not Path("run/journal.log").exists()


def test_costs_are_recorded_if_asked_for(search):
    search("strategy=random", "evaluator.measure=[flops,latency,memory]", "budget.trials=1")
    (row,) = rows(Path("run"))
    assert all(float(row[name]) > 0 for name in ("flops", "latency", "memory"))


def test_a_latency_of_another_machine_is_not_gone_on_with(search, refused, monkeypatch):
    common = ("strategy=random", "+objective.latency={at_most:1000}")
    search(*common)
    monkeypatch.setattr(costs, "processors", lambda: "another machine")
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
