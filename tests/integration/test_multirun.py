"""Sweeps: one search per job, each with a folder and a W&B run of its own."""

from pathlib import Path

import pytest
import wandb

from command import SMALL, nas_hydra, rows
from tracker.wandb_file import read_runs

SWEEP = ("-m", *SMALL, "hydra.sweep.dir=sweep")
KNOWN = "-dataset.limit_100"
"""What a job's name tells of ``SMALL``."""
LAST = "-trainer.max_epochs_1"


@pytest.fixture(autouse=True)
def fresh_wandb():
    wandb.teardown()
    yield
    wandb.teardown()


@pytest.mark.long
def test_every_job_is_a_finished_search_in_its_own_folder(monkeypatch):
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=evolution,random", "seed=0,1") == 0
    assert sorted(path.name for path in Path("sweep").glob("*-*")) == [
        f"evolution-conv_net-digits-0{KNOWN}{LAST}",
        f"evolution-conv_net-digits-1{KNOWN}{LAST}",
        f"random-conv_net-digits-0{KNOWN}{LAST}",
        f"random-conv_net-digits-1{KNOWN}{LAST}",
    ]
    assert all(len(rows(path.parent)) == 3 for path in Path("sweep").glob("*/summary.json"))


@pytest.mark.long
def test_every_job_is_one_wandb_run_of_the_sweeps_group(monkeypatch):
    assert nas_hydra(monkeypatch, *SWEEP, "tracker=wandb", "seed=0,1") == 0
    found = [read_runs(folder)[0] for folder in sorted(Path("sweep").glob("*-*"))]
    assert [run.name for run in found] == [
        f"evolution-conv_net-digits-0{KNOWN}{LAST}",
        f"evolution-conv_net-digits-1{KNOWN}{LAST}",
    ]
    assert {run.group for run in found} == {"sweep"}
    assert {run.exit_code for run in found} == {0}
    assert [run.config["seed"] for run in found] == [0, 1]
    assert [len(run.history) for run in found] == [3, 3]
    assert found[0].summary["trials/complete"] == 3


@pytest.mark.long
def test_a_failing_job_does_not_stop_the_others_and_shows_in_the_exit_code(monkeypatch, capsys):
    overrides = ("strategy=evolution", "strategy.population_size=0,4")
    assert nas_hydra(monkeypatch, *SWEEP, "tracker=wandb", *overrides) == 2
    assert "error: strategy.population_size: is 0" in capsys.readouterr().err
    (good,) = Path("sweep").glob("*-strategy.population_size_4-*")
    assert len(rows(good)) == 3


@pytest.mark.long
def test_a_failed_search_is_a_failed_wandb_run(monkeypatch):
    assert nas_hydra(monkeypatch, *SWEEP, "tracker=wandb", "optimizer.lr=1e30,0.1") == 1
    good, failed = (read_runs(folder)[0] for folder in sorted(Path("sweep").glob("*-*")))
    assert good.name == f"evolution-conv_net-digits-0{KNOWN}-optimizer.lr_0.1{LAST}"
    assert (failed.exit_code, good.exit_code) == (1, 0)


@pytest.mark.long
def test_a_sweep_that_is_extended_trains_only_what_is_new(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SWEEP, "seed=1,0") == 0
    capsys.readouterr()
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=random,evolution", "seed=0,1") == 0
    assert capsys.readouterr().out.count(", finished already\n") == 2
    assert len([*Path("sweep").glob("*/summary.json")]) == 4


@pytest.mark.long
def test_evolution_parts_can_be_swept(monkeypatch):
    overrides = ("strategy/survivors=youngest,best", "strategy.population_size=3")
    assert nas_hydra(monkeypatch, *SWEEP, *overrides, "budget.trials=5") == 0
