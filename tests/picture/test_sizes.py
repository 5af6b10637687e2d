"""The sizes of layers: those of the network that is trained, and nobody's trouble."""

import pytest
import torch
from hydra.utils import instantiate

from nas_hydra.evaluator.build import count_parameters
from nas_hydra.picture.sizes import LayerSize, layer_sizes
from nas_hydra.search_space.sharing import tied

IMAGES = {"input_shape": [3, 8, 8]}
CONV = {
    "_target_": "torch.nn.Sequential",
    "_args_": [
        {"_target_": "torch.nn.Conv2d", "_args_": [3, 4, 3], "padding": 1},
        {"_target_": "torch.nn.Flatten"},
        {"_target_": "torch.nn.LazyLinear", "out_features": 10},
    ],
}


class TwoHeads(torch.nn.Linear):
    """Gives no tensor."""

    def forward(self, inputs):
        return super().forward(inputs), inputs


class ReadsValues(torch.nn.Linear):
    """Cannot be passed without values."""

    def forward(self, inputs):
        return super().forward(inputs) if float(inputs.sum()) > 0 else inputs


def test_every_component_has_its_parameters_and_the_shape_of_its_output():
    network = instantiate(CONV)
    network(torch.zeros(2, 3, 8, 8))
    assert layer_sizes({"model": CONV, "dataset": IMAGES}) == {
        "": LayerSize(count_parameters(network), (10,)),
        "_args_.0": LayerSize(112, (4, 8, 8)),
        "_args_.1": LayerSize(0, (256,)),
        "_args_.2": LayerSize(2570, (10,)),
    }


def test_without_inputs_parameters_are_known_but_those_of_lazy_layers():
    sizes = layer_sizes({"model": CONV})
    assert sizes == {"_args_.0": LayerSize(112, None), "_args_.1": LayerSize(0, None)}


def test_a_shared_layer_is_one():
    linear = {"_target_": "torch.nn.Linear", "_args_": [8, 8], "_share_": "one"}
    model = {"_target_": "torch.nn.Sequential", "_args_": [linear, linear]}
    sizes = layer_sizes({"model": tied(model), "dataset": {"input_shape": [3, 8, 8]}})
    assert sizes[""] == sizes["_args_.1"] == LayerSize(72, (3, 8, 8))


@pytest.mark.parametrize("kind", ["TwoHeads", "ReadsValues"])
def test_what_gives_no_tensor_or_cannot_be_passed_has_no_shape(kind):
    model = {"_target_": f"{__name__}.{kind}", "_args_": [8, 2]}
    assert layer_sizes({"model": model, "dataset": IMAGES}) == {"": LayerSize(18, None)}


@pytest.mark.parametrize(
    "closed",
    [
        {},
        {"model": {"_target_": "no.such.Layer"}},
        {"model": {"_target_": "torch.nn.Linear"}},
        {"model": {"_target_": "builtins.dict"}},
        {"model": 3},
    ],
)
def test_what_cannot_be_built_is_not_known_and_nothing_is_raised(closed):
    assert layer_sizes(closed) == {}


def test_random_numbers_go_on_as_if_nothing_had_been():
    torch.manual_seed(0)
    wanted = torch.rand(1)
    torch.manual_seed(0)
    layer_sizes({"model": CONV, "dataset": IMAGES})
    assert torch.rand(1) == wanted
