"""What convolutional networks, those of published spaces too, are made of."""

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from nas_hydra.errors import listing, nearest


class ConvBlock(nn.Module):
    """Convolution, batch norm and ReLU at constant resolution, with a pooling step after it.

    Args:
        out_channels: width.
        kernel_size: odd, in pixels.
        pool: side of the max-pooling window; 1 is none. Images smaller than the window are
            left as they are, so that any number of blocks fits any input.
    """

    def __init__(self, out_channels: int, kernel_size: int, pool: int = 1) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(out_channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.pool = pool

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, out_channels, H // pool, W // pool)."""
        features = self.norm(self.conv(images))
        if self.pool > 1 and min(features.shape[-2:]) >= self.pool:
            features = nn.functional.max_pool2d(features, self.pool)
        # The largest one is the same before and after ReLU, which has less to do here.
        return nn.functional.relu(features)


class ClassifierHead(nn.Module):
    """Global average pooling and one linear layer.

    Args:
        num_classes: number of outputs.
        dropout: chance of a feature to be dropped in training, 0 to 1.
    """

    def __init__(self, num_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.LazyLinear(num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        return self.linear(self.dropout(features.mean(dim=(2, 3))))  # type: ignore[no-any-return]


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
