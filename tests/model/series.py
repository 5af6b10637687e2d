"""Shared by the tests of networks for series: what each has to do with them."""

import torch
from torch import nn
from torch.export import Dim

from nas_hydra.export.onnx import _converted
from nas_hydra.export.torch_export import exported

ROWS = 2


def ragged(channels: int, length: int = 24, rows: int = ROWS) -> dict[str, torch.Tensor]:
    """Series of unequal length; the last one has all steps."""
    mask = torch.arange(length) < torch.linspace(length // 2, length, rows).long()[:, None]
    return {"series": torch.randn(rows, channels, length) * mask[:, None], "mask": mask}


def settled(network: nn.Module, inputs) -> nn.Module:
    """A network in evaluation mode, whose norms have seen numbers."""
    with torch.no_grad():
        network.train()(inputs)
    return network.eval()


def assert_what_is_padded_counts_nowhere(network: nn.Module, channels: int) -> None:
    """Other numbers after the ends, and a mask that leaves nothing out: the same logits."""
    inputs = ragged(channels)
    settled(network, inputs)
    logits = network(inputs)
    whole = {"series": inputs["series"][-1:], "mask": inputs["mask"][-1:]}
    torch.testing.assert_close(network(whole), logits[-1:])
    torch.testing.assert_close(network(whole["series"]), logits[-1:])
    alone = {"series": inputs["series"][:1], "mask": inputs["mask"][:1]}
    torch.testing.assert_close(network(alone), logits[:1])


def assert_a_program_takes_any_number_of_rows(network: nn.Module, channels: int) -> None:
    """Exported by torch with a mask or without: the same logits."""
    inputs, many = ragged(channels), ragged(channels, rows=5)
    for given, more in ((inputs, many), (inputs["series"], many["series"])):
        settled(network, given)
        program = exported(network, given).module()
        torch.testing.assert_close(program(more).detach(), network(more).detach())


def assert_a_program_takes_any_length(network: nn.Module, channels: int, least: int = 2) -> None:
    """Exported by torch for so many steps or more: the same logits for others."""
    inputs, longer = ragged(channels), ragged(channels, length=31, rows=3)
    settled(network, inputs)
    rows, steps = Dim("rows", min=1), Dim("steps", min=least)
    shapes = {"series": {0: rows, 2: steps}, "mask": {0: rows, 1: steps}}
    program = torch.export.export(network, (inputs,), dynamic_shapes=(shapes,), strict=False)
    torch.testing.assert_close(program.module()(longer).detach(), network(longer).detach())


def assert_onnx_takes_any_number_of_rows(network: nn.Module, channels: int) -> None:
    """With a mask: the same logits."""
    import onnxruntime

    inputs, many = ragged(channels), ragged(channels, rows=5)
    settled(network, inputs)
    converted = _converted(network, inputs, named=[*inputs])
    session = onnxruntime.InferenceSession(converted.model_proto.SerializeToString())
    found = session.run(None, {name: one.numpy() for name, one in many.items()})
    expected = network(many).detach()
    torch.testing.assert_close(torch.from_numpy(found[0]), expected, atol=1e-5, rtol=1e-4)
