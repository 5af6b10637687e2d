"""Python: one readable file that needs torch and nothing else."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nas_hydra.errors import ConfigError
from nas_hydra.export.format import Trained
from nas_hydra.export.source import UnwritableError, source

CODE, WEIGHTS = "model.py", "model.pt"

RUN = f"""
import sys
import torch
sys.path.insert(0, sys.argv[1])
import {Path(CODE).stem} as exported
network = exported.load()
with torch.inference_mode():
    parts = torch.load(sys.argv[2], weights_only=True).split(256)
    torch.save(torch.cat([network(part) for part in parts]), sys.argv[2])
strange = {{name.split(".")[0] for name in sys.modules}} & {{"nas_hydra", "torchvision"}}
sys.exit(f"it imports {{strange}}" if strange else 0)
"""
"""What a fresh process does: load the weights, and put the logits in the place of the images."""


def _place(tensor: Tensor) -> tuple[Any, ...]:
    """What is the same for tensors that are one: a weight that two layers share is kept once."""
    empty = tensor.numel() == 0
    return id(tensor) if empty else tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype


class Python:
    """``model.py``, with the weights beside it in ``model.pt``."""

    files = (CODE, WEIGHTS)

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the code and the weights.

        Raises:
            ConfigError: if a layer cannot be written as code, naming it; or if the network is no
                classifier of images.
        """
        artifact = trained.artifact
        if artifact.image is None or artifact.classes is None:
            raise ConfigError(
                "format",
                "python writes classifiers of images, which this is not. format=onnx, torch_export"
                " and state_dict export any network",
            )
        run = Path(artifact.source.run).name
        title = f"The network of trial {artifact.source.trial} of the search {run}."
        try:
            code = source(trained.network, artifact.image.shape, artifact.classes, title, WEIGHTS)
        except UnwritableError as error:
            raise ConfigError(
                "format", f"python cannot write {error}. format=state_dict exports any network"
            ) from error
        (folder / CODE).write_text(code, encoding="utf-8")
        tensors = {**trained.network.state_dict(), **dict(trained.network.named_buffers())}
        clones = {_place(tensor): tensor.clone() for tensor in tensors.values()}
        held = {name: clones[_place(tensor)] for name, tensor in tensors.items()}
        torch.save(held, folder / WEIGHTS)

    def run(self, trained: Trained, folder: Path, inputs: Tensor) -> Tensor:
        """The logits that the file computes in a fresh Python process.

        Raises:
            ConfigError: if it does not run there.
        """
        with tempfile.TemporaryDirectory() as place:
            file = Path(place, "images.pt")
            torch.save(inputs, file)
            command = [sys.executable, "-I", "-c", RUN, str(folder.absolute()), str(file)]
            ended = subprocess.run(command, capture_output=True, text=True)
            if ended.returncode:
                raise ConfigError(
                    "format",
                    f"python cannot write this network: {CODE} fails in a process of its own"
                    f" ({(ended.stderr.strip().splitlines() or ['no message'])[-1]})."
                    " format=state_dict exports any network",
                )
            return torch.load(file, weights_only=True)  # type: ignore[no-any-return]
