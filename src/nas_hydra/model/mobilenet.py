"""Networks of torchvision's inverted residuals (Sandler et al. 2018, Howard et al. 2019)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn
from torchvision.models.mobilenetv3 import InvertedResidual, InvertedResidualConfig

from nas_hydra.model.operation import Operations, classify, pick, stem


def inverted_residual(
    in_channels: int,
    out_channels: int,
    stride: int,
    kernel_size: int,
    expansion: int,
    squeeze_excite: bool = False,
    activation: str = "RE",
) -> InvertedResidual:
    """Widen by 1x1, look around by depthwise convolution, narrow by 1x1; skipped if it can be.

    Args:
        in_channels: a multiple of 8, like ``out_channels``; others are rounded to one.
        out_channels: of the output.
        stride: 1 or 2.
        kernel_size: of the depthwise convolution, odd.
        expansion: how many times wider the inside is than the input.
        squeeze_excite: whether channels are reweighted (Hu et al. 2018).
        activation: "RE" for ReLU, "HS" for hard swish.
    """
    config = InvertedResidualConfig(
        *(in_channels, kernel_size, expansion * in_channels, out_channels),
        *(squeeze_excite, activation, stride),
        dilation=1,
        width_mult=1.0,
    )
    return InvertedResidual(config, nn.BatchNorm2d)


class MobileNet(nn.Module):
    """Stages of inverted residuals, each stage but the first at half the resolution.

    Args:
        stages: for each, its ``width`` and its ``blocks``, each of which has a ``kernel_size``, an
            ``expansion`` and a ``squeeze_excite``.
        channels: of each stage; they are multiplied by its width and rounded to a multiple of 8.
        stem_channels: of the first convolution, a multiple of 8.
        in_channels: of the images.
        num_classes: number of outputs.

    Raises:
        ValueError: if there are not as many ``channels`` as ``stages``.
    """

    def __init__(
        self,
        stages: Sequence[Mapping[str, Any]],
        channels: Sequence[int],
        stem_channels: int,
        in_channels: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [stem(in_channels, stem_channels, nn.Hardswish())]
        before, stride = stem_channels, 1
        for stage, base in zip(stages, channels, strict=True):
            width = round_to_eight(base * stage["width"])
            for block in stage["blocks"]:
                layers.append(inverted_residual(before, width, stride, activation="HS", **block))
                before, stride = width, 1
            stride = 2
        self.features = nn.Sequential(*layers)
        self.linear = nn.Linear(before, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        return classify(self.features(images), self.linear)


def round_to_eight(channels: float) -> int:
    """The nearest multiple of 8, at least 8."""
    return max(8, int(channels + 4) // 8 * 8)


def identity_or_conv(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    """The input itself; where the shape changes, by a 1x1 convolution."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )


LAYERS: Operations = {
    "identity": identity_or_conv,
    "mb3_k3": partial(inverted_residual, kernel_size=3, expansion=3),
    "mb6_k5": partial(inverted_residual, kernel_size=5, expansion=6),
}


class MobileNetMacro(nn.Module):
    """The networks of NAS-Bench-Macro (Su et al. 2021).

    Args:
        layers: ``identity_or_conv``, ``mb3_k3`` or ``mb6_k5``, in order.
        stages: how many layers each stage has; its first one halves the resolution and doubles the
            channels. 2, 3 and 3 in the benchmark.
        channels: of the stem, a multiple of 8; 32 in the benchmark.
        features: of the last convolution; 1280 in the benchmark.
        in_channels: of the images.
        num_classes: number of outputs.

    Raises:
        ValueError: for an unknown layer, or if the stages have more or fewer layers than there are.
    """

    def __init__(
        self,
        layers: Sequence[str],
        stages: Sequence[int],
        channels: int,
        features: int,
        in_channels: int,
        num_classes: int,
    ) -> None:
        super().__init__()
        if sum(stages) != len(layers):
            raise ValueError(f"stages sum to {sum(stages)}, but there are {len(layers)} layers")
        starts = {sum(stages[:stage]) for stage in range(len(stages))}
        built: list[nn.Module] = [stem(in_channels, channels, nn.ReLU())]
        for position, label in enumerate(layers):
            factor = 2 if position in starts else 1
            built.append(pick(LAYERS, label)(channels, factor * channels, factor))
            channels *= factor
        head = [nn.Conv2d(channels, features, 1, bias=False), nn.BatchNorm2d(features), nn.ReLU()]
        self.features = nn.Sequential(*built, *head)
        self.linear = nn.Linear(features, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to logits (N, num_classes)."""
        return classify(self.features(images), self.linear)
