"""ONNX, for runtimes that know nothing of torch."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.errors import ConfigError
from nas_hydra.export.blame import culprit, quiet, reason
from nas_hydra.export.format import Trained, not_installed
from nas_hydra.export.torch_export import exported
from nas_hydra.network import logits

FILE = "model.onnx"


class Onnx:
    """``model.onnx``: input ``images``, output ``logits``, any number of images.

    The file's metadata hold what ``model.json`` says, each key as JSON.
    """

    files = (FILE,)

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the model, weights and all, in one file.

        Raises:
            ConfigError: if ONNX cannot express a layer, naming it, or a package is missing.
        """
        try:
            import onnxruntime  # noqa: F401  without it, nothing could be checked
            import onnxscript  # noqa: F401  torch.onnx needs it, and says so at length
        except ImportError as error:
            raise not_installed(error) from error
        try:
            program = converted(trained.network, trained.sample)
        except Exception as error:  # torch and onnxscript raise all kinds for what they do not know
            layer = culprit(trained.network, trained.sample, converted)
            raise ConfigError(
                "format",
                f"onnx cannot express {layer} ({reason(error)}). Try"
                " format=torch_export, python or state_dict",
            ) from error
        program.model.metadata_props.update(trained.facts())
        program.save(folder / FILE, external_data=False)

    def run(self, trained: Trained, folder: Path, images: Tensor) -> Tensor:
        """The logits that onnxruntime computes on the CPU."""
        import onnxruntime

        session = onnxruntime.InferenceSession(
            str(folder / FILE), providers=["CPUExecutionProvider"]
        )

        def network(part: Tensor) -> Tensor:
            return torch.from_numpy(session.run(["logits"], {"images": part.numpy()})[0])

        return logits(network, images)


def converted(module: nn.Module, *inputs: Tensor) -> Any:
    """A module as an ONNX program."""
    program = exported(module, *inputs)
    with quiet():
        return torch.onnx.export(
            program, input_names=["images"], output_names=["logits"], dynamo=True, verbose=False
        )
