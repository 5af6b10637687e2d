"""Last layers, and heads with layers of their own."""

import torch
from torch import nn

from nas_hydra.evaluator.build import count_parameters
from nas_hydra.model.heads import Head, MultiHead, Perceptron

HIDDEN = {"width": 6, "dropout": 0.0}


def test_heads_computed_as_one_are_a_linear_layer_each():
    head, features = Head({"kind": 3, "price.eur": 1}, 5), torch.randn(4, 5)
    found = head(features)
    kind = nn.functional.linear(features, head.linear.weight[:3], head.linear.bias[:3])
    assert torch.allclose(found["kind"], kind, atol=1e-6)
    assert found["price.eur"].shape == (4, 1)


def test_without_a_name_there_is_one_output():
    assert Head(3)(torch.randn(4, 5)).shape == (4, 3)
    assert MultiHead(nn.LazyLinear(5), 5, [], 3)(torch.randn(4, 2)).shape == (4, 3)


def test_a_head_has_layers_of_its_own_and_shares_the_trunk():
    network = MultiHead(nn.Linear(2, 5), 5, [HIDDEN], {"kind": 3, "values": 1})
    trunk, hidden = 2 * 5 + 5, 5 * 6 + 6
    assert count_parameters(network) == trunk + 2 * hidden + (6 * 3 + 3) + (6 * 1 + 1)
    network(torch.randn(4, 2))["kind"].sum().backward()
    kind, values = network.heads
    assert network.trunk.weight.grad.abs().sum() > 0
    assert kind[-1].weight.grad.abs().sum() > 0
    assert values[-1].weight.grad is None


def test_a_perceptron_begins_with_a_relu():
    """What it reads is what a linear layer gave."""
    perceptron = Perceptron(5, [HIDDEN, HIDDEN], 2).eval()
    features = torch.randn(4, 5)
    assert torch.equal(perceptron(features), perceptron(features.relu()))
