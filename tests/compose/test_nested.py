"""Spaces that stand in others."""

from pathlib import Path

import pytest
from numpy.random import default_rng
from omegaconf import OmegaConf

from nas_hydra.app.space import build_space
from nas_hydra.compose import composed

IMAGES = ("dataset=none", "dataset.input_shape=[1,8,8]", "+task.outputs={kind:3,size:1}")
TRUNK = "search_space@search_space.trunk"


def closed(*overrides, seed=0):
    with composed([*IMAGES, *overrides]) as config:
        space = build_space(config)
    return space, space.close(space.sample(default_rng(seed)))["model"]


@pytest.mark.parametrize("trunk", ["mlp", "conv_net", "vit", "resnet", "nasbench201"])
def test_any_space_gives_the_trunk_as_many_numbers_as_the_space_around_it_asks_for(trunk):
    space, model = closed("search_space=multi_head", f"{TRUNK}={trunk}", "search_space.width=48")
    inner, alone = closed(f"search_space={trunk}", "task.outputs=48")
    assert model["outputs"] == {"kind": 3, "size": 1}
    assert model["trunk"]["_target_"] == alone["_target_"]
    heads = 1 + 12 + 12**2
    assert space.size == heads * inner.size
    names = {gene.name for gene in space.genes}
    assert {f"trunk_{gene.name}" for gene in inner.genes} <= names


def test_constraints_come_with_the_space_that_has_them():
    space, _ = closed("search_space=multi_head", f"{TRUNK}=vit")
    for seed in range(20):
        trunk = space.close(space.sample(default_rng(seed)))["model"]["trunk"]
        assert trunk["width"] % trunk["heads"] == 0
        assert 8 % trunk["patch_size"] == 0
    assert space.rejected


def test_a_tower_is_for_the_input_of_its_name():
    inputs = "+dataset.inputs={image:{input_shape:[3,8,8]},table:{features:2,cardinalities:[4]}}"
    _, model = closed(
        "search_space=two_towers",
        inputs,
        "search_space@search_space.towers.image=resnet",
        "search_space.width=16",
    )
    assert (model["towers"]["image"]["in_channels"], model["width"]) == (3, 16)
    assert model["towers"]["table"]["table"]["cardinalities"] == [4]


def test_what_is_no_space_of_ours_stays_as_it_is():
    Path("mine/search_space/part").mkdir(parents=True)
    Path("mine/search_space/part/wide.yaml").write_text("out: ${search_space.wide}\n")
    words = ["+search_space/part=wide", "+search_space.wide=7", *IMAGES]
    with composed(words, [Path("mine")]) as config:
        assert OmegaConf.select(config, "search_space.part.out") == 7
