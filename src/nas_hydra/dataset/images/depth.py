"""Pictures whose channel has more than 8 bits: which of their numbers are black and white."""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image as Pillow
from PIL.Image import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor

Limits = tuple[float, float]
"""The numbers that are black and white."""

OF_12_BITS, OF_16_BITS, OF_FLOATS = (0.0, 4095.0), (0.0, 65535.0), (0.0, 1.0)
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0
"""A tag of TIFF, and its value if small numbers are bright."""


class OutOfRangeError(Exception):
    """Numbers of which nobody has said which are black and white.

    Args:
        mode: Pillow's name for such numbers.
        low: the least of them.
        high: the largest.
        limits: what was said.
    """

    def __init__(self, mode: str, low: float, high: float, limits: Limits | None) -> None:
        super().__init__(mode, low, high, limits)


class Depth(NamedTuple):
    """What a file's header says of its numbers.

    Args:
        limits: which are black and white; None if that is not said.
        unsigned: whether they are of 32 bits, which Pillow reads as if they had a sign.
        inverted: whether black and white are exchanged, which Pillow does for 8 bits only.
    """

    limits: Limits | None
    unsigned: bool
    inverted: bool


def raw_mode(picture: Image) -> str:
    """How the file's numbers lie in it, in Pillow's words: ``RGB;16B``; empty if it has none."""
    tiles = getattr(picture, "tile", None)
    given = tiles[0][3] if tiles else ""
    return str(given[0] if isinstance(given, tuple) and given else given)


def depth_of(picture: Image) -> Depth | None:
    """Of a picture that is not loaded yet; None if its channels have 8 bits or fewer."""
    mode, raw = picture.mode, raw_mode(picture)
    if mode not in ("I", "F") and not mode.startswith("I;16"):
        return None
    limits: Limits | None = OF_16_BITS
    if raw == "I;12":
        limits = OF_12_BITS
    elif mode == "F":
        limits = OF_FLOATS
    elif mode == "I" and raw != "I;16B" and picture.format != "PPM":
        limits = None
    tags = getattr(picture, "tag_v2", {})
    unsigned = raw.startswith("I;32") and not raw.endswith("S")
    return Depth(limits, unsigned, tags.get(PHOTOMETRIC) == WHITE_IS_ZERO)


def deep_pixels(
    picture: Image, depth: Depth, mode: str, background: str, limits: Limits | None
) -> Tensor:
    """Pixels (C, H, W), float32 in [0, 1].

    Args:
        picture: loaded.
        depth: what its file says of it.
        mode: Pillow's name of the channels that are wanted.
        background: colour of what is transparent.
        limits: which numbers are black and white; None: as the file says.

    Raises:
        OutOfRangeError: if there are others, or that is not known.
        OSError: if there are numbers that are not finite.
    """
    numbers = np.asarray(picture)
    if depth.unsigned:
        numbers = numbers.view(np.uint32)
    low, high = numbers.min(), numbers.max()
    if not np.isfinite([low, high]).all():
        raise OSError("it holds numbers that are not finite")
    limits = limits or depth.limits
    # Limits are compared as what the numbers are: 0.1 of 32 bits is more than 0.1 of 64.
    if limits is None or low < limits[0] or high > limits[1]:
        raise OutOfRangeError(picture.mode, float(low), float(high), limits)
    black, white = limits
    grey = ((numbers - black) / (white - black)).astype(np.float32).clip(0, 1)
    grey = 1 - grey if depth.inverted else grey
    opaque = numbers != picture.info.get("transparency")
    return _composed(torch.from_numpy(grey), torch.from_numpy(opaque), mode, background)


def _composed(grey: Tensor, opaque: Tensor, mode: str, background: str) -> Tensor:
    """Grey (H, W) in all channels of the mode, before a background where it is not opaque."""
    behind = pil_to_tensor(Pillow.new("RGB", (1, 1), background).convert(mode)).float() / 255
    pixels = torch.where(opaque, grey.expand(len(behind), -1, -1), behind)
    if mode == "RGBA":
        pixels[3] = opaque
    return pixels
