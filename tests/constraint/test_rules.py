"""The judge asks constraints in turn, takes any callable, and tells mistakes from refusals."""

import logging
import sys
from collections.abc import Callable

import numpy as np
import pytest

from nas_hydra.constraint import Candidate
from nas_hydra.constraint.rules import LONG, ConstraintChecker
from nas_hydra.errors import ConfigError

CONFIG = {
    "model": {"_target_": "torch.nn.Linear", "in_features": 8, "out_features": 10},
    "dataset": {"input_shape": [1, 8, 8], "num_classes": 10},
}
EVEN = {"_target_": "nas_hydra.constraint.Divisible", "number": 6, "by": 2}
ODD = {**EVEN, "number": 7}


def wide(candidate: Candidate, least: int) -> bool:
    return candidate.config["model"]["out_features"] >= least


def answers(candidate: Candidate, answer: object) -> object:
    return answer


def fails(candidate: Candidate, exits: bool = False) -> bool:
    if exits:
        sys.exit(0)
    raise KeyError("depth")


def exits() -> Callable[[Candidate], bool]:
    sys.exit(0)


class Given:
    """No constraint."""


class Chosen:
    """A constraint with a component inside."""

    def __init__(self, inner) -> None:
        self.inner = inner

    def __call__(self, candidate: Candidate) -> bool:
        return self.inner(candidate)


def own(name: str, **given) -> dict:
    return {"_target_": f"{__name__}.{name}", "_partial_": True, **given}


@pytest.mark.parametrize(
    ("constraints", "meets"),
    [
        ([], True),
        ([EVEN], True),
        ([ODD], False),
        ([EVEN, ODD], False),
        ([own("wide", least=10), EVEN], True),
        ([own("wide", least=11)], False),
        ([{"_target_": f"{__name__}.Chosen", "inner": EVEN}], True),
        ([{"_target_": f"{__name__}.Chosen", "_args_": [ODD]}], False),
        ([own("answers", answer=True)], True),
        ([{"_target_": "nas_hydra.constraint.MaxParams", "limit": 90}], True),
        ([{"_target_": "nas_hydra.constraint.MaxParams", "limit": 89}], False),
    ],
)
def test_every_constraint_must_be_met(constraints, meets):
    assert ConstraintChecker()(CONFIG, constraints) is meets


def test_numpys_answers_count():
    globals()["numpys"] = lambda candidate: np.float64(3) < np.float64(2)
    assert not ConstraintChecker()(CONFIG, [own("numpys")])


def test_the_first_refusal_ends_the_matter():
    assert not ConstraintChecker()(CONFIG, [ODD, own("fails")])


def test_a_network_that_cannot_be_built_is_refused_with_the_reason():
    judge = ConstraintChecker()
    broken = {**CONFIG, "model": {"_target_": "torch.nn.Linear", "in_features": 8}}
    assert not judge(broken, [{"_target_": "nas_hydra.constraint.MaxParams", "limit": 1e9}])
    assert "MaxParams: the model cannot be built: " in judge.verdict


def test_verdict_says_what_refuses_most():
    judge = ConstraintChecker()
    for constraint in (EVEN, ODD, own("wide", least=11), ODD):
        judge(CONFIG, [constraint])
    assert judge.verdict == f"nas_hydra.constraint.Divisible (2); {__name__}.wide (1)"


def test_who_waits_long_is_told_once(caplog):
    judge = ConstraintChecker()
    with caplog.at_level(logging.WARNING):
        for _ in range(LONG - 1):
            judge(CONFIG, [ODD])
        assert not caplog.messages
        for _ in range(LONG):
            judge(CONFIG, [ODD])
    assert len(caplog.messages) == 1
    assert "Divisible" in caplog.messages[0]


def test_refusals_in_between_are_no_long_wait(caplog):
    judge = ConstraintChecker()
    with caplog.at_level(logging.WARNING):
        for _ in range(2 * LONG):
            judge(CONFIG, [ODD])
            judge(CONFIG, [EVEN])
    assert not caplog.messages


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (own("fails"), ["fails on a candidate: KeyError: 'depth'"]),
        (own("answers", answer=None), ["gives None for a candidate; it must give true or false"]),
        ({**EVEN, "by": 0}, ["Divisible", "ZeroDivisionError"]),
        ({**EVEN, "by": "two"}, ["Divisible].by: is 'two'; it must be a valid integer"]),
        ({**EVEN, "buy": 2}, ["did you mean 'by'?"]),
        (own("fails", exits=True), ["fails on a candidate: SystemExit: 0"]),
        (own("wide"), ["fails on a candidate", "'least'"]),
        (own("wide", candidate=3, least=3), ["fails on a candidate", "multiple values"]),
        ({"_target_": f"{__name__}.wide", "least": 3}, ["_partial_: true"]),
        ({"_target_": f"{__name__}.Chosen", "inner": None}, ["'NoneType'", "fails on"]),
        ({"_target_": f"{__name__}.exits"}, ["refuses its arguments: SystemExit: 0"]),
        ({"_target_": f"{__name__}.Given"}, ["gives a Given, which cannot be called"]),
        ({"_target_": "math.sqrt", "_args_": [4]}, ["is a function", "_partial_: true"]),
        ({"_target_": "sys.exit"}, ["is a function", "_partial_: true"]),
        ({"_target_": "os.getcwd", "_partial_": True}, ["'os.getcwd' is built into Python"]),
        ({"_target_": "builtins.len", "_partial_": True}, ["knows nothing of a candidate"]),
        ({"limit": 3}, ["_target_"]),
    ],
)
def test_a_wrong_constraint_is_no_refusal(constraint, words):
    with pytest.raises(ConfigError) as caught:
        ConstraintChecker()(CONFIG, [constraint])
    assert str(caught.value).startswith("search_space.constraints[")
    for word in words:
        assert word in str(caught.value)
