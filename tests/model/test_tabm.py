"""Ensembles that share their weights."""

import torch
from torch.nn.functional import cross_entropy

from model.tables import table
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.model.tabm import BatchEnsembleLinear, TabM
from nas_hydra.model.tabular import FlatTable
from nas_hydra.task.members import per_answer


def network(members=4, outputs=3):
    return TabM(FlatTable(3, [3, 5]), members, [{"width": 16, "dropout": 0.0}] * 2, outputs)


def test_in_training_each_member_answers_and_their_mean_is_the_evaluations():
    ensemble = network()
    answers = ensemble.train()(table()).unflatten(0, (4, 6))
    assert torch.allclose(ensemble.eval()(table()), answers.mean(dim=0), atol=1e-6)
    assert not torch.allclose(answers[0], answers[1])


def test_heads_have_the_rows_of_every_member():
    shapes = {
        head: tuple(output.shape)
        for head, output in network(outputs={"kind": 3, "price": 1}).train()(table()).items()
    }
    assert shapes == {"kind": (24, 3), "price": (24, 1)}


def test_members_learn_by_losses_of_their_own():
    """By the loss of their mean, one that is wrong learns little where the others are right."""
    ensemble, target = network().train(), torch.tensor([0, 1, 2, 0, 1, 2])
    optimizer = torch.optim.Adam(ensemble.parameters(), 0.02)
    for _ in range(150):
        output = ensemble(table())
        optimizer.zero_grad()
        cross_entropy(output, per_answer(target, output)).backward()
        optimizer.step()
    for member in ensemble(table()).unflatten(0, (4, 6)):
        assert member.argmax(dim=1).equal(target)


def test_a_member_costs_scales_a_bias_and_a_last_layer():
    more = count_parameters(network(5)) - count_parameters(network(4))
    first = 11 + (11 + 16 + 16)  # signs, and the scales and the bias of the first layer
    assert more == first + (16 + 16 + 16) + (16 * 3 + 3)


def test_a_member_is_a_linear_layer_of_scaled_weights():
    layer = BatchEnsembleLinear(2, 4, 3)
    torch.nn.init.normal_(layer.scale_in)
    torch.nn.init.normal_(layer.scale_out)
    features = torch.randn(5, 4)
    weight = layer.scale_out[1].unsqueeze(1) * layer.shared.weight * layer.scale_in[1]
    expected = torch.nn.functional.linear(features, weight, layer.bias[1])
    found = layer(features.unsqueeze(1).expand(-1, 2, -1))[:, 1]
    assert torch.allclose(found, expected, atol=1e-6)
