"""Trainings that end where they are no good."""

import logging
import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from scipy.stats import t as student

from fidelity.rungs import LEVELS, VALUE
from nas_hydra.errors import ConfigError
from nas_hydra.fidelity.curve import Curve
from nas_hydra.fidelity.median import Median
from nas_hydra.objective import Objective, Objectives
from nas_hydra.testing.strategy import smooth, varied_space
from nas_hydra.trial import Trial
from strategy.strategies import maker

LOSS = Objectives((Objective("value", "minimize"),))


def median_rule(objectives=VALUE, levels=LEVELS, startup=5, warmup=1):
    inner = maker("random")(varied_space(), objectives, 0)
    return Median(inner, objectives, levels, startup, warmup)


def curve_rule(objectives=VALUE, startup=5, warmup=1, chance=0.05, check=0.0, levels=LEVELS):
    inner = maker("random")(varied_space(), objectives, 0)
    return Curve(inner, objectives, levels, startup, warmup, chance, check)


def trained(proposal, sign=1):
    """A training whose curve climbs, a little noisily, towards what the candidate is worth."""
    key, worth = int(proposal.genotype.key, 16), sign * smooth(proposal.genotype)
    noise = default_rng(key).normal(0, 0.01, size=len(LEVELS))
    curve = tuple(worth * (1 - math.exp(-e / 2)) + n for e, n in zip(LEVELS, noise, strict=True))
    thresholds = proposal.fidelity.thresholds
    for epoch, value in enumerate(curve[:-1], 1):
        if thresholds and thresholds.end(epoch, value):
            return Trial(proposal, "pruned", {}, {"value": value}, epoch, curves=cut(curve, epoch))
    return Trial(proposal, "complete", {"value": curve[-1]}, {}, len(curve), curves=cut(curve))


def cut(curve, epoch=None):
    return {"value": curve[:epoch]}


def searched(strategy, trials, sign=1, seed=0):
    found = []
    for number in range(trials):
        found.append(trained(strategy.ask(number, default_rng((seed, number))), sign))
        strategy.tell(found[-1])
    return found


@pytest.mark.parametrize("rule", [median_rule, curve_rule])
@pytest.mark.parametrize(("objectives", "sign"), [(VALUE, 1), (LOSS, -1)])
def test_epochs_are_saved_and_the_best_is_found(rule, objectives, sign):
    trials = searched(rule(objectives), 60, sign)
    assert all(trial.complete for trial in trials[:5])
    assert all(trial.epochs > 1 for trial in trials)
    assert sum(trial.epochs for trial in trials) < 0.75 * 60 * len(LEVELS)
    worth = [smooth(trial.proposal.genotype) for trial in trials]
    assert trials[int(numpy.argmax(worth))].complete


def test_the_median_is_that_of_means_up_to_an_epoch():
    strategy = median_rule(startup=3, warmup=0)
    for number, curve in enumerate([(1.0, 3.0, 8.0), (2.0, 2.0), (6.0, 0.0, 0.0)]):
        proposal = strategy.ask(number, default_rng(number))
        strategy.tell(Trial(proposal, "complete", {"value": 0.0}, curves={"value": curve}))
    thresholds = strategy.ask(3, default_rng(3)).fidelity.thresholds
    assert thresholds.least == {1: 2.0, 2: 2.0, 3: 3.0}
    assert (thresholds.metric, thresholds.direction) == ("value", "maximize")


@settings(max_examples=20)
@given(share=st.floats(0.02, 0.4), seed=st.integers(0, 99))
def test_a_threshold_is_where_the_line_has_the_incumbent_at_the_chance(share, seed):
    strategy = curve_rule(levels=(1, 2), warmup=0, startup=6, chance=share)
    rng = default_rng(seed)
    first = rng.normal(0, 1, 12)
    final = 2 * first + rng.normal(0, 0.5, 12)
    for number in range(12):
        proposal = strategy.ask(number, rng)
        curves = {"value": (first[number], final[number])}
        strategy.tell(Trial(proposal, "complete", {"value": final[number]}, curves=curves))
    least = strategy.ask(12, rng).fidelity.thresholds.least[1]
    slope, start = numpy.polyfit(first, final, 1)
    deviation = numpy.std(final - slope * first - start, ddof=2) * math.sqrt(1 + 1 / 12)
    below = (final.max() - start - slope * least) / deviation
    assert student.sf(below, 10) == pytest.approx(share)


def test_checks_go_on_and_tell_how_often_the_prediction_was_right(caplog):
    with caplog.at_level(logging.INFO):
        trials = searched(curve_rule(check=0.5), 60)
    last = trials[-1].proposal.facts
    assert last["fidelity/checked"] > 5
    assert last["fidelity/right"] > 0.8
    assert "such predictions were right" in caplog.text
    again = searched(curve_rule(check=0.5), 60)
    assert [one.epochs for one in again] == [one.epochs for one in trials]


def test_what_has_no_curve_is_said_once_and_ends_nothing(caplog):
    strategy = median_rule(startup=1)
    for number in range(4):
        proposal = strategy.ask(number, default_rng(number))
        assert proposal.fidelity.thresholds is None
        strategy.tell(Trial(proposal, "complete", {"value": 1.0}, epochs=3))
    assert caplog.text.count("has no values of value after its epochs") == 1


@pytest.mark.parametrize(
    ("make", "changes", "key"),
    [
        (median_rule, {"startup": 0}, "fidelity.startup"),
        (median_rule, {"warmup": -1}, "fidelity.warmup"),
        (curve_rule, {"chance": 0}, "fidelity.chance"),
        (curve_rule, {"check": 1.5}, "fidelity.check"),
        (median_rule, {"objectives": Objectives((*VALUE, Objective("b", "minimize")))}, ""),
    ],
)
def test_what_makes_no_rule_is_refused(make, changes, key):
    with pytest.raises(ConfigError) as caught:
        make(**changes)
    assert caught.value.key == (key or "objective")
