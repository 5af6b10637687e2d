"""The founders of a search."""

import numpy
import pytest
from omegaconf import OmegaConf

from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy.design import LatinHypercube, RandomDesign
from nas_hydra.testing.strategy import PARTS, varied_space


def founders(design, space, size):
    return [design(space, size, numpy.random.default_rng((1, i))) for i in range(size)]


def test_every_label_is_taken_equally_often():
    model = {f"edge_{i}": {"_choice_": ["a", "b", "c", "d", "e"]} for i in range(6)}
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    drawn = founders(LatinHypercube(), space, 5)
    for gene in space.genes:
        assert sorted(genotype[gene.name] for genotype in drawn) == ["a", "b", "c", "d", "e"]


def test_numbers_are_spread_over_their_range():
    model = {
        "share": {"_float_": {"low": 0.0, "high": 1.0}},
        "rate": {"_float_": {"low": 0.0001, "high": 1.0, "log": True}},
        "width": {"_int_": {"low": 1, "high": 80}},
    }
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    drawn = founders(LatinHypercube(), space, 8)
    assert sorted(int(8 * one["model.share"]) for one in drawn) == list(range(8))
    assert sorted(int(2 * (numpy.log10(one["model.rate"]) + 4)) for one in drawn) == list(range(8))
    assert sorted((one["model.width"] - 1) // 10 for one in drawn) == list(range(8))


@pytest.mark.parametrize("design", [LatinHypercube, RandomDesign])
def test_founders_of_a_conditional_space_are_members(design):
    space = varied_space()
    for genotype in founders(design(), space, 12):
        assert space.genotype(genotype).key == genotype.key
