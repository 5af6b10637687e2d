"""Functions of one's own: what they are given, what they may give, and what is told of the rest."""

import random
import shutil
from functools import partial
from pathlib import Path

import numpy
import pytest
from omegaconf import OmegaConf

from evaluator.functions import GIVEN, evaluator
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.code import source_of
from nas_hydra.evaluator.external import metrics_from
from nas_hydra.evaluator.function import FunctionEvaluator
from nas_hydra.search_space import SearchSpace
from nas_hydra.testing.evaluator import (
    CHECKS,
    Subject,
    check_changes,
    check_identity,
    check_repeatable,
    check_weights,
)

PARTS = {"model": ("model",)}
CANDIDATES = [{"model": {"x": 1}}, {"model": {"x": 2}}]


def space() -> SearchSpace:
    return SearchSpace(OmegaConf.create({"model": {"x": {"_choice_": [1, 2]}}}), PARTS)


def evaluated(found: FunctionEvaluator, repeat: int = 0) -> dict[str, float]:
    found.prepare(space())
    return dict(found.evaluate(CANDIDATES[0], repeat, Path("weights.ckpt")).metrics)


APART = (check_repeatable, check_weights, check_identity, check_changes)
EACH = [
    pytest.param(check, marks=pytest.mark.long if check in APART else (), id=check.__name__)
    for check in CHECKS
]


@pytest.mark.parametrize("check", EACH)
def test_conformance(check):
    check(Subject(partial(evaluator, report=["noise"]), space, CANDIDATES))


@pytest.mark.parametrize("name", GIVEN)
def test_what_counts_as_a_number(name):
    given, value = GIVEN[name]
    assert metrics_from(given, ["loss"]) == {"loss": value}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0.5", "it gave the str '0.5'; a number or a dict of numbers is needed"),
        (None, "it gave nothing (None); a number or a dict of numbers is needed"),
        ([1, 2], "it gave the list [1, 2]; a number or a dict of numbers is needed"),
        (True, "it gave the bool True; a number or a dict of numbers is needed"),
        (numpy.zeros(3), "it gave the ndarray array([0., 0., 0.]); a number or a dict"),
        (float("nan"), "it gave nan, which is no finite number"),
        ({"loss": float("inf")}, "it gave as 'loss' inf, which is no finite number"),
        ({"loss": "low"}, "it gave as 'loss' the str 'low'; a number is needed"),
        ({"los": 1, "acc": 2}, "'loss' is not among what it gave: 'los', 'acc'; did you mean"),
        ({}, "'loss' is not among what it gave: nothing"),
        ("x" * 100_000, "characters]"),
    ],
)
def test_what_does_not_is_told(given, told):
    with pytest.raises(CandidateError) as failed:
        metrics_from(given, ["loss"])
    assert told in str(failed.value)
    assert len(str(failed.value)) < 300


def test_one_number_is_not_the_value_of_two_metrics():
    needed = "it gave the float 0.5; a dict that has 'loss', 'time' is needed"
    with pytest.raises(CandidateError, match=needed):
        metrics_from(0.5, ["loss", "time"])


def test_it_is_given_what_it_asks_for():
    found = evaluator("asks", seed=5, measure=["seed", "repeat"])
    assert evaluated(found, repeat=2) == {"seed": 7, "repeat": 2}
    assert Path("weights.ckpt").read_text() == "weights"


def test_generators_are_seeded_for_it_and_put_back():
    before = random.getstate()
    first, again = (evaluated(evaluator(seed=3)) for _ in range(2))
    assert first == again
    assert random.getstate() == before
    assert evaluated(evaluator(seed=3), repeat=1) == evaluated(evaluator(seed=4)) != first


def test_whatever_can_be_called_is_a_function():
    assert evaluated(evaluator("steep")) == {"loss": 2.0}
    assert evaluated(FunctionEvaluator("builtins.len", 0, measure=["loss"])) == {"loss": 1.0}


def test_an_error_of_ours_in_a_function_fails_its_trial_and_not_the_search():
    with pytest.raises(CandidateError, match="dataset: is not there"):
        evaluated(evaluator("of_our_own"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("without_a_config", r"takes \(\): too many positional arguments; it must take the config"),
        ("with_more", r"takes \(config, folder\): missing a required argument: 'folder'"),
        ("by_name_only", "too many positional arguments"),
        ("vally", "does not import: evaluator.functions has no 'vally'; did you mean 'valley'"),
        ("GIVEN", "is a dict, which cannot be called"),
    ],
)
def test_what_cannot_be_called_is_told_before_anything_is(name, told):
    with pytest.raises(ConfigError, match=f"^evaluator.function: .*{told}"):
        evaluator(name).prepare(space())


def test_something_has_to_be_optimised():
    with pytest.raises(ConfigError, match=r"^objective: .*objective\.loss=minimize"):
        evaluator(measure=[]).prepare(space())


@pytest.mark.usefixtures("own_modules")
def test_its_module_and_what_that_imports_tell_one_search_from_another(tmp_path):
    (tmp_path / "its_slope.py").write_text("SLOPE = 1\n")
    (tmp_path / "sloping.py").write_text(
        "import its_slope\n\ndef f(config):\n    return its_slope.SLOPE\n"
    )
    found = FunctionEvaluator("sloping.f", 0, measure=["loss"])
    files, identity = found.files, found.identity(CANDIDATES[0])
    assert {*files} == {"module sloping", "module its_slope"}
    (tmp_path / "its_slope.py").write_text("SLOPE = 2\n")
    source_of.cache_clear()  # a process goes on with the code that it has imported
    assert {name for name in files if found.files[name] != files[name]} == {"module its_slope"}
    assert found.identity(CANDIDATES[0]) != identity
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    source_of.cache_clear()


@pytest.mark.parametrize(("given", "told"), [("'good'", "the str 'good'"), ("None", "nothing")])
def test_a_function_that_gives_no_number_is_a_mistake_of_the_search(
    given, told, tmp_path, own_modules
):
    (tmp_path / "gives_no_number.py").write_text(f"def f(config):\n    return {given}\n")
    found = FunctionEvaluator("gives_no_number.f", 0, measure=["loss"])
    with pytest.raises(
        ConfigError, match=rf"evaluator\.function: 'gives_no_number\.f' gave {told}"
    ):
        found.evaluate({"model": {"x": 1}}, 0, tmp_path / "weights")
