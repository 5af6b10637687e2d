"""Workers that train keep what they free, and hold no more than they need."""

import time
from itertools import cycle, islice, product
from pathlib import Path

import psutil
import pytest

from engine.test_processes import pool, run, workers
from evaluator.candidates import candidate, convolutions
from nas_hydra.engine import Job
from nas_hydra.engine.runtime import KEPT, can_be_told
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal

__all__ = ["pool"]

FEW = {"limit_train_batches": 1, "limit_val_batches": 1}
IMAGES = {
    **candidate()["dataset"],
    "_target_": "nas_hydra.dataset.fake.Fake",
    "size": 600,
    "limit": None,
    "input_shape": [1, 28, 28],
    "batch_size": 128,
}

pytestmark = pytest.mark.skipif(not can_be_told(), reason="needs glibc 2.33")


def held(pid: float) -> int:
    """Bytes of memory that are a process's own."""
    return psutil.Process(int(pid)).memory_full_info().uss


def of(number: int, depth: int, width: int) -> Job:
    """A job that trains one batch of a network."""
    changes = {"model": convolutions(depth, width), "dataset": IMAGES}
    closed = candidate(**changes, trainer={**candidate()["trainer"], **FEW})
    proposal = Proposal(number, Genotype({}, ""), "random")
    return Job([Objective("val_acc", "maximize")], proposal, closed, 0, Path("w.ckpt"))


@pytest.mark.long
def test_a_worker_does_not_grow_with_the_number_of_its_trials(pool):
    evaluator = TrainEvaluator(seed=0)
    evaluator.check(of(0, 1, 8).candidate)
    engine = pool(evaluator)
    shapes = product((32, 24, 16, 8), (3, 2, 1))  # the largest one first
    after = []
    for number, shape in enumerate(islice(cycle(shapes), 50)):
        trial = engine.submit(of(number, *shape)).result()
        assert trial.complete, trial.error
        after.append(held(workers()[0].pid))
    assert after[-1] < 1.02 * after[4], [count >> 20 for count in after]


def test_one_step_reuses_the_memory_of_the_step_before(pool):
    """Pages that the system has to make anew cost more than what is computed in them."""
    faults = [trial.metrics["faults"] for trial in run(pool(), *["step"] * 6)]
    assert max(faults[2:]) < 100, faults  # of 4 kB; a step writes to 50,000


@pytest.mark.long
def test_what_a_large_candidate_held_is_given_back(pool):
    engine = pool()
    first = run(engine, "nothing")[0]
    before = held(first.metrics["pid"])
    assert run(engine, "fill")[0].metrics["pid"] == first.metrics["pid"]
    run(engine, "nothing")
    assert held(first.metrics["pid"]) - before < KEPT / 2


def test_an_idle_worker_gives_back_what_is_free(pool):
    pid = run(pool(), "nothing", "fill_a_little")[1].metrics["pid"]
    full = held(pid)
    end = time.monotonic() + 30
    while held(pid) > full - KEPT / 2:
        assert time.monotonic() < end


def test_what_refers_to_itself_is_gone_with_its_trial(pool):
    assert [trial.metrics.get("left") for trial in run(pool(), "tie", "count")] == [None, 0]
