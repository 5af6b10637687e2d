"""The weights alone, as safetensors."""

from pathlib import Path

from nas_hydra.dataset import Tree
from nas_hydra.export.format import Trained, not_installed
from nas_hydra.network import around, outputs

FILE = "model.safetensors"


class StateDict:
    """``model.safetensors``: the weights, named as in the network of best.yaml.

    The file's metadata hold what ``model.json`` says, each key as JSON; ``normalize`` among them.
    Another preparation of the inputs is not in it: that is ``prepare.ckpt`` beside best.yaml.
    """

    files = (FILE,)

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the weights; those that two layers share are there once.

        Raises:
            ConfigError: if the package is missing.
        """
        try:
            from safetensors.torch import save_model
        except ImportError as error:
            raise not_installed(error) from error
        save_model(trained.network.network, str(folder / FILE), trained.facts())

    def run(self, trained: Trained, folder: Path, inputs: Tree) -> Tree:
        """The outputs of the network that best.yaml builds, with these weights."""
        from safetensors.torch import load_model

        network = trained.artifact.model()
        for tensor in network.state_dict().values():
            tensor.zero_()  # so that a weight that is not in the file is found out
        load_model(network, folder / FILE)
        return outputs(around(trained.artifact, network), inputs)
