"""What every format of an exported network can do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nas_hydra.artifact import Artifact
from nas_hydra.dataset import Tree
from nas_hydra.errors import ConfigError
from nas_hydra.network import Network, PreparedNetwork

ROWS = 2
"""How many rows a network is traced with: of one, some exporters take it for a constant."""

EXTRA = "pip install 'nas-hydra[export]'"


@dataclass(frozen=True)
class Trained:
    """What is exported.

    Args:
        artifact: the retrained model.
        network: its network, in evaluation mode; takes inputs as the data has them.
        sample: a few rows of them; of images (``ROWS``, C, H, W), float32 in [0, 1].
        output: what an output of one tensor is called.
    """

    artifact: Artifact
    network: Network | PreparedNetwork
    sample: Tree
    output: str

    @property
    def inputs(self) -> str:
        """What an input of one tensor is called."""
        return "inputs" if self.artifact.image is None else "images"

    def facts(self) -> dict[str, str]:
        """What ``model.json`` says, as texts: JSON for each of its keys."""
        said = self.artifact.description.content
        return {name: json.dumps(value) for name, value in said.items()}


class Format(Protocol):
    """Writes a network to files, and runs what it wrote."""

    @property
    def files(self) -> Sequence[str]:
        """The names of the files."""

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the files.

        Raises:
            ConfigError: if a layer cannot be expressed, naming it, or a library is missing.
        """

    def run(self, trained: Trained, folder: Path, inputs: Tree) -> Tree:
        """The outputs (N, ...) of inputs (N, ...), from the files alone.

        Args:
            trained: what was written; for formats that hold no code.
            folder: that holds the files.
            inputs: as the data has them; images are float32 in [0, 1].
        """


def not_installed(error: ImportError) -> ConfigError:
    """A library that a format needs is not there."""
    return ConfigError("format", f"this one needs a package that is not there ({error}): {EXTRA}")
