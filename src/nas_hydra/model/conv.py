"""Convolutional blocks."""

from torch import Tensor, nn


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
