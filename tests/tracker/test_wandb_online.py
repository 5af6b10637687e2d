"""The real W&B SDK online, with a stand-in of the service on the loopback."""

import json
import logging
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import wandb
import yaml

from nas_hydra.config.component import build
from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.tracker.wandb import WandbTracker
from nas_hydra.tracker.wandb_rows import wandb_place
from tracker.wandb_answers import DROP, ENTITY, ArrivedRun, Service
from tracker.wandb_service import account
from trials import ONE, complete, search, told, trials

CONF = Path(__file__).parents[2] / "conf" / "tracker" / "wandb.yaml"
SUMMARY = {"trials": {"complete": 3}, "best": None}


@pytest.fixture
def service(monkeypatch) -> Iterator[Service]:
    with account(monkeypatch) as running:
        yield running


def tracker(**changes) -> WandbTracker:
    config = yaml.safe_load(CONF.read_text())
    return build({**config, **changes}, "tracker")


def begun(run: Run, **changes) -> WandbTracker:
    sink = tracker(**changes)
    sink.start(run)
    return sink


def tell(sink: WandbTracker, places: range, recorded: bool = False) -> None:
    for trial, front in told()[places.start : places.stop]:
        sink.tell(trial, front, recorded)


def only(service: Service) -> ArrivedRun:
    (run,) = service.runs.values()
    return run


def steps(run: ArrivedRun) -> list[int]:
    return [row["trial"] for row in run.history]


def test_a_search_arrives_whole(service, tmp_path):
    run = search(tmp_path / "run")
    for name in ("best.yaml", "best.ckpt", "best.svg", "report.html", "journal.log"):
        (run.folder / name).write_text(name)
    sink = begun(run, tags=["paper"])
    tell(sink, range(4))
    sink.finish(SUMMARY, 0)
    arrived = only(service)
    assert (arrived.project, arrived.name) == ("nas-hydra", "random-conv_net-digits-0")
    assert (arrived.group, arrived.job_type) == ("sweep-1", "search")
    assert arrived.tags == ["random", "conv_net", "digits", "paper"]
    assert arrived.config["seed"] == 0
    assert arrived.config["choices"]["strategy"] == "random"
    assert steps(arrived) == [row["_step"] for row in arrived.history] == [0, 1, 2, 3]
    assert [row["best/val_acc"] for row in arrived.history] == [0.5, 0.5, 0.8, 0.8]
    assert arrived.summary["trials/complete"] == 3
    assert arrived.exit_code == 0
    saved = service.artifacts[f"search-{arrived.id}"].files
    assert saved["best.ckpt"] == b"best.ckpt"
    assert set(saved) >= {"best.yaml", "best.svg", "report.html", "journal.log"}
    assert wandb_place(run.folder).path == f"{ENTITY}/nas-hydra/{arrived.id}"


def test_system_metrics_arrive(service, tmp_path):
    sink = begun(search(tmp_path / "run"))
    tell(sink, range(1))
    sink.finish(SUMMARY, 0)
    assert "system.proc.memory.rssMB" in only(service).events[0]


def test_tables_arrive(service, tmp_path):
    sink = begun(search(tmp_path / "run"))
    first, _, better, _ = trials()
    better = replace(better, curves={"val_acc": (0.7, 0.8), "train_loss": (0.4, 0.3)})
    for trial, front in told(first, better):
        sink.tell(trial, front, False)
    sink.finish(SUMMARY, 0)
    tables = {
        name: json.loads(artifact.files[f"{name}.table.json"])
        for name in ("trials", "curves", "lineage")
        for artifact in [service.artifacts[f"run-{only(service).id}-{name}"]]
    }
    assert [row[0] for row in tables["trials"]["data"]] == [0, 2]
    assert tables["curves"]["columns"] == ["trial", "epoch", "val_acc", "train_loss"]
    assert tables["curves"]["data"] == [[2, 1, 0.7, 0.4], [2, 2, 0.8, 0.3]]
    assert [row[0] for row in tables["lineage"]["data"]] == [0, 2]


@pytest.mark.parametrize("code", [1, 130])
def test_a_failed_search_is_a_failed_run(service, tmp_path, code):
    sink = begun(search(tmp_path / "run"))
    tell(sink, range(2))
    sink.finish(None, code)
    assert only(service).exit_code == code
    assert steps(only(service)) == [0, 1]


@pytest.mark.long
def test_nothing_is_lost_when_the_server_fails_now_and_then(service, tmp_path):
    service.query_troubles.extend([429, 500])
    sink = begun(search(tmp_path / "run"))
    tell(sink, range(2))
    service.stream_troubles.extend([DROP, 500, 429])
    tell(sink, range(2, 4))
    sink.finish(SUMMARY, 0)
    assert not service.query_troubles
    assert not service.stream_troubles
    assert steps(only(service)) == [0, 1, 2, 3]
    assert only(service).exit_code == 0


@pytest.mark.long
def test_nothing_is_lost_when_the_network_goes_and_comes_back(service, tmp_path):
    sink = begun(search(tmp_path / "run"))
    tell(sink, range(1))
    service.away = True
    tell(sink, range(1, 3))
    assert service.troubled.wait(20)
    service.away = False
    tell(sink, range(3, 4))
    sink.finish(SUMMARY, 0)
    assert steps(only(service)) == [0, 1, 2, 3]
    assert only(service).exit_code == 0


@pytest.mark.long  # W&B asks again for 10 s, for each table
def test_a_network_that_stays_away_leaves_a_run_to_sync(service, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("nas_hydra.tracker.account.FINISH_SECONDS", 2)
    run = search(tmp_path / "run")
    (run.folder / "journal.log").write_text("{}")
    sink = begun(run)
    tell(sink, range(2))
    assert service.rows.wait(20)
    service.away = True
    tell(sink, range(2, 4))
    sink.finish(SUMMARY, 0)
    assert "W&B is lost, the search is not" in caplog.text
    service.away = False
    sync(caplog.text.partition("to upload what W&B has: ")[2])
    assert set(steps(only(service))) == {0, 1, 2, 3}  # the first ones once more
    assert any("trials" in name for name in only(service).files), only(service).files.keys()


@pytest.mark.long
def test_an_offline_run_is_synced_by_the_line_it_ends_with(service, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="nas_hydra")
    run = search(tmp_path / "run")
    for places, code in ((range(2), 130), (range(4), 0)):  # interrupted and resumed
        sink = begun(run, mode="offline")
        tell(sink, places, recorded=code == 0)
        sink.finish(None, code)
    sync(caplog.text.rpartition("to upload this run: ")[2])
    assert steps(only(service)) == [0, 1, 2, 3]
    assert only(service).name == run.name


def sync(command: str) -> None:
    """Type a command that was printed."""
    program, *rest = command.splitlines()[0].split()
    assert program == "wandb"
    wandb.teardown()
    places = " ".join(rest)
    subprocess.run(
        f"{shlex.quote(sys.executable)} -m wandb {places}", shell=True, check=True, timeout=60
    )


def test_a_resumed_search_continues_its_run(service, tmp_path):
    run = search(tmp_path / "run")
    sink = begun(run)
    tell(sink, range(2))
    sink.finish(None, 130)
    wandb.teardown()
    sink = begun(replace(run, config={**run.config, "budget": {"trials": 9}}))
    tell(sink, range(2), recorded=True)
    tell(sink, range(2, 4))
    sink.finish(SUMMARY, 0)
    assert steps(only(service)) == [0, 1, 2, 3]
    assert only(service).history[-1]["cost/epochs"] == 4
    assert only(service).exit_code == 0


def test_rows_that_a_killed_process_did_not_send_are_sent_by_the_next(service, tmp_path):
    run = search(tmp_path / "run")
    sink = begun(run)
    tell(sink, range(2))
    sink.finish(None, 130)
    wandb.teardown()
    arrived = only(service).streams
    del arrived["wandb-history.jsonl"][1]
    arrived["wandb-summary.json"][0]["_step"] = 0
    sink = begun(run)
    tell(sink, range(4), recorded=True)
    sink.finish(SUMMARY, 0)
    assert steps(only(service)) == [0, 1, 2, 3]


def test_a_search_outlives_wandb(service, tmp_path, caplog):
    sink = begun(search(tmp_path / "run"))
    tell(sink, range(1))
    for child in psutil.Process().children(recursive=True):
        if "wandb-core" in child.name():
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
    tell(sink, range(1, 4))
    sink.finish(SUMMARY, 0)
    assert caplog.text.count("W&B is lost, the search is not") == 1


def test_every_candidate_may_have_a_run_of_its_own(service, tmp_path):
    run = search(tmp_path / "run")
    sink, front = begun(run, candidates=True), Front(ONE)
    good = replace(complete(0, 0.5, {"width": 16}), curves={"val_acc": (0.3, 0.5)})
    for trial in (good, *trials()[1:]):
        front.add(trial)
        sink.tell(trial, front, False)
    sink.finish(SUMMARY, 0)
    whole, *parts = sorted(service.runs.values(), key=lambda run: len(run.id))
    assert [part.name for part in parts] == [f"{run.name}-{n}" for n in range(3)]  # 3 is known
    assert {part.group for part in parts} == {whole.group}
    assert {part.job_type for part in parts} == {"candidate"}
    assert [(row["epoch"], row["val_acc"]) for row in parts[0].history] == [(1, 0.3), (2, 0.5)]
    assert parts[2].config["genotype"] == {"width": 32, "model.act": "relu"}
    assert parts[2].config["parents"] == [0, 1]
    assert [part.exit_code for part in parts] == [0, 1, 0]
