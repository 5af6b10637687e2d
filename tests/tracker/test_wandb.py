"""The real W&B SDK, offline or cut off from its server, read back from the files it writes."""

import io
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import wandb
import yaml

from nas_hydra.config.component import build
from nas_hydra.errors import ConfigError
from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.tracker.none import NoTracker
from nas_hydra.tracker.wandb import WandbTracker
from nas_hydra.tracker.wandb_rows import WandbPlace, wandb_place
from tracker.wandb_file import BLOCK, WandbRun, read_runs
from trials import ONE, TWO, complete, halved, search, told

CONF = Path(__file__).parents[2] / "conf" / "tracker"
KEY = "k" * 40
SUMMARY = {
    "trials": {"complete": 3, "pruned": 0, "failed": 1, "duplicates_saved": 1},
    "best": {
        "trial": 2,
        "values": {"val_acc": 0.8},
        "metrics": {"val_acc": 0.8, "val_loss": 0.2},
        "genotype": {"width": 32, "model.act": "relu"},
        "key": "b",
    },
}


@pytest.fixture(autouse=True)
def fresh_wandb():
    """No state of earlier tests."""
    wandb.teardown()
    yield
    wandb.teardown()


def tracker(**changes) -> WandbTracker:
    config = yaml.safe_load((CONF / "wandb.yaml").read_text())
    return build({**config, **changes}, "tracker")


def track(run: Run, upto: int = 4, recorded: int = 0, exit_code: int = 0, **changes) -> None:
    """A whole search of ``upto`` trials, the first ``recorded`` of them by an earlier process."""
    sink = tracker(**changes)
    sink.start(run)
    for trial, front in told()[:upto]:
        sink.tell(trial, front, recorded=trial.number < recorded)
    sink.finish(SUMMARY if exit_code == 0 else None, exit_code)


def tracked(run: Run, **how) -> WandbRun:
    track(run, **how)
    (found,) = read_runs(run.folder)
    return found


def test_a_run_says_whose_it_is(tmp_path):
    found = tracked(search(tmp_path / "run"), tags=["paper"])
    assert (found.name, found.group, found.job_type) == (
        "random-conv_net-digits-0",
        "sweep-1",
        "search",
    )
    assert found.project == "nas-hydra"
    assert found.tags == ["random", "conv_net", "digits", "paper"]
    assert found.config["seed"] == 0
    assert found.config["width"] == {"_choice_": [16, 32]}
    assert found.config["choices"]["strategy"] == "random"


def test_history_has_a_row_per_trial_with_the_trial_as_step(tmp_path):
    found = tracked(search(tmp_path / "run"))
    assert found.step_metrics["*"] == "trial"
    assert [row["trial"] for row in found.history] == [0, 1, 2, 3]
    assert [row["best/val_acc"] for row in found.history] == [0.5, 0.5, 0.8, 0.8]
    assert [row.get("trial/val_acc") for row in found.history] == [0.5, None, 0.8, 0.5]
    assert found.history[0]["trial/val_loss"] == 0.5
    assert [row["cost/seconds"] for row in found.history] == [1.5, 1.5, 3.0, 3.0]
    assert [row["cost/epochs"] for row in found.history] == [2, 2, 4, 4]
    assert [row["duplicates"] for row in found.history] == [0, 0, 0, 1]
    assert [row["failures"] for row in found.history] == [0, 1, 1, 1]


def test_partial_trainings_are_drawn_over_the_epochs_trained(tmp_path):
    sink = tracker()
    sink.start(search(tmp_path / "run", partial=True))
    for trial, front in told(*halved()):
        sink.tell(trial, front, recorded=False)
    sink.finish(SUMMARY, 0)
    (found,) = read_runs(tmp_path / "run")
    assert found.step_metrics["best_by_epochs/val_acc"] == "cost/epochs"
    assert [row["trial/fidelity"] for row in found.history] == [1, 1, 1, 3, 3, 9, 2, 0]
    assert [row["cost/epochs"] for row in found.history][-1] == 15


def test_table_has_a_row_per_trial_with_inactive_genes_empty(tmp_path):
    table = tracked(search(tmp_path / "run")).table
    assert table["columns"] == [
        *("number", "state", "origin", "parents"),
        *("val_acc", "val_loss", "width", "model.act", "error"),
    ]
    assert table["data"][0] == [0, "complete", "mutation", "", 0.5, 0.5, 16, None, None]
    assert table["data"][1] == [1, "failed", "random", "", None, None, 32, None, "too deep"]
    assert table["data"][2][3] == "0 1"
    assert len(table["data"]) == 4


def test_summary_has_the_winner_and_the_counts(tmp_path):
    summary = tracked(search(tmp_path / "run")).summary
    assert summary["best/val_acc"] == 0.8
    assert summary["best/trial"] == 2
    assert summary["best/genotype"] == {"width": 32, "model.act": "relu"}
    assert summary["trials/failed"] == 1
    assert summary["trials/duplicates_saved"] == 1


def test_summary_has_the_pareto_front(tmp_path):
    sink = tracker()
    sink.start(search(tmp_path / "run"))
    sink.finish({**SUMMARY, "pareto": [SUMMARY["best"]], "hypervolume": 0.25}, 0)
    (found,) = read_runs(tmp_path / "run")
    assert found.summary["pareto"] == [SUMMARY["best"]]
    assert found.summary["hypervolume"] == 0.25


def test_history_of_several_objectives_has_the_front(tmp_path):
    run = search(tmp_path / "run", objectives=TWO)
    sink, front = tracker(), Front(TWO)
    sink.start(run)
    for trial in (complete(0, 0.5, {}, val_loss=3.0), complete(1, 0.75, {}, val_loss=5.0)):
        front.add(trial)
        sink.tell(trial, front, recorded=False)
    sink.finish(None, 0)
    (found,) = read_runs(run.folder)
    assert [row["front/size"] for row in found.history] == [1, 2]
    assert [row["hypervolume"] for row in found.history] == [0.0, 0.0]  # the worst is at the ends
    assert [row["best/val_acc"] for row in found.history] == [0.5, 0.75]  # a front without a knee


def test_a_search_faster_than_wandb_is_thinned_but_for_what_is_new(tmp_path, monkeypatch):
    monkeypatch.setattr("nas_hydra.tracker.wandb.MOST_WAITING", 50)
    run, front = search(tmp_path / "run"), Front(ONE)
    sink = tracker()
    sink.start(run)
    best = {0: 0.1, 333: 0.2, 777: 0.3}
    for number in range(1000):
        trial = complete(number, best.get(number, 0.05), {"width": 16})
        front.add(trial)
        sink.tell(trial, front, recorded=False)
    sink.finish(SUMMARY, 0)
    (found,) = read_runs(run.folder)
    steps = [row["trial"] for row in found.history]
    assert {*best, 999} <= set(steps)
    assert 50 <= len(steps) < 200
    assert steps == sorted(steps)
    assert found.history[-1]["cost/epochs"] == 2000  # passed over, and counted
    assert len(found.table["data"]) == 1000


def test_trials_told_out_of_turn_are_rows_in_the_order_of_telling(tmp_path):
    run = search(tmp_path / "run")
    sink = tracker()
    sink.start(run)
    trial, front = told()[0]
    for number in (2, 0, 1):
        sink.tell(replace(trial, proposal=replace(trial.proposal, number=number)), front, False)
    sink.finish(SUMMARY, 0)
    (found,) = read_runs(run.folder)
    assert [row["trial"] for row in found.history] == [2, 0, 1]
    assert [row["_step"] for row in found.history] == [0, 1, 2]


def test_artifact_has_the_files_that_are_there(tmp_path):
    run = search(tmp_path / "run")
    (run.folder / "best.yaml").write_text("model: 1")
    (run.folder / "journal.log").write_text("{}")
    assert tracked(run).artifacts["search"] == {"best.yaml", "journal.log"}
    assert "search" not in tracked(search(tmp_path / "empty")).artifacts


def test_exit_code_tells_failed_from_good(tmp_path):
    assert tracked(search(tmp_path / "good")).exit_code == 0
    failed = tracked(search(tmp_path / "bad"), upto=2, exit_code=130)
    assert failed.exit_code == 130
    assert len(failed.table["data"]) == 2


def test_two_searches_of_one_process_stay_apart(tmp_path):
    one = tracked(search(tmp_path / "one"), upto=1)
    two = tracked(search(tmp_path / "two", name="tpe", config={"seed": 1}), upto=2)
    assert one.id != two.id
    assert [len(one.history), len(two.history)] == [1, 2]
    assert [one.config["seed"], two.config["seed"]] == [0, 1]
    assert two.name == "tpe"


def test_a_resumed_search_continues_its_run(tmp_path):
    run = search(tmp_path / "run")
    track(run, upto=2, exit_code=130)
    track(run, recorded=2)
    before, after = read_runs(run.folder)
    assert before.id == after.id == wandb_place(run.folder).id
    assert [row["trial"] for row in before.history + after.history] == [0, 1, 2, 3]
    assert [row["_step"] for row in before.history + after.history] == [0, 1, 2, 3]
    assert after.history[-1]["cost/epochs"] == 4
    assert len(after.table["data"]) == 4


def test_a_search_resumed_after_a_kill_logs_again_what_may_be_lost(tmp_path):
    run = search(tmp_path / "run")
    killed = tracker()
    killed.start(run)
    for trial, front in told()[:2]:
        killed.tell(trial, front, recorded=False)
    wandb.teardown()
    track(run, recorded=2)
    *_, after = read_runs(run.folder)
    assert [row["trial"] for row in after.history] == [0, 1, 2, 3]


def test_recorded_trials_that_no_run_has_seen_are_logged(tmp_path):
    found = tracked(search(tmp_path / "run"), recorded=4)
    assert [row["trial"] for row in found.history] == [0, 1, 2, 3]


def test_no_account_means_offline_without_a_prompt(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    caplog.set_level(logging.INFO, logger="nas_hydra")
    found = tracked(search(tmp_path / "run"))
    assert "no account found" in caplog.text
    assert f"wandb sync {tmp_path}/run/wandb/offline-run-*-{found.id}" in caplog.text


@pytest.mark.parametrize("env", [None, "online"])
def test_online_without_an_account_is_offline_too(tmp_path, monkeypatch, env):
    if env:
        monkeypatch.setenv("WANDB_MODE", env)
    found = tracked(search(tmp_path / "run"), mode="auto" if env else "online")
    assert found.folder.name.startswith("offline-run-")


def test_a_malformed_key_is_no_account(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("WANDB_API_KEY", "not a key")
    found = tracked(search(tmp_path / "run"))
    assert found.folder.name.startswith("offline-run-")
    assert "WANDB_API_KEY invalid" in caplog.text


@pytest.mark.long
@pytest.mark.parametrize("source", ["environment", "netrc"])
def test_an_account_whose_server_is_out_of_reach_means_offline(
    tmp_path, monkeypatch, caplog, source
):
    if source == "environment":
        monkeypatch.setenv("WANDB_API_KEY", KEY)
    else:
        (tmp_path / "no_netrc").write_text(f"machine 127.0.0.1:9 login user password {KEY}\n")
    monkeypatch.setattr("nas_hydra.tracker.account.INIT_SECONDS", 2)
    run = search(tmp_path / "run")
    WandbPlace("abc123", "nas-hydra/abc123", 0).write(run.folder)
    track(run)
    found = [part for part in read_runs(run.folder) if part.history]
    assert [part.id for part in found] == ["abc123"]
    assert "does not answer" in caplog.text


def test_mode_offline_keeps_an_account_offline(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    assert tracked(search(tmp_path / "run"), mode="offline").exit_code == 0
    assert "does not answer" not in caplog.text


def test_wandb_mode_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert tracked(search(tmp_path / "run"), mode="online").exit_code == 0


def test_wandb_mode_disabled_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    run = search(tmp_path / "run")
    track(run)
    assert list(run.folder.iterdir()) == []


def test_where_home_cannot_be_written_all_is_in_the_runs_folder(
    tmp_path, monkeypatch, caplog, capfd
):
    for name in ("CONFIG_DIR", "CACHE_DIR", "DATA_DIR"):
        monkeypatch.delenv(f"WANDB_{name}")
    monkeypatch.setenv("HOME", "/proc/nobody")
    found = tracked(search(tmp_path / "run"))
    assert len(found.history) == 4
    assert (
        f"W&B cannot write /proc/nobody/.local/share/wandb, so all its files are in {tmp_path}"
        in (caplog.text)
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("held", ["", "{", "[]", '{"id": null, "path": "x", "rows": 1}'])
def test_a_damaged_note_of_which_run_it_was_counts_as_none(tmp_path, caplog, held):
    (tmp_path / "wandb.json").write_text(held)
    assert wandb_place(tmp_path) is None
    assert f"{tmp_path}/wandb.json is damaged, so it counts as missing: " in caplog.text


def test_the_terminal_is_left_alone(tmp_path, capfd):
    track(search(tmp_path / "run"))
    assert capfd.readouterr() == ("", "")


def test_what_wandb_refuses_is_the_configs_fault():
    with pytest.raises(ConfigError, match=r"tracker\.project: Invalid project name 'a/b'"):
        tracker(project="a/b")
    with pytest.raises(ConfigError, match="between 1 and 64 characters"):
        tracker(tags=["t" * 65])
    with pytest.raises(ConfigError, match=r"tracker\.mode"):
        tracker(mode="onlnie")


def test_no_tracker_is_built_from_its_yaml(tmp_path):
    sink = build(yaml.safe_load((CONF / "none.yaml").read_text()), "tracker")
    assert isinstance(sink, NoTracker)
    sink.start(search(tmp_path / "run"))
    sink.finish(None, 1)
    assert list((tmp_path / "run").iterdir()) == []


def test_trackers_import_no_wandb_until_they_are_chosen():
    code = "import sys, nas_hydra.tracker.none; sys.exit('wandb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_reader_follows_records_across_blocks(tmp_path):
    long = {"text": "x" * 3 * BLOCK, "more": "y" * (BLOCK - 100)}
    found = tracked(search(tmp_path / "run", config=long))
    assert found.config["text"] == long["text"]
    assert len(found.history) == 4
