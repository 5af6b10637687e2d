"""Networks for images of a few classes, built from their configs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nas_hydra.dataset import empty_images
from nas_hydra.evaluator.build import build_model
from nas_hydra.task.classification import Classification


@dataclass
class Known:
    """Data of which only the number of classes is known."""

    num_classes: int


def built(config: Mapping[str, Any], shape: Sequence[int], classes: int = 10) -> nn.Module:
    return build_model(config, empty_images(shape), Classification().bound(Known(classes)))


def two(*shape: int) -> torch.Tensor:
    """Two empty images."""
    return torch.zeros(2, *shape)


def meta(*shape: int) -> torch.Tensor:
    """A batch of images without memory."""
    return torch.empty(shape, device="meta")
