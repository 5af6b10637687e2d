"""A closed config gives the network that Hydra would build of it."""

import random

import numpy as np
import pytest
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from torch import nn

from evaluator.candidates import convolutions, sequential
from nas_hydra.evaluator.build import constructed
from nas_hydra.evaluator.seeding import seeded

LINEAR = {"_target_": "torch.nn.Linear", "in_features": 4, "out_features": 3}
CONV = {"_target_": "torch.nn.Conv2d", "_args_": [1, 4], "kernel_size": [3, 3], "padding": "same"}
CLASS = {"_target_": "hydra.utils.get_class", "path": "torchvision.models.resnet.BasicBlock"}
RESNET = {
    "_target_": "torchvision.models.resnet.ResNet",
    **{"block": CLASS, "layers": [1, 1, 1, 1], "num_classes": 10},
}


class Holding(nn.Module):
    """Keeps its arguments, the second part made first."""

    def __init__(self, second: nn.Module, first: nn.Module, **rest: object) -> None:
        super().__init__()
        self.first, self.second, self.rest = first, second, rest


HOLDING = {
    "first": LINEAR,
    "_target_": f"{__name__}.Holding",
    "second": LINEAR,
    "table": {"a": [1, {"b": None}], "c": LINEAR},
    "act": {"_target_": "torch.nn.GELU", "_partial_": True, "approximate": "tanh"},
}


@pytest.mark.parametrize(
    "config",
    [
        sequential(CONV, {"_target_": "torch.nn.Flatten"}, LINEAR),
        convolutions(2, 8),
        RESNET,
        HOLDING,
        {**HOLDING, "_recursive_": False},
        {"_target_": "torchvision.models.squeezenet1_1", "num_classes": 7},
    ],
)
def test_it_is_the_network_that_hydra_builds(config):
    torch.manual_seed(0)
    ours = constructed(config)
    torch.manual_seed(0)
    hydras = instantiate(config, _convert_="all")
    assert repr(ours) == repr(hydras)
    lazy = nn.parameter.UninitializedParameter
    for one, other in zip(ours.parameters(), hydras.parameters(), strict=True):
        assert isinstance(one, lazy) or torch.equal(one, other)


def test_arguments_are_those_that_hydra_passes():
    ours, hydras = constructed(HOLDING).rest, instantiate(HOLDING, _convert_="all").rest
    assert ours["table"]["a"] == hydras["table"]["a"] == [1, {"b": None}]
    assert type(ours["table"]["c"]) is type(hydras["table"]["c"]) is nn.Linear
    assert ours["act"]().approximate == hydras["act"]().approximate == "tanh"


def test_lists_are_new_for_every_network():
    config = {**HOLDING, "list": [1, 2]}
    assert constructed(config).rest["list"] is not config["list"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"_target_": "torch.nn.Linear", "in_features": 4},
        {"_target_": "torch.nn.Lineer", "in_features": 4},
        {"_target_": "os.remove", "path": "nothing"},
        {"_target_": "builtins.dict", "values": {"_target_": "torch.nn.Conv2d"}},
    ],
)
def test_what_hydra_refuses_is_refused_in_its_words(wrong):
    with pytest.raises(InstantiationException) as hydras:
        instantiate(sequential(LINEAR, wrong), _convert_="all")
    with pytest.raises(InstantiationException) as ours:
        constructed(sequential(LINEAR, wrong))
    assert str(ours.value).splitlines()[0] == str(hydras.value).splitlines()[0]


def drawn() -> list[float]:
    return [torch.rand(1).item(), np.random.random(), random.random()]


def test_all_generators_are_seeded_for_a_while_and_put_back():
    with seeded(3):
        first = drawn()
    states = np.random.get_state()[1].copy(), random.getstate(), torch.get_rng_state()
    with pytest.raises(ValueError, match="broken"), seeded(3):  # noqa: PT012
        assert drawn() == first
        raise ValueError("broken")
    assert np.array_equal(np.random.get_state()[1], states[0])
    assert random.getstate() == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])
    with seeded(4):
        assert not set(drawn()) & set(first)
