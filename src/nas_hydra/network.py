"""A trained network that takes inputs as they are: their preparation is its first layer."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from nas_hydra.artifact import Artifact


class PreparedNetwork(nn.Module):
    """A network and the preparation of its inputs.

    Args:
        network: takes prepared inputs.
        prepare: makes them.
    """

    def __init__(self, network: nn.Module, prepare: nn.Module) -> None:
        super().__init__()
        self.prepare = prepare
        self.network = network

    def forward(self, inputs: Any) -> Any:
        """Inputs as the data has them, (N, ...), to outputs."""
        return self.network(self.prepare(inputs))


class Network(nn.Module):
    """A network and the normalisation of its images.

    Args:
        network: takes normalised images.
        mean: of each channel's pixels in [0, 1], which is subtracted.
        std: by which what is left is divided.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Pixels (N, C, H, W), float32 in [0, 1], to logits (N, classes)."""
        normalised = (images - self.mean[:, None, None]) / self.std[:, None, None]
        return self.network(normalised)  # type: ignore[no-any-return]


def network_of(artifact: Artifact) -> Network | PreparedNetwork:
    """The trained network, on the CPU and in evaluation mode.

    Raises:
        ConfigError: if it cannot be built, or the weights are not there or not its own.
    """
    return around(artifact, artifact.model())


def around(artifact: Artifact, network: nn.Module) -> Network | PreparedNetwork:
    """A network with the preparation that a model's folder holds, in evaluation mode."""
    normalize = artifact.description.normalize
    if normalize is not None:
        return Network(network, normalize.mean, normalize.std).eval()
    return PreparedNetwork(network, artifact.preparation()).eval()


def outputs(network: Callable[[Any], Any], inputs: Any, batch: int = 256) -> Any:
    """What a network makes of any number of rows, so many at a time.

    Args:
        network: inputs to outputs.
        inputs: a tree of (N, ...), see ``nas_hydra.dataset.tree``.
        batch: rows at a time.
    """
    leaves, spec = pytree.tree_flatten(inputs)
    parts = zip(*(torch.split(leaf, batch) for leaf in leaves), strict=True)
    with torch.inference_mode():
        found = [network(pytree.tree_unflatten(part, spec)) for part in parts]
        return pytree.tree_map(lambda *tensors: torch.cat(tensors), *found)
