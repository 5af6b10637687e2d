"""Noise with labels, where only the shape of the data matters."""

from dataclasses import dataclass

import torch
from torchvision.datasets import FakeData
from torchvision.transforms.functional import pil_to_tensor

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.dataset.source import Bytes


@dataclass(frozen=True, kw_only=True)
class Fake(WholeDataset):
    """torchvision's FakeData: nothing can be learnt from it.

    Args:
        size: number of images.
    """

    size: int

    def open_all(self) -> Bytes:
        """All images."""
        data = FakeData(self.size, self.input_shape, self.num_classes)
        pairs = [(pil_to_tensor(image), int(label)) for image, label in data]
        pixels = torch.stack([image for image, _ in pairs])
        return Bytes(pixels, torch.tensor([label for _, label in pairs]))
