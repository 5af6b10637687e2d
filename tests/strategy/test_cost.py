"""What candidates cost, and how strategies weigh it."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

import nas_hydra
from nas_hydra.config.later import LATER
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.predictor import Describe
from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy.acquisition import log_price, promise
from nas_hydra.strategy.cost import DEFAULT, CostAwareness, Costs, Counted, first_cheap
from nas_hydra.strategy.design import LatinHypercube, RandomDesign
from nas_hydra.testing.strategy import (
    PARTS,
    hilly,
    simulate,
    small_space,
    smooth,
    trajectory,
    varied_space,
)
from strategy.strategies import maker

NAMES = ("surrogate_evolution", "evolution", "regularized_evolution", "mu_comma_lambda")
amounts = st.floats(0, 1e300)


def weighing(name, count, awareness=DEFAULT, **changes):
    """What makes a strategy that knows what candidates cost."""

    def make(space, objectives, seed):
        strategy = maker(name, **changes)(space, objectives, seed)
        costs = Costs(count, "unit", 0, awareness)
        strategy.weigh(costs)
        return Counted(strategy, costs)

    return make


def dear(genotype):
    return 10.0 ** (3 * smooth(genotype))


@pytest.mark.parametrize("space", [varied_space(), small_space()], ids=["bred", "whole"])
@pytest.mark.parametrize("name", NAMES)
@given(constant=st.one_of(st.just(0.0), amounts), seed=st.integers(0, 99))
@settings(max_examples=2, deadline=None)
def test_a_constant_cost_chooses_as_no_cost_does(name, space, constant, seed):
    for awareness in (DEFAULT, CostAwareness(parents=1.0)):
        weighed = weighing(name, lambda _: constant, awareness)
        known = trajectory(simulate(weighed, space, smooth, 9, seed=seed, ahead=2))
        assert known == trajectory(simulate(maker(name), space, smooth, 9, seed=seed, ahead=2))


@example([1e-98], 1.8e210, 1.0)
@example([1e308, 1.0], 1e308, 10.0)
@example([0.0, 1e-320], 0.0, 0.0)
@example([0.0, 1e-320], 1e300, 0.0)
@given(st.lists(amounts, min_size=1, max_size=20), amounts, st.floats(0, 10))
def test_who_costs_less_never_weighs_more(costs, spent, free):
    price = log_price(np.array(costs), spent, free)
    assert np.isfinite(price).all()
    assert (price >= 0).all()
    assert (np.diff(price[np.argsort(costs)]) >= 0).all()


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=20), st.floats(0.01, 1))
def test_the_pull_fades_with_what_is_spent(costs, free):
    little, much = (log_price(np.array(costs), spent, free) for spent in (1.0, 1e12))
    assert (much <= little + 1e-9).all()
    assert much.max() < 1e-3


@given(
    st.lists(st.tuples(st.floats(-30, 3), st.floats(0, 1e6)), min_size=2, max_size=12),
    st.floats(0, 1e6),
)
@settings(max_examples=50, deadline=None)
def test_a_candidate_that_is_better_and_cheaper_is_never_left_for_one_that_is_neither(rows, spent):
    space = varied_space()
    rng = np.random.default_rng(0)
    pool = [space.sample(rng) for _ in rows]
    gain = np.array([one for one, _ in rows])
    by_key = {g.key: cost for g, (_, cost) in zip(pool, rows, strict=True)}
    costs = Costs(lambda g: by_key[g.key], "unit")
    for one in pool:
        costs(one)
    found = promise(gain, pool, Describe(space)(pool), costs, spent, lambda _: True)
    taken = int(np.argmax(found))
    for place, one in enumerate(pool):
        better, cheaper = gain[place] > gain[taken], by_key[one.key] < by_key[pool[taken].key]
        # what differs by less than the rounding of scores counts as equal
        assert not (better and cheaper) or found[place] == found[taken]


def test_few_are_counted_and_the_best_is_found():
    space = SearchSpace(
        OmegaConf.create({"model": {f"g{i}": {"_int_": {"low": 1, "high": 64}} for i in range(4)}}),
        PARTS,
    )
    rng = np.random.default_rng(0)
    pool = [space.sample(rng) for _ in range(400)]
    gain = rng.normal(size=400)

    def work(genotype):
        return math.exp(sum(genotype.values()) / 20)

    counted = []
    costs = Costs(lambda g: counted.append(g) or work(g), "unit")
    found = promise(gain, pool, Describe(space)(pool), costs, 0.0, lambda _: True)
    assert len(counted) <= DEFAULT.counted
    best = max(range(400), key=lambda i: gain[i] - math.log(work(pool[i])))
    assert int(np.argmax(found)) == best


def test_what_is_cheap_comes_first_and_the_dear_follow():
    space = varied_space()
    plain = simulate(maker("surrogate_evolution"), space, smooth, 30)
    aware = simulate(weighing("surrogate_evolution", dear), space, smooth, 30)

    def spent(trials):
        return np.mean([dear(trial.proposal.genotype) for trial in trials])

    assert spent(aware[:5]) < spent(plain[:5]) / 3  # the founders
    assert spent(aware) < spent(plain)
    assert spent(aware[-5:]) > spent(aware[:5])


@pytest.mark.parametrize("design", [LatinHypercube, RandomDesign])
def test_founders_are_among_the_cheap(design):
    space, rng = varied_space(), np.random.default_rng(1)
    usual = np.quantile([dear(space.sample(rng)) for _ in range(500)], 0.3)
    made = design()
    made.weigh(Costs(dear, "unit"))
    drawn = [made(space, 5, np.random.default_rng((2, i))) for i in range(5)]
    assert all(dear(one) < usual for one in drawn)


def broken(genotype):
    raise CandidateError("it cannot be counted")


@pytest.mark.parametrize(
    "count",
    [lambda g: 0.0, lambda g: math.inf, lambda g: math.nan, lambda g: -1.0, broken],
    ids=["zero", "infinite", "none", "negative", "failed"],
)
@pytest.mark.parametrize("name", NAMES)
def test_costs_that_say_nothing_change_nothing(name, count):
    weighed = weighing(name, count, CostAwareness(parents=1.0))
    found = trajectory(simulate(weighed, small_space(), hilly, 10))
    assert found == trajectory(simulate(maker(name), small_space(), hilly, 10))


@pytest.mark.parametrize("name", NAMES)
def test_a_cost_that_is_missing_now_and_then_counts_as_the_dearest(name):
    def count(genotype):
        if int(genotype.key, 16) % 3 == 0:
            raise CandidateError("it cannot be counted")
        return 0.0 if int(genotype.key, 16) % 3 == 1 else dear(genotype)

    def measure(genotype):
        return math.nan if int(genotype.key, 16) % 5 == 0 else smooth(genotype)  # it fails

    weighed = weighing(name, count, CostAwareness(parents=0.5))
    trials = simulate(weighed, varied_space(), measure, 15, ahead=2)
    assert len({trial.key for trial in trials}) == 15
    assert {trial.complete for trial in trials} == {True, False}


@given(st.lists(st.one_of(st.none(), st.floats(0, 9)), max_size=9), st.floats(0, 9))
def test_the_first_that_is_cheap_is_taken_and_else_the_cheapest(costs, limit):
    numbered = list(enumerate(costs))
    found = first_cheap(numbered, lambda one: one[1], limit)
    cheap = [one for one in numbered if one[1] is not None and one[1] <= limit]
    known = [one for one in numbered if one[1] is not None]
    cheapest = min(known, key=lambda one: one[1]) if known else None
    assert found == (cheap or [cheapest or (numbered or [None])[0]])[0]
    assert first_cheap(numbered, lambda one: one[1], math.inf) == (numbered or [None])[0]


def test_parents_are_cheaper_where_their_cost_counts():
    def mean(parents):
        changes = {"prescreen": "none", "parents": "large_tournament"}
        made = weighing("evolution", dear, CostAwareness(founders=1.0, parents=parents), **changes)
        trials = simulate(made, varied_space(), hilly, 60)
        return np.mean([dear(trial.proposal.genotype) for trial in trials[20:]])

    assert mean(3.0) < mean(0.0)


@pytest.mark.parametrize(
    ("name", "value"), [("founders", 0), ("founders", 1.5), ("free", -1), ("counted", 0)]
)
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=f"cost_aware.{name}: is {value}; allowed"):
        CostAwareness(**{name: value})


def test_the_settings_are_those_of_the_config():
    given_ = OmegaConf.load(Path(nas_hydra.__file__).parent / "conf" / "config.yaml")
    written = OmegaConf.to_container(given_.strategy.cost_aware)
    assert CostAwareness(**written) == DEFAULT
    assert LATER["strategy"]["cost_aware"] == written
