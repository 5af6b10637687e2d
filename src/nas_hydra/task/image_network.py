"""Known networks for images of classes, beside which a winner is trained."""

from typing import Any

from torch import Tensor

from nas_hydra.errors import ConfigError, listing, nearest

KNOWN = (
    *("shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5", "mobilenet_v3_small"),
    *("shufflenet_v2_x1_0", "mobilenet_v2", "efficientnet_b0", "resnet18", "resnet34", "resnet50"),
)
"""Of ``torchvision.models``, from 0.35 to 24 million parameters for ten classes."""
SIDE = 32
"""Pixels; smaller images are enlarged, since these networks shrink them five times by two."""


def image_network(name: str, images: Tensor, classes: int) -> dict[str, Any]:
    """The config of a network of torchvision's.

    Args:
        name: of its constructor.
        images: that it is to take, (n, C, H, W).
        classes: how many it is to tell apart.
    """
    from torchvision.models import list_models  # 0.5 s

    allowed = [*KNOWN, *(known for known in list_models() if "/" not in known)]
    if name not in allowed:
        hint = nearest(name, allowed)
        raise ConfigError("baseline", f"is '{name}'; allowed: auto, none, {listing(KNOWN)}{hint}")
    channels, height, width = images.shape[1:]
    if channels not in (1, 3):
        raise ConfigError(
            "baseline", f"takes images of 1 or 3 channels, not {channels}; say baseline=none"
        )
    parts: list[dict[str, Any]] = []
    if channels == 1:
        parts.append({"_target_": "torchvision.transforms.v2.RGB"})
    if min(height, width) < SIDE:
        size = [max(SIDE, height), max(SIDE, width)]
        parts.append({"_target_": "torchvision.transforms.v2.Resize", "size": size})
    network = {"_target_": f"torchvision.models.{name}", "num_classes": classes}
    return {"_target_": "torch.nn.Sequential", "_args_": [*parts, network]}
