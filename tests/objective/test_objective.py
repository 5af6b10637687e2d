import math

import pytest

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective, objectives_from, values_of

BOTH = (Objective("acc", "maximize"), Objective("loss", "minimize"))


def test_objectives_keep_the_order_of_the_config():
    assert objectives_from({"acc": "maximize", "loss": "minimize"}) == BOTH


def test_fitness_is_higher_for_the_better():
    values = {"acc": 0.5, "loss": 2.0}
    assert [objective.fitness(values) for objective in BOTH] == [0.5, -2.0]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "objective: names no metric"),
        ({"acc": "maximise"}, r"objective\.acc: is 'maximise'.*did you mean 'maximize'"),
        ({"acc": None}, r"objective\.acc: is None"),
        ({"acc": 1}, r"objective\.acc: is 1"),
        ({"acc": ["maximize"]}, r"objective\.acc"),
    ],
)
def test_wrong_objectives_are_refused_by_name(config, message):
    with pytest.raises(ConfigError, match=message):
        objectives_from(config)


def test_values_are_picked_from_the_metrics():
    assert values_of(BOTH, {"loss": 1, "params": 7.0, "acc": 0.5}) == {"acc": 0.5, "loss": 1.0}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_value_that_is_not_finite_spoils_all(bad):
    assert values_of(BOTH, {"loss": bad, "acc": 0.5}) is None


def test_a_metric_that_is_not_measured_is_named():
    with pytest.raises(ConfigError, match=r"objective\.loss: is not measured; .*'los'\?"):
        values_of(BOTH, {"acc": 0.5, "los": 1.0})
