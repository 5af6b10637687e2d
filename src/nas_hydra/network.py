"""A trained network that takes images as they are, its normalisation within."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from nas_hydra.artifact import Artifact


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


def network_of(artifact: Artifact) -> Network:
    """The trained network, on the CPU and in evaluation mode.

    Raises:
        ConfigError: if it cannot be built, or the weights are not there or not its own.
    """
    normalize = artifact.normalize
    return Network(artifact.model(), normalize.mean, normalize.std).eval()


def logits(network: Callable[[Tensor], Tensor], images: Tensor, batch: int = 256) -> Tensor:
    """What a network makes of any number of images, so many at a time: (N, classes)."""
    with torch.inference_mode():
        return torch.cat([network(part) for part in torch.split(images, batch)])
