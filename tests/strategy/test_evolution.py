import math
from collections import Counter

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from nas_hydra.errors import ConfigError, InfeasibleError
from nas_hydra.objective import Objective, Objectives
from nas_hydra.search_space import Hooks, SearchSpace, every, fixed
from nas_hydra.strategy.design import RandomDesign
from nas_hydra.strategy.evolution import Evolution
from nas_hydra.strategy.parents import Truncation
from nas_hydra.strategy.survivors import Best
from nas_hydra.strategy.variation import Mutation
from nas_hydra.testing.strategy import (
    PARTS,
    hilly,
    outcome,
    simulate,
    single_space,
    small_space,
    smooth,
    varied_space,
)
from nas_hydra.trial import Proposal
from strategy.strategies import maker

OBJECTIVES = Objectives((Objective("value", "maximize"),))
SURVIVORS = ("best", "offspring", "youngest")


def grid_space(genes=8, values=8):
    model = {f"g{i}": {"_int_": {"low": 0, "high": values - 1}} for i in range(genes)}
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


def hill(genotype):
    """One peak, at 5 for every gene."""
    return -sum((decision - 5) ** 2 for decision in genotype.values())


class Driven:
    """A strategy and the loop around it, one step at a time."""

    def __init__(self, make, space, measure):
        self.strategy, self.measure = make(space, OBJECTIVES, 0), measure
        self.asked, self.pending = 0, []

    def ask(self):
        proposal = self.strategy.ask(self.asked, numpy.random.default_rng((0, self.asked)))
        if proposal is not None:
            self.asked += 1
            self.pending.append(proposal)
        return proposal

    def tell(self):
        proposal = self.pending.pop(0)
        self.strategy.tell(outcome(proposal, self.measure(proposal.genotype)))


@pytest.mark.long
@given(
    size=st.integers(3, 8),
    generation=st.integers(1, 9),
    survivors=st.sampled_from(SURVIVORS),
    steps=st.lists(st.booleans(), min_size=60, max_size=60),
    share=st.sampled_from([0.0, 0.3, 0.8]),
    small=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_full_population_keeps_its_size(size, generation, survivors, steps, share, small):
    make = maker("evolution", population_size=size, generation_size=generation, survivors=survivors)
    driven = Driven(
        make,
        small_space() if small else varied_space(),
        lambda g: math.nan if hilly(g) < share else smooth(g),
    )
    full = False
    for ask in steps:
        if ask or not driven.pending:
            proposal = driven.ask()
            exhausted = small and driven.asked == 24
            assert proposal is not None or driven.pending or exhausted
        else:
            driven.tell()
        population = driven.strategy.population
        full = full or len(population) == size
        assert len(population) == size if full else len(population) < size
        assert all(trial.complete for trial in population)


@pytest.mark.parametrize("survivors", SURVIVORS)
@pytest.mark.parametrize("generation", [1, 5])
def test_nobody_is_proposed_twice_and_the_search_ends_with_the_space(survivors, generation):
    make = maker("evolution", population_size=4, generation_size=generation, survivors=survivors)
    for seed in range(5):
        trials = simulate(make, small_space(), smooth, 40, seed=seed, ahead=2)
        assert len({trial.key for trial in trials}) == len(trials) == 24


def test_the_rare_candidates_of_a_lopsided_space_are_found_in_the_end():
    rare = 1
    for depth in range(12):
        rare = {"_choice_": {"stop": depth, "on": rare}}
    space = SearchSpace(OmegaConf.create({"model": {"a": rare}}), PARTS)
    trials = simulate(maker("evolution"), space, smooth, space.size)
    assert len({trial.key for trial in trials}) == space.size - 1  # 1 is met in two ways


def test_a_pending_candidate_is_not_proposed_again():
    trials = simulate(maker("evolution", generation_size=1), small_space(), smooth, 24, ahead=10)
    assert len({trial.key for trial in trials}) == 24


def test_failures_are_replaced_until_the_first_population_is_full():
    driven = Driven(maker("evolution", population_size=5), varied_space(), lambda g: math.nan)
    for _ in range(30):
        assert driven.ask().origin == "random"
        driven.tell()
    driven.measure = smooth
    for _ in range(5):
        assert driven.ask().origin == "random"
        driven.tell()
    assert driven.ask().origin == "crossover+mutation"


def test_no_more_are_asked_for_than_the_first_population_needs():
    driven = Driven(maker("evolution", population_size=5), varied_space(), smooth)
    assert [driven.ask() is None for _ in range(7)] == [False] * 5 + [True] * 2


@pytest.mark.parametrize("generation", [1, 3])
def test_few_founders_are_enough_and_the_population_grows_from_them(generation):
    make = maker("evolution", population_size=8, founders=3, generation_size=generation)
    driven = Driven(make, varied_space(), smooth)
    sizes, origins = [], []
    for _ in range(16):
        origins.append(driven.ask().origin)
        driven.tell()
        sizes.append(len(driven.strategy.population))
    assert origins == ["random"] * 3 + ["crossover+mutation"] * 13
    assert max(sizes) == 8
    assert sizes == sorted(sizes)


def test_more_founders_than_members_are_sorted_out_by_the_first_survivors():
    make = maker("evolution", population_size=3, founders=9, generation_size=1)
    driven = Driven(make, varied_space(), smooth)
    for _ in range(10):
        driven.ask()
        driven.tell()
    assert len(driven.strategy.population) == 3


class Choosy:
    """A prescreen that takes the last of three children, and none at every fourth call."""

    def __init__(self):
        self.started, self.told, self.seen, self.calls, self.waiting = 0, [], [], 0, []

    def start(self, space, objectives, unseen):
        self.started += 1
        self.unseen = unseen

    def tell(self, trial):
        self.told.append(trial.number)

    def __call__(self, breed, pending, rng):
        self.calls += 1
        self.waiting.append(list(pending))
        children = [breed() for _ in range(3)]
        assert all(self.unseen.fresh(child.genotype) for child in children)
        self.seen.append(children[-1].genotype.key)
        return None if self.calls % 4 == 0 else children[-1]


def evolution(space, objectives, prescreen):
    return Evolution(
        space,
        objectives,
        population_size=6,
        generation_size=1,
        founders=3,
        design=RandomDesign(),
        parents=Truncation(0.5),
        variation=Mutation(None, 1),
        prescreen=prescreen,
        survivors=Best(),
    )


def test_a_prescreen_is_told_everything_and_its_child_is_proposed():
    prescreen = Choosy()

    def make(space, objectives, seed):
        return evolution(space, objectives, prescreen)

    trials = simulate(make, varied_space(), lambda g: math.nan if hilly(g) < 0.2 else smooth(g), 30)
    assert prescreen.started == 1
    assert prescreen.told == list(range(30))
    children = [trial for trial in trials if trial.proposal.origin == "mutation"]
    wanted = [key for call, key in enumerate(prescreen.seen, start=1) if call % 4]
    assert [trial.key for trial in children] == wanted
    at_random = [trial.number for trial in trials if trial.proposal.origin == "random"]
    assert len(at_random) == 30 - len(wanted) > 3


def test_a_prescreen_sees_what_is_pending():
    prescreen = Choosy()

    def make(space, objectives, seed):
        return evolution(space, objectives, prescreen)

    driven = Driven(make, varied_space(), smooth)
    for _ in range(3):
        driven.ask()
        driven.tell()
    proposals = [driven.ask() for _ in range(3)]
    assert prescreen.waiting == [[one.genotype for one in proposals[:n]] for n in range(3)]


def test_what_it_did_not_propose_joins_the_population_and_is_not_proposed():
    make = maker("evolution", population_size=4, generation_size=4)
    driven = Driven(make, small_space(), smooth)
    given = list(every(small_space()))[:10]
    for number, genotype in enumerate(given):
        driven.strategy.tell(outcome(Proposal(number, genotype, "initial"), smooth(genotype)))
    assert len(driven.strategy.population) == 4
    driven.asked = 10
    proposals = [driven.ask()]
    while proposals[-1] is not None or driven.pending:
        if proposals[-1] is None:
            driven.tell()
        proposals.append(driven.ask())
    keys = {proposal.genotype.key for proposal in proposals if proposal is not None}
    assert len(keys) == 14
    assert not keys & {genotype.key for genotype in given}


def test_a_generation_waits_for_the_last_of_the_one_before():
    driven = Driven(
        maker("evolution", population_size=4, generation_size=2), varied_space(), smooth
    )
    for _ in range(4):
        driven.ask()
        driven.tell()
    assert driven.ask()
    assert driven.ask()
    assert driven.ask() is None
    driven.tell()
    assert driven.ask() is None
    driven.tell()
    assert driven.ask()


def test_steady_state_never_waits_once_it_has_a_population():
    driven = Driven(
        maker("evolution", population_size=4, generation_size=1), varied_space(), smooth
    )
    for _ in range(4):
        driven.ask()
        driven.tell()
    assert all(driven.ask() for _ in range(20))


def test_all_children_failing_leaves_the_population():
    driven = Driven(maker("evolution", population_size=4, generation_size=4), grid_space(), hill)
    for _ in range(4):
        driven.ask()
        driven.tell()
    before = list(driven.strategy.population)
    driven.measure = lambda g: math.nan
    for _ in range(40):
        assert driven.ask() is not None
        driven.tell()
    assert Counter(t.number for t in driven.strategy.population) == Counter(
        t.number for t in before
    )


def test_parents_are_recorded_and_were_in_the_population():
    trials = simulate(maker("evolution"), varied_space(), smooth, 60)
    children = [t.proposal for t in trials if t.proposal.origin == "crossover+mutation"]
    assert len(children) == 50
    assert all(1 <= len(child.parents) <= 2 for child in children)
    assert all(parent < child.number // 10 * 10 for child in children for parent in child.parents)


@pytest.mark.parametrize("survivors", SURVIVORS)
@pytest.mark.parametrize("generation", [1, 10])
def test_evolution_beats_random_search_on_a_smooth_landscape(survivors, generation):
    make = maker("evolution", survivors=survivors, generation_size=generation)
    space = grid_space()

    def best(make, seed):
        return max(t.values["value"] for t in simulate(make, space, hill, 150, seed=seed))

    pairs = [(best(make, seed), best(maker("random"), seed)) for seed in range(5)]
    assert all(evolved > random for evolved, random in pairs), pairs


def test_minimised_objectives_are_minimised():
    make = maker("evolution")
    up = simulate(make, grid_space(), hill, 60)
    down = simulate(make, grid_space(), lambda g: -hill(g), 60, direction="minimize")
    assert [trial.key for trial in up] == [trial.key for trial in down]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"population_size": 2, "parents": "tournament"}, "strategy.population_size"),
        ({"founders": 0}, "strategy.founders"),
        ({"population_size": 0}, "strategy.population_size"),
        ({"generation_size": 0}, "strategy.generation_size"),
        ({"population_size": "many"}, "strategy.population_size"),
        ({"populaton_size": 3}, "strategy.populaton_size"),
    ],
)
def test_wrong_sizes_are_refused_by_name(changes, key):
    with pytest.raises(ConfigError) as caught:
        maker("evolution", **changes)(small_space(), OBJECTIVES, 0)
    assert caught.value.key == key


def test_the_refusal_of_a_small_population_says_what_would_do():
    with pytest.raises(ConfigError, match="draws 3 at a time, so at least 3 is needed"):
        maker("evolution", population_size=2, parents="tournament")(small_space(), OBJECTIVES, 0)


def test_several_objectives_are_refused():
    both = Objectives((Objective("value", "maximize"), Objective("params", "minimize")))
    with pytest.raises(ConfigError, match="'value', 'params' were given"):
        maker("evolution")(small_space(), both, 0)


def test_every_lists_each_genotype_once():
    genotypes = list(every(small_space()))
    assert len({g.key for g in genotypes}) == len(genotypes) == 24
    assert [g.decisions for g in every(single_space())] == [{}]


def test_every_agrees_with_the_size_of_a_conditional_space():
    block = {
        "kernel": {"_choice_": [3, 5]},
        "drop": {"_float_": {"low": 0, "high": 1, "step": 0.5}},
    }
    model = {
        "blocks": [{"_repeat_": {"_int_": {"low": 0, "high": 2}}, "_block_": block}],
        "pool": {"_choice_": ["none", {"size": {"_int_": {"low": 2, "high": 4}}}]},
    }
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    found = {tuple(g.items()) for g in every(space)}
    assert len(found) == space.size == (1 + 6 + 36) * 4


def test_a_continuous_space_cannot_be_listed():
    assert list(every(varied_space())) == []
    assert not any(fixed(gene) for gene in varied_space().genes)


def test_the_feasible_candidates_of_a_small_space_are_found_and_no_others():
    for seed in range(3):
        space = small_space_where(lambda model: (model["b"] + model["c"]) % 2)
        trials = simulate(maker("evolution", population_size=4), space, smooth, 30, seed=seed)
        assert len({trial.key for trial in trials}) == len(trials) == 12
        assert all(space.feasible(trial.proposal.genotype) for trial in trials)


def test_an_infeasible_space_is_reported():
    space = small_space_where(lambda model: False)
    with pytest.raises(InfeasibleError, match="of 24 different ones"):
        simulate(maker("evolution"), space, smooth, 1)


def small_space_where(holds):
    config = {"model": MODEL, "search_space": {"constraints": [{"a": 1}]}}
    hooks = Hooks(feasible=lambda closed, constraints: bool(holds(closed["model"])))
    return SearchSpace(OmegaConf.create(config), PARTS, hooks)


MODEL = {
    "a": {"_choice_": ["x", "y", "z"]},
    "b": {"_int_": {"low": 0, "high": 3}},
    "c": {"_choice_": [False, True]},
}
