from collections import Counter
from functools import cache

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from nas_hydra.errors import ConfigError
from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy.variation import Chain, Mutation, OnePointCrossover, UniformCrossover
from nas_hydra.testing.strategy import PARTS, single_space, small_space, varied_space

SPACE = varied_space()
seeds = st.integers(0, 2**32 - 1)


def rng_of(seed):
    return numpy.random.default_rng(seed)


@cache
def operators():
    return {
        "rate": Mutation(rate=0.3, count=None),
        "count": Mutation(rate=None, count=2),
        "crossover": UniformCrossover(0.9),
        "one-point": OnePointCrossover(0.9),
        "chain": Chain([UniformCrossover(1.0), Mutation(rate=1.0, count=None)]),
    }


@pytest.mark.parametrize("name", ["rate", "count", "crossover", "one-point", "chain"])
@given(seed=seeds)
@settings(max_examples=80, deadline=None)
def test_children_are_inside_the_space(name, seed):
    rng, operator = rng_of(seed), operators()[name]
    parents = [SPACE.sample(rng) for _ in range(operator.parents)]
    child = operator(SPACE, parents, rng)
    assert SPACE.genotype(dict(child)).key == child.key


crossovers = pytest.mark.parametrize("crossover", [UniformCrossover, OnePointCrossover])


@crossovers
@given(seed=seeds)
@settings(max_examples=80, deadline=None)
def test_crossover_of_equals_is_their_equal(crossover, seed):
    rng = rng_of(seed)
    parent = SPACE.sample(rng)
    assert crossover(1.0)(SPACE, [parent, parent], rng) == parent


@cache
def row(size):
    """So many numbers in a row, that are hardly ever equal."""
    model = {f"g{i}": {"_int_": {"low": 0, "high": 10**6}} for i in range(size)}
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


@given(seed=seeds, size=st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_one_point_crossover_joins_a_head_and_a_tail(seed, size):
    space, rng = row(size), rng_of(seed)
    first, second = space.sample(rng), space.sample(rng)
    child = tuple(OnePointCrossover(1.0)(space, [first, second], rng).values())
    one, other = tuple(first.values()), tuple(second.values())
    joined = {one[:point] + other[point:] for point in range(1, max(2, size))}
    assert child in joined


def test_every_point_is_as_likely():
    space = row(5)
    zeros, ones = (space.genotype({f"model.g{i}": n for i in range(5)}) for n in (0, 1))
    points = Counter(
        sum(OnePointCrossover(1.0)(space, [ones, zeros], rng_of(seed)).values())
        for seed in range(2000)
    )
    assert set(points) == {1, 2, 3, 4}
    assert all(400 < times < 600 for times in points.values())


@given(seed=seeds)
@settings(max_examples=150, deadline=None)
def test_a_count_of_one_changes_one_decision(seed):
    rng = rng_of(seed)
    parent = SPACE.sample(rng)
    child = Mutation(rate=None, count=1)(SPACE, [parent], rng)
    shared = [name for name in single(parent) if name in child]
    different = [name for name in shared if parent[name] != child[name]]
    if child["model.blocks.0._repeat_"] == parent["model.blocks.0._repeat_"]:
        assert len(different) + unequal(blocks_of(parent), blocks_of(child)) == 1
    else:
        assert different == ["model.blocks.0._repeat_"]
        assert is_part(*sorted([blocks_of(parent), blocks_of(child)], key=len))


@crossovers
@given(seed=seeds)
@settings(max_examples=80, deadline=None)
def test_a_crossed_child_has_every_decision_from_a_parent_that_has_the_gene(crossover, seed):
    rng = rng_of(seed)
    parents = first, second = SPACE.sample(rng), SPACE.sample(rng)
    child = crossover(1.0)(SPACE, parents, rng)
    for name in single(child):
        owners = [parent[name] for parent in parents if name in parent]
        assert not owners or child[name] in owners
    for index in (0, 1):
        known = {block[index] for parent in parents for block in blocks_of(parent)}
        assert {block[index] for block in blocks_of(child)} <= known
    assert len(blocks_of(child)) in (len(blocks_of(first)), len(blocks_of(second)))


def single(genotype):
    """The genes outside the repeated block."""
    return [name for name in genotype if "[" not in name]


def blocks_of(genotype):
    """The decisions of each copy."""
    return [
        (genotype[f"model.blocks.0[{i}].kernel"], genotype[f"model.blocks.0[{i}].act"])
        for i in range(genotype["model.blocks.0._repeat_"])
    ]


def unequal(blocks, others):
    pairs = zip(blocks, others, strict=True)
    return sum(a != b for block, other in pairs for a, b in zip(block, other, strict=True))


def is_part(short, long):
    """Whether the short list is the long one with some elements left out."""
    rest = iter(long)
    return all(element in rest for element in short)


def test_a_count_is_spent_on_genes_that_can_change():
    model = {"stuck": {"_choice_": ["only"]}, "still": {"_float_": {"low": 1, "high": 1}}}
    model["free"] = {"_choice_": ["a", "b"]}
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    mutation = Mutation(rate=None, count=1)
    for seed in range(20):
        parent = space.sample(rng_of(seed))
        assert mutation(space, [parent], rng_of(seed)) != parent


def test_where_nothing_can_change_nothing_does():
    space = single_space()
    parent = space.sample(rng_of(0))
    for operator in (Mutation(rate=None, count=3), Mutation(rate=1.0, count=None)):
        assert operator(space, [parent], rng_of(0)) == parent


def test_a_higher_count_than_there_are_genes_changes_all():
    space = small_space()
    parent = space.sample(rng_of(0))
    child = Mutation(rate=None, count=99)(space, [parent], rng_of(1))
    assert all(child[name] != parent[name] for name in parent)


@crossovers
def test_without_crossing_the_child_is_the_first_parent(crossover):
    rng = rng_of(0)
    first, second = SPACE.sample(rng), SPACE.sample(rng)
    assert crossover(0.0)(SPACE, [first, second], rng) == first


def test_a_chain_tells_all_its_steps():
    chain = operators()["chain"]
    assert (chain.origin, chain.parents) == ("crossover+mutation", 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mutation(rate=None, count=None), "either a rate or a count"),
        (lambda: Mutation(rate=0.1, count=1), "either a rate or a count"),
        (lambda: Mutation(rate=0.0, count=None), "rate is 0.0"),
        (lambda: Mutation(rate=1.1, count=None), "rate is 1.1"),
        (lambda: Mutation(rate=None, count=0), "count is 0"),
        (lambda: UniformCrossover(-0.1), "probability is -0.1"),
        (lambda: OnePointCrossover(1.1), "probability is 1.1"),
        (lambda: Chain([]), "at least one"),
        (lambda: Chain([Mutation(0.1, None), UniformCrossover(0.9)]), "can only come first"),
    ],
)
def test_what_cannot_work_is_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
