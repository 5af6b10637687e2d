"""What holds in every space, whatever is opened and however it is nested."""

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from nas_hydra.search_space import Categorical, Real
from nas_hydra.search_space.syntax import OPENERS
from search_space.spaces import every_genotype, spaces, strict, values

thorough = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
seeds = st.integers(0, 2**32 - 1)


def sample(space, seed):
    return space.sample(np.random.default_rng(seed))


def alternatives(gene):
    if isinstance(gene, Real) and gene.continuous:
        return [gene.low, gene.high]
    return values(gene)


@thorough
@given(spaces(), seeds)
def test_a_closed_config_has_no_choice_left(space, seed):
    text = strict(space.close(sample(space, seed)))
    for sign in ("${", "_block_", "_share_", "_name_", *OPENERS):
        assert sign not in text


@thorough
@given(spaces(), seeds)
def test_keys_are_equal_if_and_only_if_closed_configs_are(space, seed):
    rng = np.random.default_rng(seed)
    genotypes = [space.sample(rng) for _ in range(8)]
    closed = [strict(space.close(genotype)) for genotype in genotypes]
    for one, its_config in zip(genotypes, closed, strict=True):
        for other, other_config in zip(genotypes, closed, strict=True):
            assert (one.key == other.key) == (its_config == other_config)


@thorough
@given(spaces(), seeds)
def test_every_active_gene_is_listed_and_makes_a_difference(space, seed):
    genotype = sample(space, seed)
    listed = {gene.name: gene for gene in space.genes}
    assert set(genotype) <= set(listed)
    for name in genotype:
        gene = listed[name]
        differences = [
            other
            for value in alternatives(gene)
            if (other := with_decision(space, genotype, name, value)).key != genotype.key
            or set(other) != set(genotype)
        ]
        assert differences or len(alternatives(gene)) == 1


def with_decision(space, genotype, name, value):
    rng = np.random.default_rng(0)

    def decide(gene):
        if gene.name == name:
            return value
        known = gene.name in genotype and genotype[gene.name] in gene
        return genotype[gene.name] if known else gene.sample(rng)

    return space.walk(decide)


@thorough
@given(spaces(), seeds)
def test_genotypes_come_back_from_plain_decisions(space, seed):
    genotype = sample(space, seed)
    again = space.genotype(dict(genotype))
    assert again == genotype
    assert strict(dict(again)) == strict(dict(genotype))
    assert again.key == genotype.key
    assert list(again) == list(genotype)
    assert strict(space.close(again)) == strict(space.close(genotype))


@pytest.mark.long
@thorough
@given(spaces(finite=True, depth=2))
def test_size_is_the_number_of_genotypes(space):
    assert isinstance(space.size, int)
    if space.size > 500:
        return
    genotypes = list(every_genotype(space))
    assert len(genotypes) == space.size
    assert len({strict(list(genotype.items())) for genotype in genotypes}) == space.size
    assert {gene.name for gene in space.genes} == {name for one in genotypes for name in one}
    configs = {strict(space.close(genotype)) for genotype in genotypes}
    assert len({genotype.key for genotype in genotypes}) == len(configs)


@thorough
@given(spaces())
def test_size_is_infinite_exactly_with_a_continuous_gene(space):
    continuous = any(isinstance(gene, Real) and gene.continuous for gene in space.genes)
    assert (space.size == math.inf) == continuous


@thorough
@given(spaces(), seeds)
def test_same_seed_same_genotype(space, seed):
    first, second = sample(space, seed), sample(space, seed)
    assert list(first.items()) == list(second.items())
    assert first.key == second.key


@thorough
@given(spaces(), seeds)
def test_mutation_stays_within_the_gene_and_moves(space, seed):
    rng = np.random.default_rng(seed)
    for gene in space.genes:
        decision = gene.sample(rng)
        assert decision in gene
        mutated = gene.mutate(decision, rng)
        assert mutated in gene
        assert type(mutated) is type(decision) or isinstance(gene, Categorical)
        assert mutated != decision or len(alternatives(gene)) == 1
