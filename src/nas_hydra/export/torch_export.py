"""``torch.export``: a program that torch runs without the code of the network."""

from pathlib import Path

import torch
from torch import nn
from torch.export import Dim, ExportedProgram

from nas_hydra.dataset import Tree
from nas_hydra.dataset.tree import tree_map
from nas_hydra.errors import ConfigError
from nas_hydra.export.format import Trained, culprit, first_cause, quiet
from nas_hydra.network import outputs

FILE = "model.pt2"


class TorchExport:
    """``model.pt2``, for ``torch.export.load``; any number of rows.

    ``extra_files`` hold what ``model.json`` says, each key as JSON.
    """

    files = (FILE,)

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the program.

        Raises:
            ConfigError: if torch.export cannot express a layer, naming it.
        """
        try:
            program = exported(trained.network, trained.sample)
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


def exported(module: nn.Module, *inputs: Tree) -> ExportedProgram:
    """A module as a program for any number of rows."""
    batch = Dim("batch", min=1)
    with quiet(), torch.no_grad():
        return torch.export.export(
            module, inputs, dynamic_shapes=tree_map(lambda _: {0: batch}, inputs), strict=False
        )
