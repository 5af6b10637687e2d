"""How genes are drawn and varied."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from nas_hydra.search_space import Categorical, Integer, Real
from search_space.spaces import model_of, values

FINITE = [
    Categorical("c", (3, "x", None, True, 0.5)),
    Integer("i", -2, 5),
    Integer("stepped", 1, 9, step=4),
    Real("grid", 0.1, 0.7, step=0.1),
]
CONTINUOUS = [Real("r", -1.0, 3.0), Real("log", 1e-4, 1e-1, log=True)]
ORDERED = [*FINITE[1:], Integer("log", 1, 1000, log=True), *CONTINUOUS]


@pytest.mark.parametrize("gene", FINITE, ids=lambda gene: gene.name)
def test_finite_genes_are_drawn_uniformly(gene):
    rng = np.random.default_rng(1)
    drawn = Counter(gene.sample(rng) for _ in range(4000))
    assert set(drawn) == set(values(gene))
    assert chisquare([drawn[value] for value in values(gene)]).pvalue > 0.01


@pytest.mark.parametrize("gene", CONTINUOUS, ids=lambda gene: gene.name)
def test_continuous_genes_are_drawn_uniformly_on_their_scale(gene):
    rng = np.random.default_rng(1)
    scale = np.log if gene.log else np.asarray
    low, high = scale(gene.low), scale(gene.high)
    drawn = scale([gene.sample(rng) for _ in range(2000)])
    assert kstest((drawn - low) / (high - low), "uniform").pvalue > 0.01


def test_log_integers_are_drawn_log_uniformly():
    rng = np.random.default_rng(1)
    gene = Integer("i", 1, 1000, log=True)
    drawn = [gene.sample(rng) for _ in range(3000)]
    below_31 = sum(n <= 31 for n in drawn) / len(drawn)
    assert below_31 == pytest.approx(np.log(63) / np.log(2001), abs=0.03)
    assert min(drawn) == 1
    assert max(drawn) > 950


def test_every_decision_of_a_space_is_uniform():
    space = model_of(
        "{a: {_choice_: [x, y, z], _name_: a},"
        " l: [{_repeat_: {_int_: {low: 0, high: 3}, _name_: n},"
        " _block_: {_choice_: [1, 2], _name_: k}}]}"
    )
    rng = np.random.default_rng(3)
    drawn = [space.sample(rng) for _ in range(3000)]
    for gene in space.genes:
        count = Counter(genotype[gene.name] for genotype in drawn if gene.name in genotype)
        assert chisquare([count[value] for value in values(gene)]).pvalue > 0.01


@pytest.mark.parametrize("gene", [*FINITE, *ORDERED], ids=lambda gene: gene.name)
def test_mutation_stays_within_and_moves(gene):
    rng = np.random.default_rng(0)
    decision = gene.sample(rng)
    for _ in range(500):
        mutated = gene.mutate(decision, rng)
        assert mutated in gene
        assert mutated != decision
        decision = mutated


@pytest.mark.parametrize("gene", ORDERED, ids=lambda gene: gene.name)
def test_ends_mutate_inwards(gene):
    rng = np.random.default_rng(0)
    for end in (gene.low, gene.high):
        assert {gene.mutate(end, rng) for _ in range(50)} - {end}
        assert end not in {gene.mutate(end, rng) for _ in range(50)}


@pytest.mark.parametrize(
    "gene",
    [Categorical("c", (1,)), Integer("i", 2, 2), Integer("l", 2, 2, log=True), Real("r", 1.5, 1.5)],
    ids=lambda gene: gene.name,
)
def test_a_gene_with_one_value_keeps_it(gene):
    (only,) = values(gene)
    rng = np.random.default_rng(0)
    assert gene.sample(rng) == gene.mutate(only, rng) == only
    assert len(gene) == 1


def test_ordered_genes_step_to_near_values():
    rng = np.random.default_rng(0)
    steps = [abs(Integer("i", 0, 100).mutate(50, rng) - 50) for _ in range(500)]
    assert np.mean([step == 1 for step in steps]) == pytest.approx(0.5, abs=0.1)


def test_log_integers_step_in_proportion():
    rng = np.random.default_rng(0)
    gene = Integer("i", 1, 1000, log=True)
    small, large = (np.mean([abs(gene.mutate(n, rng) - n) for _ in range(200)]) for n in (3, 300))
    assert 20 * small < large


@pytest.mark.parametrize(
    "gene", [Real("tiny", 1.0, 1.0 + 2**-52), Real("huge", 1e-308, 1.7e308, log=True)]
)
def test_extreme_ranges_are_survived(gene):
    rng = np.random.default_rng(0)
    for _ in range(100):
        decision = gene.sample(rng)
        assert gene.mutate(decision, rng) in gene
        assert gene.mutate(decision, rng) != decision


@pytest.mark.parametrize(
    ("gene", "wrong"),
    [
        (Categorical("c", (1, "a")), [True, 1.0, "b", None, [1]]),
        (Integer("i", 0, 4, step=2), [1, 6, -2, 2.0, True, "2", None]),
        (Real("r", 0.0, 1.0), [1.1, -0.1, float("nan"), True, "0.5", None]),
        (Real("g", 0.0, 1.0, step=0.25), [0.3, 2]),
    ],
)
def test_what_a_gene_does_not_allow(gene, wrong):
    for decision in wrong:
        assert decision not in gene


def test_a_continuous_gene_has_no_length():
    with pytest.raises(TypeError, match="continuous"):
        len(CONTINUOUS[0])
    with pytest.raises(TypeError, match="no grid"):
        CONTINUOUS[0].point(0)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("{_int_: {low: 2, high: 7, step: 2}}", "a whole number from 2 to 6 in steps of 2"),
        ("{_float_: {low: 0, high: 1, step: 0.3}}", "a number from 0.0 to 0.9 in steps of 0.3"),
    ],
)
def test_high_is_the_last_value_that_steps_reach(text, allowed):
    assert model_of(text).genes[0].allowed == allowed
