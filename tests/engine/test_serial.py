from pathlib import Path

import pytest

from nas_hydra.component import build
from nas_hydra.engine import Job
from nas_hydra.engine.serial import SerialEngine
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Evaluation, Proposal

PROPOSAL = Proposal(3, Genotype({"a": 1}, "key"), "random")


def run(evaluate, engine=None):
    job = Job(evaluate, [Objective("acc", "maximize")], PROPOSAL, {"a": 1}, 2, Path("w.pt"))
    return (engine or SerialEngine(ahead=1)).submit(job).result()


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
        (ValueError("bad shape\nmore"), "ValueError: bad shape"),
        (RuntimeError(""), "RuntimeError: no message"),
        (MemoryError(), "MemoryError: no message"),
    ],
)
def test_a_failure_is_a_failed_trial_that_says_why_in_one_line(error, reason):
    trial = run(raising(error))
    assert (trial.state, trial.error, trial.values) == ("failed", reason, {})


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
        SerialEngine(ahead)


def test_the_config_is_checked():
    config = {"_target_": "nas_hydra.engine.serial.SerialEngine"}
    assert build({**config, "ahead": 4}, "engine").ahead == 4
    with pytest.raises(ConfigError, match=r"engine\.ahead: is '2'; it must be a valid integer"):
        build({**config, "ahead": "2"}, "engine")


def test_any_function_can_be_submitted_and_the_engine_shut_down():
    with SerialEngine(ahead=1) as engine:
        assert engine.submit(max, 1, 2).result() == 2
        assert engine.submit(sorted, [1, 2], reverse=True).result() == [2, 1]
