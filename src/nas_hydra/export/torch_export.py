"""``torch.export``: a program that torch runs without the code of the network."""

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from nas_hydra.dataset import Tree
from nas_hydra.dataset.tree import tree_map
from nas_hydra.errors import ConfigError
from nas_hydra.export.format import Trained, culprit, first_cause, quiet
from nas_hydra.network import outputs

log = logging.getLogger(__name__)

FILE = "model.pt2"


class TorchExport:
    """``model.pt2``, for ``torch.export.load``; any number of rows, of any length if that can be.

    ``extra_files`` hold what ``model.json`` says, each key as JSON.
    """

    files = (FILE,)

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the program.

        Raises:
            ConfigError: if torch.export cannot express a layer, naming it.
        """
        try:
            program = exported(trained.network, trained.sample, any_length=trained.any_length)
        except Exception as error:  # torch raises all kinds for what it cannot trace
            layer = culprit(trained.network, trained.sample, exported)
            raise ConfigError(
                "format",
                f"torch_export cannot express {layer} ({first_cause(error)}). format=state_dict"
                " exports any network",
            ) from error
        torch.export.save(program, folder / FILE, extra_files=trained.facts())

    def run(self, trained: Trained, folder: Path, inputs: Tree) -> Tree:
        """The outputs."""
        return outputs(torch.export.load(folder / FILE).module(), inputs)


def exported(module: nn.Module, *inputs: Tree, any_length: bool = False) -> ExportedProgram:
    """A module as a program for any number of rows.

    Args:
        module: what is exported.
        inputs: of it, of a few rows.
        any_length: for texts and series of all lengths that the module takes.
    """
    batch = Dim("batch", min=1)
    rows = tree_map(lambda _: {0: batch}, inputs)
    lengths = length_dimensions(inputs[0]) if any_length else None
    with quiet(), torch.no_grad():
        if lengths is not None:
            # Which lengths a network takes, torch finds out: from 5 on, or up to 30.
            both = tree_map(lambda _, place: {0: batch, place: Dim.DYNAMIC}, inputs[0], lengths)
            try:
                return torch.export.export(module, inputs, dynamic_shapes=(both,), strict=False)
            except Exception as error:  # noqa: BLE001  a network may know its length
                log.info("export: for inputs of this length only (%s)", first_cause(error))
        return torch.export.export(module, inputs, dynamic_shapes=rows, strict=False)


def length_dimensions(inputs: Tree) -> Tree | None:
    """Where a text's ids, or a series, have their length; None of inputs that have none.

    Args:
        inputs: ids (N, L), series (N, C, L), or a mapping of series and their mask (N, L).
    """
    if isinstance(inputs, Mapping):
        known = inputs.keys() == {"series", "mask"}
        return tree_map(lambda one: one.ndim - 1, inputs) if known else None
    if not isinstance(inputs, Tensor):
        return None
    ids = inputs.ndim == 2 and inputs.dtype == torch.int64
    series = inputs.ndim == 3 and inputs.is_floating_point()
    return inputs.ndim - 1 if ids or series else None
