from pathlib import Path

import pytest
import torch

from nas_hydra.config.component import build
from nas_hydra.engine import Job, Limits
from nas_hydra.engine.serial import SerialEngine
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Evaluation, Proposal

PROPOSAL = Proposal(3, Genotype({"a": 1}, "key"), "random")


class Calling:
    """An evaluator that is one function."""

    def __init__(self, evaluate):
        self.evaluate = evaluate


class UnspeakableError(Exception):
    def __str__(self):
        raise ValueError


def run(evaluate):
    job = Job([Objective("acc", "maximize")], PROPOSAL, {"a": 1}, 2, Path("w.pt"))
    engine = SerialEngine(ahead=1, threads=1)
    engine.start(Calling(evaluate))
    try:
        return engine.submit(job).result()
    finally:
        engine.shutdown()


def raising(error):
    def evaluate(candidate, repeat, weights):
        raise error

    return evaluate


def giving(**metrics):
    return lambda candidate, repeat, weights: Evaluation(metrics, 5)


def test_a_job_hands_over_what_it_has_and_returns_the_trial():
    got = []

    def evaluate(*arguments):
        got.extend(arguments)
        return Evaluation({"acc": 0.5, "loss": 2}, 5)

    trial = run(evaluate)
    assert got == [{"a": 1}, 2, Path("w.pt")]
    assert (trial.proposal, trial.state, trial.values) == (PROPOSAL, "complete", {"acc": 0.5})
    assert (trial.metrics, trial.epochs, trial.error) == ({"acc": 0.5, "loss": 2}, 5, None)
    assert trial.seconds >= 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CandidateError("diverged"), "diverged"),
        (CandidateError("two\nlines"), "two"),
        (CandidateError(""), "no message"),
        (ValueError("bad shape\nmore"), "ValueError: bad shape"),
        (RuntimeError(""), "RuntimeError"),
        (MemoryError(), "MemoryError"),
        (SystemExit(3), "SystemExit: 3"),
        (UnspeakableError(), "UnspeakableError: no message (its __str__ raises ValueError)"),
        (RuntimeError("\x1b[2J"), r"RuntimeError: \x1b[2J"),
    ],
)
def test_a_failure_is_a_failed_trial_that_says_why_in_one_line(error, reason):
    trial = run(raising(error))
    assert (trial.state, trial.error, trial.values) == ("failed", reason, {})


def test_a_long_message_is_cut():
    trial = run(raising(ValueError("x" * 10_000_000)))
    assert len(trial.error) < 1100


@pytest.mark.parametrize("error", [ConfigError("optimizer", "is wrong"), KeyboardInterrupt()])
def test_what_concerns_the_user_is_raised(error):
    with pytest.raises(type(error)):
        run(raising(error))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_an_objective_that_is_not_finite_fails_the_trial_and_keeps_the_metrics(value):
    trial = run(giving(acc=value, loss=1.0))
    assert (trial.state, trial.values, trial.epochs) == ("failed", {}, 5)
    assert trial.metrics["loss"] == 1.0
    assert "finite" in trial.error


def test_another_metric_that_is_not_finite_is_no_failure():
    assert run(giving(acc=1.0, loss=float("nan"))).complete


def test_an_objective_that_nobody_measured_is_the_users_mistake():
    with pytest.raises(ConfigError, match=r"objective\.acc: is not measured.*'accu'"):
        run(giving(accu=1.0))


@pytest.mark.parametrize("ahead", [0, -1])
def test_ahead_is_at_least_one(ahead):
    with pytest.raises(ConfigError, match=r"engine\.ahead"):
        SerialEngine(ahead, threads=1)


def test_the_config_is_checked():
    config = {"_target_": "nas_hydra.engine.serial.SerialEngine", "threads": 1}
    assert build({**config, "ahead": 4}, "engine").ahead == 4
    with pytest.raises(ConfigError, match=r"engine\.ahead: is '2'; it must be a valid integer"):
        build({**config, "ahead": "2"}, "engine")
    with pytest.raises(ConfigError, match=r"engine\.threads: is 0"):
        build({**config, "ahead": 1, "threads": 0}, "engine")


def test_limits_need_workers():
    with pytest.raises(ConfigError, match=r"trial\.timeout: needs workers.*engine=processes"):
        SerialEngine(ahead=1, threads=1, limits=Limits(timeout=5))
    with pytest.raises(ConfigError, match=r"trial\.memory_limit: needs workers"):
        SerialEngine(ahead=1, threads=1, limits=Limits(memory_limit="2GB"))


def test_torch_is_pinned_while_the_engine_is_started():
    before = torch.get_num_threads()

    def evaluate(candidate, repeat, weights):
        denormal = float((torch.tensor([1e-38]) * 0.01).item() != 0)
        return Evaluation({"acc": 1.0, "threads": torch.get_num_threads(), "d": denormal}, 1)

    assert run(evaluate).metrics == {"acc": 1.0, "threads": 1, "d": 0.0}
    assert torch.get_num_threads() == before
    assert (torch.tensor([1e-38]) * 0.01).item() != 0
