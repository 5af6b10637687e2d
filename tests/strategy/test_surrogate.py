"""The surrogate prescreen and its parts."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from scipy.integrate import quad
from scipy.stats import mannwhitneyu, norm

from nas_hydra.errors import ConfigError
from nas_hydra.objective import objectives_from
from nas_hydra.predictor.gaussian_process import GaussianProcess
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.acquisition import log_expected_improvement
from nas_hydra.strategy.surrogate import (
    MOST_DOUBT,
    Surrogate,
    Trust,
    doubt,
    normal_scores,
    targets,
    unit,
)
from nas_hydra.testing.strategy import PARTS, hilly, simulate, small_space, smooth, varied_space
from nas_hydra.trial import Proposal, Trial
from strategy.strategies import CONF, config, maker

ACCURACY = objectives_from({"acc": "maximize"})


def trial(number, state="complete", **values):
    proposal = Proposal(number, Genotype({"n": number}, str(number)), "random")
    return Trial(proposal, state, values if state == "complete" else {}, values)


def taught(trials, objectives=ACCURACY, seed=0):
    return targets(trials, objectives, np.random.default_rng(seed))


def test_targets_are_the_normal_scores_of_ranks():
    found = taught([trial(0, acc=0.1), trial(1, acc=0.9), trial(2, acc=0.2)])
    assert found == pytest.approx(norm.ppf([0.625 / 3.25, 2.625 / 3.25, 0.5]))


def test_failures_and_broken_limits_rank_last():
    objectives = objectives_from({"acc": "maximize", "params": {"at_most": 100}})
    trials = [
        trial(0, acc=0.1, params=90),
        trial(1, acc=0.9, params=150),
        trial(2, acc=0.9, params=120),
        trial(3, "failed"),
    ]
    assert list(np.argsort(taught(trials, objectives))) == [3, 1, 2, 0]


def test_equal_outcomes_teach_the_same():
    assert len(set(taught([trial(i, acc=0.5) for i in range(4)]))) == 1


def test_several_objectives_are_weighted_anew_each_time():
    objectives = objectives_from({"acc": "maximize", "cost": "minimize"})
    trials = [trial(i, acc=i / 10, cost=i) for i in range(10)] + [trial(10, acc=-1.0, cost=20)]
    found = {int(np.argmax(taught(trials, objectives, seed))) for seed in range(40)}
    assert len(found) > 3
    assert 10 not in found  # it is dominated


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_scores_keep_the_order(values):
    scores = normal_scores(np.array(values))
    for one, another in zip(values, scores, strict=True):
        for other, its in zip(values, scores, strict=True):
            assert (one < other) == (another < its)


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (2.0, 0.5), (-2.0, 1.5), (0.9, 0.01)])
def test_expected_improvement_is_the_integral(mean, deviation):
    best = 1.0
    integral, _ = quad(
        lambda y: (y - best) * norm.pdf(y, mean, deviation),
        best,
        max(mean, best) + 12 * deviation,
        points=[max(mean, best)],
    )
    found = log_expected_improvement(np.array([mean]), np.array([deviation]), best)
    assert np.exp(found[0]) == pytest.approx(integral, rel=0.01, abs=1e-12)


@given(st.floats(-40, 3), st.floats(-40, 3))
def test_improvement_rises_with_the_mean_however_small(one, other):
    low, high = sorted([one, other])
    found = log_expected_improvement(np.array([low, high]), np.ones(2), 1.0)
    assert np.isfinite(found).all()
    if high - low > 0.05:  # where the asymptote takes over it may be a little off
        assert found[0] < found[1]


def test_trust_follows_what_came_true():
    trials = [trial(i, acc=i / 20) for i in range(20)]
    outcomes = np.arange(20.0)
    right, wrong, new = Trust(memory=50), Trust(memory=50), Trust(memory=50)
    for one in trials:
        right.expect(one.key, one.number)
        wrong.expect(one.key, -one.number)
    assert right.correlation(trials, outcomes) == pytest.approx(1)
    assert doubt(right.correlation(trials, outcomes)) == 0
    assert doubt(wrong.correlation(trials, outcomes)) == MOST_DOUBT
    assert new.correlation(trials, outcomes) is None
    assert doubt(None) == 0


def test_only_the_last_predictions_count():
    trials = [trial(i, acc=i / 20) for i in range(20)]
    trust = Trust(memory=10)
    for one in trials:
        trust.expect(one.key, one.number if one.number >= 10 else -one.number)
    assert trust.correlation(trials, np.arange(20.0)) == pytest.approx(1)


def wide_space():
    """10 operations of 5, and 6 numbers."""
    model = {f"edge_{i}": {"_choice_": ["a", "b", "c", "d", "e"]} for i in range(10)}
    model |= {f"width_{i}": {"_int_": {"low": 1, "high": 9}} for i in range(6)}
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


def agreement(genotype):
    """Highest where every other operation is an a, the others an e, and numbers in the middle."""
    labels = [d == "ae"[i % 2] for i, d in enumerate(genotype.values()) if isinstance(d, str)]
    numbers = [abs(d - 5) / 4 for d in genotype.values() if isinstance(d, int)]
    return sum(labels) - sum(numbers)


def best_after(name, **changes):
    make, space = maker(name, **changes), wide_space()
    runs = (simulate(make, space, agreement, 40, seed=seed) for seed in range(6))
    return [max(trial.values["value"] for trial in run) for run in runs]


@pytest.mark.parametrize(
    "predictor", ["gaussian_process", pytest.param("forest", marks=pytest.mark.long)]
)
def test_a_predictor_finds_better_candidates_than_evolution_without(predictor):
    """Mann-Whitney over 6 seeds of 40 trials in a space that cannot be enumerated."""
    part = config("surrogate", CONF / "prescreen", predictor=predictor, children=30)
    screened = best_after("surrogate_evolution", prescreen=part)
    unscreened = best_after("surrogate_evolution", prescreen="none")
    assert mannwhitneyu(screened, unscreened, alternative="greater").pvalue < 0.05


def test_proposals_say_how_far_the_predictor_was_right():
    trials = simulate(maker("surrogate_evolution"), wide_space(), agreement, 40, seed=0)
    told = [t.proposal.facts.get("predictor/correlation") for t in trials]
    assert told[:10] == [None] * 10
    assert all(-1 <= correlation <= 1 for correlation in told if correlation is not None)
    assert told[-1] is not None


@pytest.mark.long
def test_where_nothing_can_be_learnt_children_pass_unscreened():
    trials = simulate(maker("surrogate_evolution"), varied_space(), hilly, 80, seed=1)
    assert len({t.key for t in trials}) == 80


def test_every_member_of_a_small_space_is_proposed_once_with_eight_pending():
    trials = simulate(maker("surrogate_evolution"), small_space(), smooth, 40, seed=0, ahead=8)
    assert len(trials) == len({t.key for t in trials}) == 24


@pytest.mark.parametrize("name", ["children", "shortlist"])
def test_sizes_are_checked(name):
    sizes = {"children": 10, "shortlist": 10, "enumerable": 0, "memory": 50, name: 0}
    with pytest.raises(ConfigError, match=f"prescreen.{name}.*is 0; at least 1"):
        Surrogate(GaussianProcess(10, 10, 10), **sizes)


def test_what_is_to_be_gained_is_in_units_of_the_objective():
    """Twice as large values, twice as much to be gained; of equal ones nothing can be told."""
    known = [(-1.0, 10.0), (0.0, 20.0), (0.5, 30.0), (1.0, 50.0)]
    assert unit(known) == pytest.approx(40.0)
    assert unit([(worth, 2 * value) for worth, value in known]) == pytest.approx(80.0)
    assert unit([(0.0, 1.0)] * 3) == unit(known[:1]) == math.inf
