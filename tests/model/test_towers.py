"""Networks of several inputs."""

import pytest
import torch
from torch import nn

from model.tables import sampled, table
from nas_hydra.app.space import build_space
from nas_hydra.compose import composed
from nas_hydra.config.instantiation import instantiate
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.meta_network import MetaNetwork
from nas_hydra.model.tabm import TabM
from nas_hydra.model.tabular import FlatTable
from nas_hydra.model.towers import FUSIONS, Gated, TwoTowers
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.space import space_picture
from picture.boxes import assert_readable

FACTS = "{image:{input_shape:[1,8,8]},table:{features:3,cardinalities:[3,5]}}"


def inputs(rows=6):
    return {"image": torch.randn(rows, 1, 8, 8), "table": table(rows)}


@pytest.fixture(scope="module")
def space():
    data = ["dataset=none", f"+dataset.inputs={FACTS}", "dataset.num_classes=2"]
    with composed(["search_space=two_towers", *data]) as config:
        return build_space(config)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_tower_and_fusion_has_its_say(fusion):
    towers = {"left": nn.Linear(3, 8), "right": nn.Linear(2, 8)}
    network = TwoTowers(towers, 8, fusion, [{"width": 6, "dropout": 0.0}], {"kind": 3, "size": 1})
    given = {"right": torch.randn(5, 2), "left": torch.randn(5, 3)}  # by name, in any order
    found = network(given)
    assert {head: tuple(output.shape) for head, output in found.items()} == {
        "kind": (5, 3),
        "size": (5, 1),
    }
    sum(output.square().sum() for output in found.values()).backward()
    assert all(tower.weight.grad.abs().sum() > 0 for tower in towers.values())


def test_a_gate_weights_towers_for_each_feature():
    gated, features = Gated(2, 4), torch.randn(5, 2, 4)
    assert gated(features.new_zeros(5, 2, 4)).abs().max() == 0
    low, high = features.tanh().amin(dim=1), features.tanh().amax(dim=1)
    assert ((gated(features) >= low) & (gated(features) <= high)).all()


def test_an_input_that_has_no_tower_or_a_tower_that_has_no_input():
    network = TwoTowers({"photo": nn.Linear(3, 4)}, 4, "concat", [], 1)
    rows = torch.randn(5, 3)
    assert network({"photo": rows, "facts": rows}).shape == (5, 1)
    with pytest.raises(ValueError, match="tower photo has no input; the inputs are scan, facts"):
        network({"scan": rows, "facts": rows})


def test_another_fusion_is_refused():
    with pytest.raises(ValueError, match="no fusion 'mean'; allowed: concat, sum, product, gated"):
        TwoTowers({"left": nn.Identity()}, 4, "mean", [], 1)


def test_candidates_are_counted_exported_and_drawn(space):
    assert_readable(space_picture(space, "two_towers", f"{space.size:,} candidates"))
    any_rows = torch.utils._pytree.tree_map(lambda _: {0: torch.export.Dim.DYNAMIC}, inputs())
    candidate = sampled(space, 1)[0]
    model = space.close(candidate)["model"]
    network = instantiate(model).eval()
    assert network(inputs()).shape == (6, 2)
    assert MetaNetwork(model, inputs(2)).params == count_parameters(network)
    program = torch.export.export(network, (inputs(2),), dynamic_shapes=(any_rows,))
    rows = inputs(5)
    assert torch.allclose(program.module()(rows), network(rows), atol=1e-5)
    assert_readable(candidate_picture(space, candidate, "two_towers"))


def test_an_ensemble_is_no_tower_since_it_answers_each_row_several_times():
    towers = {"left": nn.Linear(3, 8), "right": TabM(FlatTable(2, ()), 4, [], 8)}
    network = TwoTowers(towers, 8, "sum", [], 1)
    given = {"left": torch.randn(5, 3), "right": {"numbers": torch.randn(5, 2)}}
    assert network.eval()(given).shape == (5, 1)
    with pytest.raises(ValueError, match="the tower right gives 20 answers to 5 rows: an ensemble"):
        network.train()(given)
