"""Residual networks of torchvision's blocks (He et al. 2016), for small images."""

from collections.abc import Sequence

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from nas_hydra.model.operation import classify, pick, stem

BLOCKS = {"basic": BasicBlock, "bottleneck": Bottleneck}


class ResNet(nn.Module):
    """Stages of residual blocks; each stage but the first halves the resolution.

    The stem is a 3x3 convolution, not the 7x7 one with pooling that large images need.

    Args:
        block: ``basic`` (two 3x3 convolutions) or ``bottleneck`` (1x1, 3x3, 1x1, four times wider
            outside than inside).
        depths: number of blocks of each stage.
        width: of the first stage's 3x3 convolutions; each later stage has twice as many channels.
        in_channels: of the images.
        num_classes: number of outputs.

    Raises:
        ValueError: for an unknown block.
    """

    def __init__(
        self, block: str, depths: Sequence[int], width: int, in_channels: int, num_classes: int
    ) -> None:
        super().__init__()
        make = pick(BLOCKS, block)
        expansion = BLOCKS[block].expansion
        layers: list[nn.Module] = [stem(in_channels, width, nn.ReLU())]
        channels = width
        for stage, depth in enumerate(depths):
            inside, stride = width * 2**stage, 2 if stage else 1
            for _ in range(depth):
                shortcut = project(channels, expansion * inside, stride)
                layers.append(make(channels, inside, stride, shortcut))
                channels, stride = expansion * inside, 1
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        return classify(self.features(images), self.linear)


def project(in_channels: int, out_channels: int, stride: int) -> nn.Module | None:
    """The shortcut of a block that changes the shape; None if the input itself will do."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )
