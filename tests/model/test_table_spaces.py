"""What every space of networks for tables has to do, whatever its candidates."""

import onnxruntime
import pytest
import torch

from model.tables import CARDINALITIES, SPACES, network_of, sampled, space_of, table
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.meta_network import MetaNetwork
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.picture.space import space_picture
from picture.boxes import assert_readable

ANY_ROWS = {"numbers": {0: torch.export.Dim.DYNAMIC}, "categories": {0: torch.export.Dim.DYNAMIC}}


@pytest.mark.parametrize("name", SPACES)
def test_every_column_matters_and_is_learnt_from(name):
    rows = table()
    for candidate in sampled(space_of(name), 2):
        network = network_of(space_of(name), candidate)
        numbers = rows["numbers"].clone().requires_grad_()
        network({**rows, "numbers": numbers}).square().sum().backward()
        assert (numbers.grad.abs().sum(dim=0) > 0).all()
        network.eval()
        other = {**rows, "categories": (rows["categories"] + 1) % torch.tensor(CARDINALITIES)}
        assert network(rows).shape == (6, 2)
        assert not torch.allclose(network(rows), network(other))


@pytest.mark.parametrize(("features", "cardinalities"), [(4, ()), (0, (3, 4))])
@pytest.mark.parametrize("name", SPACES)
def test_a_kind_of_columns_may_be_absent(name, features, cardinalities):
    space = space_of(name, features, cardinalities)
    rows = table(6, features, cardinalities)
    for candidate in sampled(space, 2):
        assert network_of(space, candidate).eval()(rows).shape == (6, 2)


def test_what_works_on_absent_columns_makes_no_other_candidate():
    """Without a column of categories, for one, the width of their vectors decides nothing."""
    numbers, both = space_of("tab_mlp", 4, ()), space_of("tab_mlp")
    candidate = {**sampled(both, 1)[0], "category_width": 4}
    other = {**candidate, "category_width": None}
    assert numbers.genotype(candidate).key == numbers.genotype(other).key
    assert both.genotype(candidate).key != both.genotype(other).key


@pytest.mark.parametrize("name", SPACES)
def test_several_heads_have_an_output_each(name):
    space = space_of(name, outputs="{kind:3,price.eur:1}")
    network = network_of(space, sampled(space, 1)[0]).eval()
    shapes = {head: tuple(output.shape) for head, output in network(table()).items()}
    assert shapes == {"kind": (6, 3), "price.eur": (6, 1)}


@pytest.mark.parametrize("name", SPACES)
def test_it_is_counted_without_weights(name):
    space = space_of(name)
    for candidate in sampled(space, 2):
        counted = MetaNetwork(space.close(candidate)["model"], table(2))
        network = network_of(space, candidate).eval()
        network(table())
        assert counted.params == count_parameters(network)
        assert counted.flops > 2 * counted.params / 3  # most weights are of a product


@pytest.mark.parametrize("name", SPACES)
def test_it_is_exported_for_any_number_of_rows(name):
    space = space_of(name, outputs="{kind:3,price:1}")
    network = network_of(space, sampled(space, 1)[0]).eval()
    network(table())
    program = torch.export.export(network, (table(2),), dynamic_shapes=(ANY_ROWS,))
    found, expected = program.module()(table(5)), network(table(5))
    for head in expected:
        assert torch.allclose(found[head], expected[head], atol=1e-5)


@pytest.mark.long
@pytest.mark.parametrize("name", SPACES)
def test_onnx_computes_the_same(name, tmp_path):
    space = space_of(name)
    for candidate in sampled(space, 3):
        network = network_of(space, candidate).eval()
        network(table())
        program = torch.export.export(network, (table(2),), dynamic_shapes=(ANY_ROWS,))
        torch.onnx.export(program, dynamo=True, verbose=False).save(tmp_path / "model.onnx")
        session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
        given = {
            one.name: part
            for one, part in zip(session.get_inputs(), table(5).values(), strict=True)
        }
        (found,) = session.run(None, {key: part.numpy() for key, part in given.items()})
        assert torch.allclose(torch.from_numpy(found), network(table(5)), atol=1e-5)


@pytest.mark.parametrize("name", SPACES)
def test_its_pictures_can_be_read(name):
    space = space_of(name)
    assert_readable(space_picture(space, name, f"{space.size:,} candidates"))
    for candidate in sampled(space, 2):
        sizes = layer_sizes(space.close(candidate))
        assert_readable(candidate_picture(space, candidate, name, sizes))
