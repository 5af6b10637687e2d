"""What a search optimises and what limits it, as the config says it."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.errors import ConfigError
from nas_hydra.objective import (
    Limit,
    Objective,
    Objectives,
    objectives_from,
    spelled,
    values_of,
    wanted,
)

BOTH = Objectives((Objective("acc", "maximize"), Objective("loss", "minimize")))
NUMBERS = st.floats(-1e6, 1e6)


def test_objectives_keep_the_order_of_the_config():
    assert objectives_from({"acc": "maximize", "loss": "minimize"}) == BOTH


def test_fitness_is_higher_for_the_better():
    values = {"acc": 0.5, "loss": 2.0}
    assert [objective.fitness(values) for objective in BOTH] == [0.5, -2.0]
    assert BOTH.fitness(values) == [0.5, -2.0]


def test_objectives_are_a_sequence_that_travels_to_workers():
    assert (len(BOTH), BOTH[1].name, BOTH[:1]) == (2, "loss", BOTH.optimised[:1])
    assert pickle.loads(pickle.dumps(BOTH)) == BOTH


def test_a_metric_is_optimised_or_limited_or_both():
    found = objectives_from(
        {
            "acc": {"direction": "maximize", "at_least": 0.5, "reference": 0},
            "latency": "minimize",
            "params": {"at_least": 10, "at_most": 100},
        }
    )
    assert list(found) == [Objective("acc", "maximize", 0), Objective("latency", "minimize")]
    assert found.limits == (Limit("acc", at_least=0.5), Limit("params", 10, 100))
    assert found.names == ["acc", "latency", "params"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "objective: names no metric; for example objective=val_acc"),
        ({"acc": "maximise"}, r"objective\.acc: is 'maximise'.*did you mean 'maximize'"),
        ({"acc": None}, r"objective\.acc: is None"),
        ({"acc": 1}, r"objective\.acc: is 1"),
        ({"acc": ["maximize"]}, r"objective\.acc"),
        ({"acc": ["maximize", "minimize"]}, r"objective\.acc: is \['maximize', 'minimize'\]"),
        ({"acc": {"direction": "max"}}, r"objective\.acc\.direction: is 'max'; allowed"),
        ({"acc": {"direction": None}}, r"objective\.acc\.direction: is None"),
        ({"acc": {"maximize": True, "minimize": True}}, r"objective\.acc\.maximize: means nothing"),
        ({"acc": {"at_mots": 1}}, r"objective\.acc\.at_mots: .*did you mean 'at_most'"),
        ({"acc": {}}, r"objective\.acc: has neither a direction nor a bound"),
        ({"acc": {"reference": 1}}, r"objective\.acc: has neither"),
        ({"acc": {"reference": 1, "at_most": 2}}, r"objective\.acc\.reference: .*a direction too"),
        ({"acc": {"at_most": "1e6"}}, r"objective\.acc\.at_most: is '1e6'; .*finite number"),
        ({"acc": {"at_most": True}}, r"objective\.acc\.at_most: is True"),
        ({"acc": {"at_most": math.inf}}, r"objective\.acc\.at_most: is inf"),
        ({"acc": {"at_least": 2, "at_most": 1}}, r"objective\.acc: must be at least 2 and at most"),
        ({"params": {"at_most": 1}}, "objective: names no metric to optimise, only limits of"),
    ],
)
def test_wrong_objectives_are_refused_by_name(config, message):
    with pytest.raises(ConfigError, match=message):
        objectives_from(config)


def limited(**bounds) -> Objectives:
    return Objectives(BOTH.optimised, (Limit("params", **bounds),))


def test_violation_is_the_relative_excess():
    assert limited(at_most=100).violation({"params": 150}) == 0.5
    assert limited(at_least=100).violation({"params": 50}) == 0.5
    assert limited(at_most=-10).violation({"params": -5}) == 0.5
    assert limited(at_most=0).violation({"params": 3}) == 3
    assert limited(at_most=100).violation({"params": math.nan}) == math.inf


def test_violations_of_several_limits_add_up():
    objectives = Objectives(BOTH.optimised, (Limit("a", at_most=10), Limit("b", at_least=10)))
    assert objectives.violation({"a": 15, "b": 5}) == 1.0
    assert objectives.violation({"a": 15, "b": 20}) == 0.5


@given(bounds=st.tuples(NUMBERS, NUMBERS).map(sorted), value=NUMBERS)
def test_violation_is_zero_exactly_where_the_limit_is_met(bounds, value):
    low, high = bounds
    violation = limited(at_least=low, at_most=high).violation({"params": value})
    assert (violation == 0) == (low <= value <= high)
    assert violation >= 0


def test_values_are_picked_from_the_metrics():
    assert values_of(BOTH, {"loss": 1, "params": 7.0, "acc": 0.5}) == {"acc": 0.5, "loss": 1.0}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_not_finite_spoils_all(bad):
    assert values_of(BOTH, {"loss": bad, "acc": 0.5}) is None


def test_a_metric_that_is_not_measured_is_named():
    with pytest.raises(ConfigError, match=r"objective\.loss: is not measured; .*'los'\?"):
        values_of(BOTH, {"acc": 0.5, "los": 1.0})


def test_an_objective_can_be_named_that_decides():
    found = objectives_from({"val_acc": "maximize", "params": "minimize", "choose": "params"})
    assert (found.names, found.choose) == (["val_acc", "params"], "params")
    assert objectives_from({"val_acc": "maximize", "choose": None}).choose is None
    with pytest.raises(ConfigError, match="no objective; allowed: 'val_acc'") as caught:
        objectives_from({"val_acc": "maximize", "choose": "val_ac"})
    assert caught.value.key == "objective.choose"


def test_a_metric_may_be_called_choose():
    found = objectives_from({"choose": "maximize", "params": {"at_most": 3}})
    assert (found.names, found.choose) == (["choose", "params"], None)
    assert objectives_from({"a": "maximize", "choose": {"at_most": 3}}).limits[0].name == "choose"
    with pytest.raises(ConfigError, match="since it is a metric here"):
        wanted({"choose": "maximize"}, {"choose": "acc"})


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"val_acc": "maximize"}, {"val/acc": "maximize"}),
        ({"val/acc": "maximize"}, {"val/acc": "maximize"}),
        ({"val_loss": {"at_most": 1}, "val_acc": "maximize"}, {"val_loss": {"at_most": 1}}),
        ({"Acc_5": "maximize"}, {"Acc@5": "maximize"}),
        (
            {"val_acc": "maximize", "choose": "val_acc"},
            {"val/acc": "maximize", "choose": "val/acc"},
        ),
        ({"nothing": "maximize"}, {"nothing": "maximize"}),
    ],
)
def test_a_metric_with_a_slash_may_be_written_with_an_underscore(config, wanted):
    found = spelled(config, ["val/acc", "val_loss", "Acc@5"])
    assert found == {**found, **wanted}
    assert len(found) == len(config)


def test_what_is_measured_under_the_very_name_is_meant():
    assert spelled({"val_acc": "maximize"}, ["val/acc", "val_acc"]) == {"val_acc": "maximize"}


def test_one_metric_is_not_named_twice():
    with pytest.raises(ConfigError, match=r"val_acc: is 'val/acc'.* '~objective.val_acc'"):
        spelled({"val_acc": "maximize", "val/acc": "minimize"}, ["val/acc"])
