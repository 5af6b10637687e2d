"""U-Nets: down to a coarse view of an image, and back up to a class for each pixel."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from nas_hydra.model.operation import pick

GROUP = 8
"""Channels that are normalised together by ``group``."""

NORMS: Mapping[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "group": lambda channels: nn.GroupNorm(max(1, channels // GROUP), channels),
    "none": lambda channels: nn.Identity(),
}
UPS = {
    "transposed": lambda channels, out: nn.ConvTranspose2d(channels, out, 2, stride=2),
    "bilinear": lambda channels, out: nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2d(channels, out, 1),
    ),
}
SKIPS = ("concat", "add", "none")
"""What becomes of the features of the way down on the way up."""


def convolutions(
    in_channels: int, out_channels: int, convs: int, kernel: int, norm: str
) -> nn.Sequential:
    """Convolutions at constant resolution, each with its norm and a ReLU.

    Args:
        in_channels: of the first one's input.
        out_channels: of all outputs.
        convs: how many, at least 1.
        kernel: side in pixels, odd.
        norm: one of ``NORMS``.
    """
    layers: list[nn.Module] = []
    for channels in (in_channels, *[out_channels] * (convs - 1)):
        bias = norm == "none"
        layers += [
            nn.Conv2d(channels, out_channels, kernel, padding=kernel // 2, bias=bias),
            pick(NORMS, norm)(out_channels),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


class UNetLevel(nn.Module):
    """One resolution: what is seen at it, with all coarser ones inside.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        inner: takes features of half the resolution, (N, out_channels, H / 2, W / 2), to twice
            as many channels.
        convs: convolutions on the way down, and as many on the way up.
        kernel: of these, odd.
        norm: see ``UNet``, as of the next two.
        up: likewise.
        skip: likewise.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        inner: nn.Module,
        convs: int,
        kernel: int,
        norm: str,
        up: str,
        skip: str,
    ) -> None:
        super().__init__()
        self.down = convolutions(in_channels, out_channels, convs, kernel, norm)
        self.pool = nn.MaxPool2d(2)
        self.inner = inner
        self.up = pick(UPS, up)(2 * out_channels, out_channels)
        joined = 2 * out_channels if skip == "concat" else out_channels
        self.merge = convolutions(joined, out_channels, convs, kernel, norm)
        self.skip = skip

    def forward(self, features: Tensor) -> Tensor:
        """(N, in_channels, H, W) to (N, out_channels, H, W); H and W are even."""
        fine = self.down(features)
        coarse = self.up(self.inner(self.pool(fine)))
        if self.skip == "concat":
            coarse = torch.cat([fine, coarse], dim=1)
        elif self.skip == "add":
            coarse = fine + coarse
        return self.merge(coarse)  # type: ignore[no-any-return]


class UNet(nn.Module):
    """The U-Net of Ronneberger et al. (2015), with padded convolutions.

    Images of any size are taken: they are padded to a multiple of 2 to the number of levels with
    zeros, and the output is cropped again.

    Args:
        levels: for each resolution, from the finest on, its ``convs`` and their ``kernel``; below
            the last one are two convolutions of 3 x 3.
        width: channels of the finest level; twice as many at each coarser one.
        norm: ``batch``, ``group`` (of 8 channels; Wu and He 2018) or ``none``.
        up: how the resolution is doubled: ``transposed`` convolution, or ``bilinear``.
        skip: how the way up gets the features of the way down: ``concat``, ``add`` or ``none``.
        in_channels: of the images.
        num_classes: number of outputs of each pixel.

    Raises:
        ValueError: for an unknown norm, up or skip.
    """

    def __init__(
        self,
        levels: Sequence[Mapping[str, int]],
        width: int,
        norm: str,
        up: str,
        skip: str,
        in_channels: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        pick(dict.fromkeys(SKIPS, nn.Identity), skip)  # or it is named
        widths = [width << level for level in range(len(levels))]
        network: nn.Module = convolutions(widths[-1], 2 * widths[-1], 2, 3, norm)
        for level, channels, finer in zip(
            reversed(levels), reversed(widths), [*reversed(widths[:-1]), in_channels], strict=True
        ):
            network = UNetLevel(finer, channels, network, **level, norm=norm, up=up, skip=skip)
        self.levels = network
        self.head = nn.Conv2d(width, num_classes, 1)
        self.multiple = 1 << len(levels)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits of each pixel, (N, num_classes, H, W)."""
        height, width = images.shape[-2:]
        padding = (0, -width % self.multiple, 0, -height % self.multiple)
        features = self.levels(nn.functional.pad(images, padding))
        return self.head(features)[..., :height, :width]  # type: ignore[no-any-return]
