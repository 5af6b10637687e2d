"""A closed config gives what Hydra's ``instantiate`` makes of it."""

from functools import partial

import pytest
import torch
from hydra.utils import instantiate as hydras
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import DictConfig, ListConfig, OmegaConf
from torch import nn

from evaluator.candidates import convolutions, sequential
from nas_hydra.config.instantiation import TargetError, instantiate

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
    ours = instantiate(config)
    torch.manual_seed(0)
    theirs = hydras(config, _convert_="all")
    assert repr(ours) == repr(theirs)
    lazy = nn.parameter.UninitializedParameter
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert isinstance(one, lazy) or torch.equal(one, other)


def test_arguments_are_those_that_hydra_passes():
    ours, theirs = instantiate(HOLDING).rest, hydras(HOLDING, _convert_="all").rest
    assert ours["table"]["a"] == theirs["table"]["a"] == [1, {"b": None}]
    assert type(ours["table"]["c"]) is type(theirs["table"]["c"]) is nn.Linear
    assert ours["act"]().approximate == theirs["act"]().approximate == "tanh"


def test_lists_are_new_for_every_network():
    config = {**HOLDING, "list": [1, 2]}
    assert instantiate(config).rest["list"] is not config["list"]


@pytest.mark.parametrize(
    ("wrong", "target", "place"),
    [
        ({"_target_": "torch.nn.Linear", "in_features": 4}, "torch.nn.modules.linear.Linear", ""),
        ({"_target_": "torch.nn.Lineer", "in_features": 4}, "torch.nn.Lineer", ""),
        (
            {"_target_": "builtins.dict", "values": {"_target_": "torch.nn.Conv2d"}},
            "torch.nn.modules.conv.Conv2d",
            ".values",
        ),
    ],
)
def test_the_innermost_that_refuses_is_named(wrong, target, place):
    with pytest.raises(TargetError) as caught:
        instantiate(sequential(LINEAR, wrong))
    assert (caught.value.target, caught.value.place) == (target, f"_args_.1{place}")


class Made:
    """Keeps what it was called with."""

    def __init__(self, *args: object, **named: object) -> None:
        self.args, self.named = args, named

    @staticmethod
    def method(**named: object) -> "Made":
        return Made("method", **named)

    @classmethod
    def of(cls, *args: object) -> dict:
        return {"of": cls(*args)}


TARGETS = [f"{__name__}.{name}" for name in ("Made", "Made.method", "Made.of", "container")]
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.sampled_from("ab")
NAMES = st.sampled_from(["a", "b", "c"])


def container(**named: object) -> DictConfig:
    """A config of OmegaConf's, made on the way."""
    return OmegaConf.create({"made": 1})


def grown(parts):
    """Lists, mappings and components of these parts."""
    steering = {
        "_partial_": st.booleans(),
        "_recursive_": st.booleans(),
        "_convert_": st.sampled_from(["none", "partial", "object", "all"]),
    }
    named = st.fixed_dictionaries(
        {"_target_": st.sampled_from(TARGETS[:2] + TARGETS[3:])},
        optional={**steering, "a": parts, "b": parts},
    )
    listed = st.fixed_dictionaries(
        {"_target_": st.sampled_from([TARGETS[0], TARGETS[2]]), "_args_": st.lists(parts)},
        optional=steering,
    )
    return st.lists(parts, max_size=3) | st.dictionaries(NAMES, parts) | named | listed


def plainly(made):
    """Something that was made, as values that can be compared, kinds of containers included."""
    if isinstance(made, Made):
        return "Made", plainly(made.args), plainly(made.named)
    if isinstance(made, partial):
        return "partial", made.func, plainly(made.args), plainly(made.keywords)
    if isinstance(made, DictConfig | dict):
        kind = "dict" if isinstance(made, dict) else "DictConfig"
        return kind, {key: plainly(made[key]) for key in made}
    if isinstance(made, ListConfig | list | tuple):
        kind = "ListConfig" if isinstance(made, ListConfig) else "list"
        return kind, [plainly(part) for part in made]
    return made


@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_any_config_gives_what_hydra_makes(config):
    ours, theirs = instantiate(config), hydras({"a": config}, _convert_="all")["a"]
    assert plainly(ours) == plainly(theirs)


def test_what_is_provided_arrives_as_it_is_and_calls_even_a_partial():
    given = object()
    made = instantiate({"_target_": TARGETS[0], "_partial_": True, "a": 1, "b": 2}, b=given)
    assert made.named == {"a": 1, "b": given}


def test_missing_arguments_of_a_partial_are_left_for_its_call():
    config = {"_target_": TARGETS[0], "_partial_": True, "a": "???", "b": 1}
    assert instantiate(config)(a=2).named == hydras(config)(a=2).named == {"a": 2, "b": 1}


def test_what_is_called_may_change_what_it_got():
    config = {"_target_": TARGETS[0], "_recursive_": False, "a": {"_target_": "x", "b": [1]}}
    made = instantiate(config)
    made.named["a"]["b"].append(2)
    assert config["a"]["b"] == [1]


def test_tuples_stay_what_they_are():
    assert instantiate({"_target_": TARGETS[0], "a": (1, {"b": (2,)})}).named["a"] == (
        1, {"b": (2,)}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("config", "target", "place"),
    [
        ({"_target_": "os.remove", "path": "x"}, "os.remove", ""),
        ({"_target_": "os.path.os.remove", "path": "x"}, "os.path.os.remove", ""),
        ({"a": {"_target_": "builtins.eval", "_args_": ["1"]}}, "builtins.eval", "a"),
        ({"a": [{"_target_": "torch.nn"}]}, "torch.nn", "a.0"),
        ({"_target_": None}, "None", ""),
        ({"_target_": TARGETS[0], "a": {"_target_": "nowhere.X"}}, "nowhere.X", "a"),
    ],
)
def test_what_cannot_be_called_is_named(config, target, place):
    with pytest.raises(TargetError) as caught:
        instantiate(config)
    assert (caught.value.target, caught.value.place) == (target, place)
