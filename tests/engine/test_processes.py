"""The pool: what happens in its workers, and to them."""

import logging
import os
import pickle
import signal
import threading
from concurrent.futures import CancelledError, wait
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from engine.evaluators import Acting, Training, ended, evaluated_by_a_worker, job
from nas_hydra.config.component import build
from nas_hydra.engine import Limits
from nas_hydra.engine.processes import ProcessEngine
from nas_hydra.engine.serial import SerialEngine
from nas_hydra.errors import ConfigError, SearchFailedError
from nas_hydra.tracker.log_file import LogFile
from nas_hydra.trial import Cost

SETTINGS = {
    "workers": 1,
    "threads": 1,
    "gpus_per_trial": None,
    "recycle_trials": None,
    "recycle_memory": None,
    "ahead": None,
    "order": "asked",
}


@pytest.fixture
def pool():
    """An engine that is started, with settings."""
    started = []

    def start(evaluator=None, **settings):
        engine = ProcessEngine(**{**SETTINGS, **settings})
        started.append(engine)
        engine.start(evaluator or Acting())
        return engine

    yield start
    for engine in started:
        engine.shutdown()
    assert not workers()


def workers() -> list[psutil.Process]:
    """The worker processes of this one."""
    children = psutil.Process().children()
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def run(engine, *acts):
    futures = [engine.submit(job(act, number)) for number, act in enumerate(acts)]
    return [future.result() for future in futures]


def pids(trials):
    return [trial.metrics["pid"] for trial in trials]


def test_a_worker_stays_and_adopts_once(pool):
    trials = run(pool(), "nothing", "nothing", "nothing")
    assert len(set(pids(trials))) == 1
    assert [trial.metrics["adopted"] for trial in trials] == [1, 1, 1]
    assert [trial.number for trial in trials] == [0, 1, 2]


def test_the_evaluator_does_not_travel_with_a_job(pool):
    engine = pool(Acting(shared=bytes(1_000_000)))
    assert len(pickle.dumps(job("nothing"))) < 2_000
    assert run(engine, "nothing")[0].complete


@pytest.mark.parametrize("act", ["nothing", "fail", "raise_value_error", "leave", "measure_nan"])
def test_a_candidate_ends_as_in_the_serial_engine(pool, act):
    serial = SerialEngine(ahead=1, threads=1)
    serial.start(Acting())
    here, there = run(serial, act)[0], run(pool(), act)[0]
    assert (there.state, there.values, there.error) == (here.state, here.values, here.error)
    assert there.proposal == here.proposal
    assert there.metrics.keys() == here.metrics.keys()


def test_a_mistake_of_the_user_is_raised(pool):
    with pytest.raises(ConfigError, match=r"optimizer\.lr: is too high") as raised:
        run(pool(), "mistake")
    assert raised.value.key == "optimizer.lr"


def test_a_mistake_that_shows_in_the_worker_first_is_raised(pool):
    with pytest.raises(ConfigError, match=r"dataset\.root: is empty"):
        run(pool(Acting(shared="refuse")), "nothing")


def test_workers_that_do_not_start_end_the_search(pool):
    with pytest.raises(
        SearchFailedError, match=r"no worker starts: .* exit code 7, and said 'cannot live'"
    ):
        run(pool(Acting(shared="die")), "nothing")


@pytest.mark.parametrize(
    ("act", "reason"),
    [("leave_at_once", "ended with exit code 3"), ("crash", "was killed by SIGSEGV")],
)
def test_a_candidate_that_kills_its_worker_fails_alone(pool, act, reason):
    first, second, third = run(pool(), "nothing", act, "nothing")
    assert (second.state, second.values) == ("failed", {})
    assert second.error == f"its worker {reason}; tried again, it {reason}"
    assert first.complete
    assert third.complete


def test_what_a_candidate_changes_of_its_process_is_put_back(pool):
    before, _, after = run(pool(), "look", "meddle", "look")
    assert after.metrics == before.metrics
    assert not before.metrics["torch"]


def test_a_worker_is_replaced_where_that_cannot_be(pool, tmp_path, monkeypatch, caplog):
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    engine = pool()
    first, second = run(engine, "nothing", "lose_the_folder")
    monkeypatch.chdir(tmp_path)
    third = run(engine, "nothing")[0]
    assert first.metrics["pid"] == second.metrics["pid"] != third.metrics["pid"]
    assert "trial 1 has changed what cannot be put back: working folder" in caplog.text


def test_a_worker_that_dies_once_costs_nothing(pool):
    first, second = run(pool(), "nothing", "die_once")
    assert second.complete
    assert first.metrics["pid"] != second.metrics["pid"]


@pytest.mark.parametrize("waited_for", [os.WNOWAIT, 0], ids=["left", "waited for"])
def test_a_worker_that_dies_between_two_trials_is_replaced(pool, waited_for):
    engine = pool()
    before = run(engine, "nothing")[0]
    os.kill(before.metrics["pid"], signal.SIGKILL)
    os.waitid(os.P_PID, before.metrics["pid"], os.WEXITED | waited_for)
    after = run(engine, "nothing")[0]
    assert after.complete
    assert after.metrics["pid"] != before.metrics["pid"]


def test_a_trial_over_its_time_fails_with_the_figures(pool):
    endless, other = run(pool(limits=Limits(timeout=0.3)), "never_end", "nothing")
    assert endless.error.startswith("trial.timeout: ended after 0.")
    assert endless.error.endswith("0.3 s are allowed")
    assert endless.seconds > 0.3
    assert other.complete


@pytest.mark.long
def test_what_a_trial_has_started_ends_with_it(pool):
    run(pool(limits=Limits(timeout=2)), "never_end_in_a_child")
    assert ended(int(Path("child").read_text()))


def test_what_a_trial_has_started_ends_with_a_worker_that_dies_by_itself(pool):
    assert run(pool(), "leave_children_and_die")[0].error.startswith("its worker ended with")
    children = Path("children").read_text().split()
    assert len(children) == 8  # it was tried twice
    assert all(ended(int(child), within=5) for child in children)


class Refused(threading.Thread):
    """A thread that the system has no room for."""

    def start(self):
        raise RuntimeError("can't start new thread")


def test_a_system_without_room_for_threads_ends_the_search(pool, monkeypatch):
    engine = pool()
    monkeypatch.setattr("nas_hydra.engine.process.threading.Thread", Refused)
    with pytest.raises(SearchFailedError, match=r"no thread starts for a worker.*can't start new"):
        engine.submit(job("nothing"))


def test_a_system_without_room_for_processes_ends_the_search(pool, monkeypatch):
    engine = pool(workers=1)
    assert run(engine, "nothing", "leave_at_once")[0].complete  # its own threads are there
    for refused, reason in (
        ("threading.Thread.start", RuntimeError("can't start new thread")),
        ("multiprocessing.context.SpawnProcess.start", BlockingIOError(11, "unavailable")),
    ):

        def refuse(self, reason=reason):
            raise reason

        with monkeypatch.context() as patched:
            patched.setattr(refused, refuse)
            future = engine.submit(job("nothing"))
            with pytest.raises(SearchFailedError, match=r"no worker starts.*limit of processes"):
                future.result()
    assert not workers()


def test_a_trial_over_its_memory_fails_with_the_figures(pool):
    limits = Limits(memory_limit="400MB")
    hungry, other = run(pool(limits=limits), "devour", "nothing")
    assert hungry.error.startswith("trial.memory_limit: ended when its worker held ")
    assert hungry.error.endswith("400 MB are allowed")
    assert other.complete


def test_workers_are_replaced_after_so_many_trials(pool):
    found = pids(run(pool(recycle_trials=2), *["nothing"] * 5))
    assert found[0] == found[1] != found[2] == found[3] != found[4]


def test_workers_that_have_grown_are_replaced(pool):
    found = pids(run(pool(recycle_memory="100MB"), *["grow"] * 5))
    assert found[0] == found[1] == found[2] != found[3] == found[4]


@pytest.mark.parametrize(
    ("order", "begun"), [("asked", [0, 2, 3, 1]), ("completion", [0, 1, 2, 3])]
)
def test_of_what_waits_the_dearest_begins_first_where_that_changes_no_result(pool, order, begun):
    engine, ended, futures = pool(order=order), [], []
    for number, cost in enumerate([5.0, 1.0, 3.0, 2.0]):  # the first begins at once
        proposal = replace(job("nothing", number).proposal, cost=Cost(cost))
        future = engine.submit(replace(job("nothing", number), proposal=proposal))
        future.add_done_callback(lambda done: ended.append(done.result().number))
        futures.append(future)
    wait(futures)
    assert ended == begun


def test_shutdown_ends_what_is_running_and_drops_what_waits(pool):
    engine = pool(workers=2)
    futures = [engine.submit(job("never_end", number)) for number in range(4)]
    while not Path("begun").exists():
        assert not futures[0].done()
    engine.shutdown()
    assert not workers()
    for future in futures:
        with pytest.raises(CancelledError):
            future.result()


def test_an_engine_without_a_job_starts_no_worker(pool):
    pool()
    assert not workers()


def test_what_workers_say_is_logged_and_not_printed(pool, capfd, caplog):
    caplog.set_level(logging.DEBUG, "nas_hydra")
    logging.getLogger("nas_hydra").setLevel(logging.DEBUG)
    engine = pool()
    run(engine, "speak", "raise_value_error")
    engine.shutdown()
    said = [record.getMessage() for record in caplog.records]
    assert "logged 5" in said
    assert any(text.startswith("kept <function") for text in said)
    for text in ("printed", "complained", "from below"):
        assert any(line.endswith(f"prints: {text}") for line in said)
    failed = next(record for record in caplog.records if "trial 1 failed" in record.getMessage())
    assert "Traceback" in failed.exc_text  # for the file; the terminal shows the message alone
    assert "Traceback" not in failed.getMessage()
    assert capfd.readouterr() == ("", "")


def test_what_a_candidate_says_is_logged_as_far_as_is_bearable(pool, caplog):
    logging.getLogger("nas_hydra").setLevel(logging.DEBUG)
    caplog.handler.setLevel(logging.DEBUG)
    file = LogFile("nas-hydra.log")
    logging.root.addHandler(file)
    engine = pool()
    _, long, after = run(engine, "speak_without_end", "raise_long", "speak")
    engine.shutdown()
    logging.root.removeHandler(file)
    text = Path("nas-hydra.log").read_text()
    assert len(text) < 400_000  # of 40 MB
    assert text.index("characters more, which are not kept") < text.index("prints: the end")
    assert "characters of the messages of a trial are not kept" in text
    assert "prints: printed" in text  # by another trial
    assert "\x1b" not in text
    assert "ValueError: zzz" in text
    assert len(long.error) < 1_100
    assert after.complete


def test_torch_is_pinned_and_shares_its_tensors(pool):
    evaluator = Training()
    trial = run(pool(evaluator, threads=2), "report_threads")[0]
    assert trial.error is None
    wanted = {"threads": 2.0, "omp": 2.0, "denormal": 0.0}
    assert {name: trial.metrics[name] for name in wanted} == wanted
    assert evaluator.first == 1


def test_workers_start_also_where_processes_are_started_in_a_way_that_they_do_not_know(pool):
    """As in those of Hydra's launcher joblib, whose default is called ``loky``."""
    try:
        trials = Parallel(2, backend="loky")([delayed(evaluated_by_a_worker)("nothing")] * 2)
    finally:
        get_reusable_executor().shutdown()
    assert [trial.state for trial in trials] == ["complete"] * 2


def test_ahead_is_twice_the_workers_unless_it_is_given():
    assert ProcessEngine(**{**SETTINGS, "workers": 3}).ahead == 6
    assert ProcessEngine(**{**SETTINGS, "workers": 3, "ahead": 2}).ahead == 2


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("workers", 0, "at least 1"),
        ("threads", 0, "at least 1"),
        ("ahead", 0, "at least 1"),
        ("recycle_trials", 0, "at least 1"),
        ("recycle_memory", "much", "could not parse"),
        ("order", "random", "'asked' or 'completion'"),
        ("workers", "2", "valid integer"),
    ],
)
def test_a_wrong_setting_is_named(key, value, problem):
    config = {"_target_": "nas_hydra.engine.processes.ProcessEngine", **SETTINGS, key: value}
    with pytest.raises(ConfigError, match=f"engine\\.{key}: is .*{problem}"):
        build(config, "engine")
