"""What several of the published spaces are made of."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from nas_hydra.errors import listing, nearest


def relu_conv_bn(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1
) -> nn.Sequential:
    """ReLU, convolution without bias, batch norm."""
    return nn.Sequential(
        nn.ReLU(),
        conv(in_channels, out_channels, kernel_size, stride),
        nn.BatchNorm2d(out_channels),
    )


def conv_bn_relu(in_channels: int, out_channels: int, kernel_size: int) -> nn.Sequential:
    """Convolution without bias, batch norm, ReLU."""
    return nn.Sequential(
        conv(in_channels, out_channels, kernel_size), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


def conv(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Conv2d:
    """Convolution without bias that keeps the resolution but for its stride."""
    return nn.Conv2d(
        in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False
    )


def stem(in_channels: int, out_channels: int, *activation: nn.Module) -> nn.Sequential:
    """3x3 convolution on images, batch norm, and what comes after.

    Not a lazy convolution: then a network would have to see images before it can be counted.
    """
    return nn.Sequential(
        conv(in_channels, out_channels, 3), nn.BatchNorm2d(out_channels), *activation
    )


def classify(features: Tensor, linear: nn.Module) -> Tensor:
    """Global average pooling and the last layer: (N, C, H, W) to logits (N, num_classes)."""
    return linear(features.mean(dim=(2, 3)))  # type: ignore[no-any-return]


Operations = Mapping[str, Callable[..., nn.Module]]
"""Label -> what makes the module."""


def pick(operations: Operations, label: str) -> Callable[..., nn.Module]:
    """The operation of a label.

    Raises:
        ValueError: if there is none; names those that there are.
    """
    if label not in operations:
        raise ValueError(
            f"'{label}' is no operation here; allowed: {listing(operations)}"
            f"{nearest(label, operations)}"
        )
    return operations[label]
