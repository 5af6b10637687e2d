import math
from functools import partial

import numpy
from hypothesis import given, settings
from omegaconf import OmegaConf

from nas_hydra.search_space import SearchSpace, every
from nas_hydra.strategy import base as unseen
from nas_hydra.strategy.base import Novelty
from nas_hydra.testing.strategy import (
    PARTS,
    constrained_space,
    single_space,
    small_space,
    varied_space,
)
from search_space.spaces import spaces


def drawn(space, most=1000):
    """Everything that is left, in the order in which it turns up."""
    left, found = Novelty(space), []
    while len(found) < most:
        genotype = left.random(numpy.random.default_rng(len(found)))
        if genotype is None:
            break
        assert left.fresh(genotype)
        left.add(genotype)
        assert not left.fresh(genotype)
        found.append(genotype)
    return found


@given(space=spaces())
@settings(max_examples=15, deadline=None)
def test_random_ones_turn_up_until_the_space_is_exhausted(space):
    keys = [genotype.key for genotype in drawn(space, most=40)]
    assert len(set(keys)) == len(keys)
    if len(keys) < 40:
        assert set(keys) == {genotype.key for genotype in every(space)}


def test_a_space_without_genes_has_one():
    assert len(drawn(single_space())) == 1


def test_what_breaks_the_constraints_is_not_fresh():
    space = constrained_space()
    left = Novelty(space)
    for seed in range(50):
        rng = numpy.random.default_rng(seed)
        genotype = space.walk(partial(at_random, rng))
        assert left.fresh(genotype) == space.feasible(genotype)


def at_random(rng, gene):
    return gene.sample(rng)


def test_asking_for_what_is_left_does_not_use_it_up():
    space = small_space()
    left, (*others, last) = Novelty(space), every(space)
    for genotype in others:
        left.add(genotype)
    for seed in range(3):
        found = left.random(numpy.random.default_rng(seed))
        assert found is not None
        assert found.key == last.key


def test_what_is_rare_in_a_continuous_space_is_found():
    rare = {"_float_": {"low": 0, "high": 1}}
    for depth in range(8):
        rare = {"_choice_": {"stop": depth, "on": rare}}
    space = SearchSpace(OmegaConf.create({"model": {"a": rare}}), PARTS)
    assert space.size == math.inf
    assert len(drawn(space, most=30)) == 30


def test_the_first_fresh_one_of_those_that_are_made_is_taken():
    space = small_space()
    left = Novelty(space)
    one, other, *_ = every(space)
    left.add(one)
    made = iter([one, one, other])
    assert left.first(lambda: next(made)) is other
    assert left.first(lambda: one) is None


def test_looking_for_what_is_left_has_an_end(monkeypatch):
    monkeypatch.setattr(unseen, "MOST_LISTED", 10)
    space = small_space()
    left = Novelty(space)
    for genotype in every(space):
        left.add(genotype)
    assert left.random(numpy.random.default_rng(0)) is None
    assert Novelty(varied_space()).random(numpy.random.default_rng(0)) is not None
