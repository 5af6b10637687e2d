"""A trained network that takes inputs as they are: their preparation is its first layer."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from nas_hydra.artifact import Artifact


class PreparedNetwork(nn.Module):
    """A network, the preparation of its inputs, and what comes after it.

    Args:
        network: takes prepared inputs.
        prepare: makes them.
        last: makes of its outputs those that people use; see ``Task.last_layer``.
    """

    def __init__(self, network: nn.Module, prepare: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.prepare = prepare
        self.network = network
        self.last = last

    def forward(self, inputs: Any) -> Any:
        """Inputs as the data has them, (N, ...), to outputs."""
        return self.last(self.network(self.prepare(inputs)))


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


class FollowedNetwork(Network):
    """As ``Network``, with what comes after it.

    Args:
        network: takes normalised images.
        mean: as of ``Network``.
        std: likewise.
        last: as of ``PreparedNetwork``.
    """

    def __init__(
        self, network: nn.Module, mean: Sequence[float], std: Sequence[float], last: nn.Module
    ) -> None:
        super().__init__(network, mean, std)
        self.last = last

    def forward(self, images: Tensor) -> Any:
        """Pixels as of ``Network`` to outputs."""
        return self.last(super().forward(images))


def network_of(artifact: Artifact, last: bool = True) -> Network | PreparedNetwork:
    """The trained network, on the CPU and in evaluation mode.

    Args:
        artifact: the model.
        last: whether its outputs are those that people use, and not those that the loss takes.

    Raises:
        ConfigError: if it cannot be built, or the weights are not there or not its own.
    """
    return around(artifact, artifact.model(), last)


def around(artifact: Artifact, network: nn.Module, last: bool = True) -> Network | PreparedNetwork:
    """A network with what a model's folder knows of its inputs and outputs, in evaluation mode."""
    normalize = artifact.description.normalize
    after = artifact.task().last_layer() if last else nn.Identity()
    if normalize is None:
        return PreparedNetwork(network, artifact.preparation(), after).eval()
    numbers = normalize.mean, normalize.std
    if isinstance(after, nn.Identity):
        return Network(network, *numbers).eval()
    return FollowedNetwork(network, *numbers, after).eval()


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
