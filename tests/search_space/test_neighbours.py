"""What is one decision away, how far apart candidates are, and how they are encoded."""

import math
from itertools import islice

import numpy as np
import pytest
from hypothesis import given

from nas_hydra.search_space import Hooks, Integer, Real
from nas_hydra.search_space.scale import default, difference, fraction, others
from search_space.spaces import (
    accepts,
    constrained_spaces,
    every_genotype,
    model_of,
    space_of,
    spaces,
)
from search_space.test_gene import CONTINUOUS, FINITE, ORDERED
from search_space.test_properties import sample, seeds, thorough

LAYERS = "[{_repeat_: {_int_: {low: 0, high: 4}}, _name_: n, _block_: {_choice_: [a, b, c]}}]"


def model_and_neighbours(space, model):
    """The closed models of the neighbours of the candidate with this model."""
    found = next(one for one in every_genotype(space) if space.close(one)["model"] == model)
    return [space.close(one)["model"] for one in space.neighbours(found)]


def test_a_copy_is_inserted_or_dropped_anywhere():
    near = model_and_neighbours(model_of(LAYERS), ["b", "c"])
    assert {"".join(model) for model in near} == {
        *("b", "c"),  # one less
        *("abc", "bac", "bca"),  # one more: the first option, at every position
        *("ac", "cc", "ba", "bb"),  # as many
    }
    assert len(near) == 9


def test_lists_that_share_their_count_change_together():
    space = space_of(
        "n: {_choice_: [1, 2, 3]}\nmodel: {a: [{_repeat_: '${search_space.n}', _block_:"
        " {_choice_: [1, 2, 3]}}], b: [{_repeat_: '${search_space.n}', _block_:"
        " {_choice_: [1, 2, 3]}}]}"
    )
    shorter = [
        (model["a"], model["b"])
        for model in model_and_neighbours(space, {"a": [1, 2, 3], "b": [3, 2, 1]})
        if len(model["a"]) < 3
    ]
    assert shorter == [([3], [1]), ([1], [3]), ([2, 3], [2, 1]), ([1, 3], [3, 1]), ([1, 2], [3, 2])]


def test_a_node_of_a_graph_leaves_with_its_row_and_its_column():
    space = space_of(
        "n: {_int_: {low: 1, high: 3}}\nmodel: [{_repeat_: '${search_space.n}', _block_:"
        " {row: [{_repeat_: '${search_space.n}', _block_: {_choice_: [0, 1]}}]}}]"
    )
    rows = [[0, 1, 1], [0, 0, 1], [1, 0, 1]]
    near = model_and_neighbours(space, [{"row": row} for row in rows])
    smaller = [[block["row"] for block in model] for model in near if len(model) == 2]
    assert smaller == [[[0, 1], [0, 1]], [[0, 1], [1, 1]], [[0, 1], [0, 0]]]


def test_what_becomes_active_takes_its_default():
    space = model_of(
        "{_name_: k, _choice_: {plain: 1, deep: {n: {_int_: {low: 1, high: 9}},"
        " f: {_choice_: [x, y]}, r: {_float_: {low: 0.01, high: 1, log: true}}}}}"
    )
    (other,) = space.neighbours(space.genotype({"k": "plain"}))
    model = space.close(other)["model"]
    assert (model["n"], model["f"]) == (5, "x")
    assert model["r"] == pytest.approx(0.1)


@pytest.mark.parametrize("gene", [*FINITE, *ORDERED], ids=lambda gene: gene.name)
def test_neighbouring_decisions_are_allowed_and_others(gene):
    rng = np.random.default_rng(0)
    assert default(gene) in gene
    for _ in range(50):
        decision = gene.sample(rng)
        near = list(others(gene, decision))
        assert near
        assert all(other in gene and other != decision for other in near)
        assert len(set(near)) == len(near)
        if gene in FINITE:
            assert len(near) == len(gene) - 1


def test_long_ranges_have_near_neighbours_only():
    assert set(others(Integer("i", 0, 1000), 500)) == {
        500 + s * n for n in (1, 2, 4, 8) for s in (-1, 1)
    }
    assert set(others(Integer("i", 0, 1000), 0)) == {1, 2, 4, 8}


@thorough
@given(constrained_spaces(), seeds)
def test_neighbours_are_distinct_feasible_and_another(space, seed):
    start = space.walk(lambda gene: gene.sample(np.random.default_rng(seed)))
    keys = [start.key]
    for other in islice(space.neighbours(start), 30):
        assert space.genotype(dict(other)).key == other.key
        assert accepts(space.close(other))
        assert space.distance(start, other) > 0
        if set(start) == set(other):
            assert sum(start[name] != other[name] for name in start) == 1
        keys.append(other.key)
    assert len(set(keys)) == len(keys)


@pytest.mark.long
@thorough
@given(spaces(finite=True, depth=2), seeds)
def test_neighbours_with_the_same_genes_are_mutual(space, seed):
    start = sample(space, seed)
    for other in islice(space.neighbours(start), 10):
        if set(start) == set(other):
            assert start.key in {back.key for back in space.neighbours(other)}


@thorough
@given(spaces(finite=True, depth=2), seeds)
def test_whatever_differs_in_one_label_is_a_neighbour(space, seed):
    if space.size > 300:
        return
    start = sample(space, seed)
    near = {other.key for other in space.neighbours(start)} | {start.key}
    for other in every_genotype(space):
        different = [name for name in start if name in other and start[name] != other[name]]
        if set(start) == set(other) and len(different) == 1:
            gene = space.places[different[0]].gene
            assert other.key in near or isinstance(gene, Integer)


@thorough
@given(spaces(), seeds)
def test_distance_is_a_metric(space, seed):
    one, other, third = (sample(space, seed + i) for i in range(3))
    assert space.distance(one, one) == 0
    assert space.distance(one, other) == space.distance(other, one) >= 0
    assert (space.distance(one, other) == 0) == (dict(one) == dict(other))
    around = space.distance(one, third) + space.distance(third, other)
    assert space.distance(one, other) <= around + 1e-9
    assert space.distance(one, other) <= len(set(one) | set(other))


def test_distances_are_told_by_kind():
    space = model_of(
        "{c: {_choice_: [a, b, c], _name_: c}, i: {_int_: {low: 0, high: 8}, _name_: i},"
        " r: {_float_: {low: 0.001, high: 1, log: true}, _name_: r},"
        " l: [{_repeat_: {_choice_: [0, 1], _name_: n}, _block_: {_choice_: [1, 2], _name_: k}}]}"
    )
    start = {"c": "a", "i": 2, "r": 0.01, "n": 0}
    assert space.distance(start, {**start, "c": "c"}) == 1
    assert space.distance(start, {**start, "i": 4}) == 0.25
    assert space.distance(start, {**start, "r": 0.1}) == pytest.approx(1 / 3)
    assert space.distance(start, {**start, "n": 1, "k[0]": 2}) == 2


def test_decisions_that_rounding_makes_equal_are_apart():
    gene = Real("r", 0.0, 1e308)
    assert difference(gene, 1e-300, 2e-300) > 0
    assert difference(gene, 0.0, 1e308) == 1


@thorough
@given(spaces(), seeds)
def test_encodings_are_equal_if_and_only_if_decisions_are(space, seed):
    drawn = [sample(space, seed + i) for i in range(6)]
    encoded = [space.encode(one) for one in drawn]
    for one, its in zip(drawn, encoded, strict=True):
        assert its.values.dtype == np.float64
        assert its.mask.dtype == bool
        assert its.values.shape == its.mask.shape == encoded[0].values.shape
        assert ((its.values >= 0) & (its.values <= 1)).all()
        assert (its.values[~its.mask] == 0).all()
        for other, another in zip(drawn, encoded, strict=True):
            same = np.array_equal(its.values, another.values) and np.array_equal(
                its.mask, another.mask
            )
            assert same == (dict(one) == dict(other))


def test_an_encoding_reads_like_the_config():
    space = model_of(
        "{c: {_choice_: [a, b, c], _name_: c}, i: {_int_: {low: 0, high: 8}, _name_: i},"
        " l: [{_repeat_: {_int_: {low: 0, high: 1}, _name_: n}, _block_:"
        " {_float_: {low: 1, high: 100, log: true}, _name_: r}}]}"
    )
    empty = space.encode({"c": "b", "i": 2, "n": 0})
    assert list(empty.values) == [0, 1, 0, 0.25, 0, 0]
    assert list(empty.mask) == [True] * 5 + [False]
    full = space.encode({"c": "b", "i": 2, "n": 1, "r[0]": 10.0})
    assert list(full.values) == [0, 1, 0, 0.25, 1, 0.5]
    assert full.mask.all()


def test_graph_features_stand_behind_the_genes():
    plain = model_of("{_choice_: [2, 3], _name_: n}")
    plain.hooks = Hooks(encoder=lambda model: {"ten": [model * 10], "rest": [-1, 5]})
    found = plain.encode({"n": 3})
    assert list(found.values) == [0, 1, 30, -1, 5]
    assert list(found.mask) == [True] * 5
    assert found.genes == {"n": slice(0, 2)}
    assert found.views == {"ten": slice(2, 3), "rest": slice(3, 5)}


@pytest.mark.parametrize("gene", CONTINUOUS, ids=lambda gene: gene.name)
def test_fractions_run_from_0_to_1(gene):
    assert fraction(gene, gene.low) == 0
    assert fraction(gene, gene.high) == 1
    assert math.isclose(fraction(gene, default(gene)), 0.5)
