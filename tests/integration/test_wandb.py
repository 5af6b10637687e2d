"""Sweeps tracked by W&B and compared in a W&B report, through the commands themselves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from command import nas_hydra
from integration.cells import CELLS, write_cells
from nas_hydra.cli.compare import run as compare
from tracker.wandb_answers import ENTITY, ArrivedRun, Service
from tracker.wandb_service import account

SWEEP = (
    *("-m", "hydra.sweep.dir=sweep", "seed=0,1", "tracker=wandb"),
    *(word for word in CELLS if not word.startswith(("hydra.run.dir", "tracker"))),
)


@pytest.fixture(autouse=True)
def table(tmp_path):
    write_cells(tmp_path / "cells.csv")


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    with account(monkeypatch) as running:
        running.projects.append("nas-hydra")
        yield running


def by_name(service: Service) -> dict[str, ArrivedRun]:
    return {run.name: run for run in service.runs.values()}


@pytest.mark.long
def test_a_sweep_becomes_a_report(service, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=evolution,random") == 0
    arrived = by_name(service)
    names = [f"{one}-nasbench201-acc-{seed}-" for one in ("evolution", "random") for seed in (0, 1)]
    assert len(arrived) == len(names)
    assert all(map(str.startswith, sorted(arrived), names))
    for name, run in arrived.items():
        assert (run.group, run.exit_code) == ("sweep", 0)
        assert [row["trial"] for row in run.history] == list(range(20))
        assert run.config["choices"]["strategy"] == name.partition("-")[0]
        assert {"best/acc", "population/diversity", "cost/seconds"} <= set(run.history[-1])
        assert run.summary["best/acc"] == run.history[-1]["best/acc"]
        files = service.artifacts[f"search-{run.id}"].files
        assert {"best.yaml", "journal.log", "config.yaml"} <= set(files)
    assert arrived[min(arrived)].config["strategy"]["population_size"] > 1

    capsys.readouterr()
    assert compare(["nas-hydra-compare", "sweep", "--wandb"]) == 0
    url = capsys.readouterr().out.splitlines()[-1]
    assert url.startswith(f"{service.url}/{ENTITY}/nas-hydra/reports/")
    (report,) = service.reports.values()
    (grid,) = (block for block in report["spec"]["blocks"] if block["type"] == "panel-grid")
    (runset,) = grid["metadata"]["runSets"]
    assert set(runset["filters"]["filters"][0]["value"]) == set(service.runs)
    assert runset["grouping"][0]["name"] == "choices.value.strategy"

    assert compare(["nas-hydra-compare", "sweep", "--wandb"]) == 0
    assert len(service.reports) == 1


@pytest.mark.long
def test_a_failed_search_is_a_failed_run(service, monkeypatch):
    Path("cells.csv").write_text(Path("cells.csv").read_text().splitlines()[0] + "\n" + EMPTY)
    failing = ("evaluator.missing=fail", "strategy=random")
    assert nas_hydra(monkeypatch, *SWEEP, *failing) == 1
    assert {run.exit_code for run in service.runs.values()} == {1}
    assert {run.history[-1]["failures"] for run in service.runs.values()} == {20}


EMPTY = ",".join(["nor_conv_3x3"] * 6 + ["1", "1", "1", "fine"])


@pytest.mark.long
def test_without_an_account_the_comparison_is_local(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=evolution,random") == 0
    assert compare(["nas-hydra-compare", "sweep", "--wandb"]) == 1
    assert "wandb login\n  nas-hydra-compare sweep --wandb" in capsys.readouterr().err
    assert Path("sweep/comparison.html").exists()
