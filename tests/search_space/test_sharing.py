"""A module with a ``_share_`` is one module wherever it stands."""

import hydra
import pytest
import torch
from numpy.random import default_rng
from omegaconf import OmegaConf

from nas_hydra.app.space import check_components
from nas_hydra.config.component import build
from nas_hydra.constraint import Candidate
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.base import seeded
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.formats import svg
from nas_hydra.search_space import SearchSpace
from networks import built

LAYER = """
layer:
  _target_: torch.nn.Linear
  in_features: 64
  out_features: 64
  bias: {_choice_: [true, false], _name_: bias}
  _share_: true
"""
SPACE = f"""{LAYER}
model:
  _target_: torch.nn.Sequential
  _args_:
    - {{_target_: torch.nn.Flatten}}
    - ${{search_space.layer}}
    - _repeat_: {{_int_: {{low: 1, high: 3}}, _name_: depth}}
      _block_:
        _target_: torch.nn.Sequential
        _args_:
          - {{_target_: torch.nn.LazyLinear, out_features: 64, _share_: again}}
          - {{_target_: torch.nn.Dropout, p: {{_choice_: [0.0, 0.5], _name_: p}}}}
    - ${{search_space.layer}}
    - {{_target_: torch.nn.LazyLinear, out_features: 10}}
"""
OUTER = """
outer:
  _target_: torch.nn.Sequential
  _args_: ["${search_space.layer}", {_target_: torch.nn.ReLU}, "${search_space.layer}"]
  _share_: outer
model:
  _target_: torch.nn.Sequential
  _args_:
    - {_target_: torch.nn.Flatten}
    - ${search_space.outer}
    - ${search_space.outer}
    - ${search_space.layer}
    - {_target_: torch.nn.Linear, in_features: 64, out_features: 10}
"""


def space_of(text: str) -> SearchSpace:
    return SearchSpace(
        OmegaConf.create({"search_space": OmegaConf.create(text)}),
        {"model": ("search_space", "model")},
    )


def made(model) -> torch.nn.Module:
    with seeded(0):
        return built(model, (1, 8, 8))


def test_it_is_one_module_with_its_weights_counted_once():
    space = space_of(SPACE)
    closed = space.close({"bias": True, "depth": 2, "p[0]": 0.0, "p[1]": 0.5})
    check_components(space.parts.values())
    network = made(closed["model"])
    assert network[1] is network[4]
    assert network[2][0] is network[3][0]
    assert network[2] is not network[3]
    once = 2 * (64 * 64 + 64) + 64 * 10 + 10
    config = {**closed, "dataset": {"input_shape": [1, 8, 8], "num_classes": 10}}
    assert count_parameters(network) == Candidate(config).params == once
    assert Candidate(config).flops == 2 * (4 * 64 * 64 + 64 * 10)
    other = made(closed["model"])
    assert other[1] is not network[1]
    assert torch.equal(other[1].weight, network[1].weight)


@pytest.mark.parametrize("text", [SPACE, LAYER + OUTER])
def test_hydra_alone_builds_the_same_from_the_closed_config(text):
    space = space_of(text)
    closed = space.close(space.sample(default_rng(0)))
    read = OmegaConf.create(OmegaConf.to_yaml(OmegaConf.create(closed)))
    one, other = hydra.utils.instantiate(read.model), build(closed["model"], "model")
    assert [*one.state_dict()] == [*other.state_dict()] == [*made(closed["model"]).state_dict()]
    for network in (one, other):
        names = [name for name, _ in network.named_modules(remove_duplicate=False)]
        assert len({*network.modules()}) < len(names)
    one.load_state_dict(made(closed["model"]).state_dict())
    assert hydra.utils.instantiate(read.model)[1] is not one[1]


def test_modules_may_be_shared_within_shared_ones():
    network = made(space_of(LAYER + OUTER).close({"bias": False})["model"])
    assert network[1] is network[2]
    assert network[1][0] is network[1][2] is network[3]
    assert count_parameters(network) == 64 * 64 + 650


def test_without_it_a_module_that_is_named_twice_is_two_layers():
    plain = space_of(
        SPACE.replace("_share_: true", "_share_: false").replace(", _share_: again", "")
    )
    closed = plain.close({"bias": True, "depth": 1, "p[0]": 0.0})
    assert closed["model"]["_target_"] == "torch.nn.Sequential"
    assert "_share_" not in str(closed)
    network = made(closed["model"])
    assert network[1] is not network[3]
    assert count_parameters(network) == 3 * (64 * 64 + 64) + 650


def test_it_is_another_candidate_than_without():
    decisions = {"bias": True, "depth": 1, "p[0]": 0.0}
    keys = {
        space_of(SPACE.replace("_share_: true", f"_share_: {share}")).genotype(decisions).key
        for share in ("true", "false", "one")
    }
    assert len(keys) == 3


def test_a_picture_says_what_is_shared():
    drawn = svg(candidate_picture(space_of(LAYER + OUTER), {"bias": False}))
    assert "shared as" in drawn
    assert "tied" not in drawn


MODEL = """
model:
  _target_: torch.nn.Sequential
  _args_:
    - {_target_: torch.nn.LazyLinear, out_features: 64, _share_: a}
    - %s
"""


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        (
            "{_target_: torch.nn.LazyLinear, out_features: 32, _share_: a}",
            r"_args_\.1\._share_: is 'a', as at model\._args_\.0, but what stands there differs",
        ),
        (
            "{_target_: torch.nn.ReLU, _share_: 3}",
            r"_share_: is 3; allowed: true, false, or a name",
        ),
        ("{_target_: torch.nn.ReLU, _share_: ''}", r"_share_: is ''; allowed"),
        ("{_target_: torch.nn.ReLU, _share_: '${search_space.x}'}", "allowed: true, false"),
        ("{inplace: true, _share_: a}", "_share_: means nothing here"),
        ("{_target_: torch.nn.ReLU, _partial_: true, _share_: b}", "stands beside _partial_"),
        (
            "{_repeat_: 2, _block_: {_target_: torch.nn.ReLU, x: {_choice_: [0, 1]}, _share_: b}}",
            "is decided by each copy of its _block_, and stands in a module with _share_",
        ),
    ],
)
def test_mistakes(element, problem):
    with pytest.raises(ConfigError, match=problem):
        space_of("x: b\n" + MODEL % element).sample(default_rng(0))


def test_copies_that_are_decided_once_may_share():
    block = "{_target_: torch.nn.Dropout, p: {_choice_: [0.0, 0.5], _name_: p}, _share_: b}"
    space = space_of(MODEL % f"{{_repeat_: 2, _share_: true, _block_: {block}}}")
    assert [gene.name for gene in space.genes] == ["p"]
    assert space.close({"p": 0.5})["model"]["model"]["_args_"][2]["_share_"] == "b"


def test_only_modules_of_the_model_are_shared():
    config = OmegaConf.create(
        {
            "search_space": {"model": {"_target_": "torch.nn.Identity"}},
            "dataset": {"augment": {"_target_": "torch.nn.Identity", "_share_": "a"}},
        }
    )
    parts = {"model": ("search_space", "model"), "dataset": ("dataset",)}
    with pytest.raises(ConfigError, match=r"dataset\.augment\._share_: is 'a'; only modules of"):
        SearchSpace(config, parts).sample(default_rng(0))
