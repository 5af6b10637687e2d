"""Image files to pixels, in one place for training and prediction.

Numbers of more than 8 bits are scaled by their depth, transparency shows a background, and pictures
stand upright. What is wrong with a file is told with its name.
"""

import math
import stat
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import PIL.Image
import torch
from PIL import ImageCms, ImageColor
from PIL.ExifTags import Base
from PIL.Image import DecompressionBombError, DecompressionBombWarning, Image, Transpose
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor, resize, to_dtype

from nas_hydra.dataset.images.depth import Limits, OutOfRangeError, deep_pixels, depth_of, raw_mode
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line, printable, said

PIXEL_LIMIT = 100_000_000
"""How many pixels an image may have, unless another limit is set."""
ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".avif", ".bmp"),
    *(".tif", ".tiff", ".jp2", ".ppm", ".pgm", ".pbm", ".pnm"),
)
"""How names of image files end, in lower case."""
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Number of channels -> Pillow's name for such pictures."""
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
"""EXIF's orientation of the camera -> what makes its picture stand upright."""
FACTORS = {"L;2": 85, "L;4": 17}
"""Of grey with 2 and 4 bits, to make it 8."""
FRAMES = "several frames, of which the first is read"
SHORTENED = "channels of 16 bits, of which the upper 8 are read"
END_OF_JPEG = b"\xff\xd9"


class UnreadableError(NasHydraError):
    """A file that holds no picture, or only a part of one, or too large a one.

    Args:
        file: its path.
        reason: why it cannot be read, in one line.
    """

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{printable(file)} cannot be read: {reason}")
        self.file, self.reason = file, reason

    def __reduce__(self) -> tuple[type["UnreadableError"], tuple[str, str]]:
        """Errors of worker processes are pickled."""
        return UnreadableError, (self.file, self.reason)


class RangeError(UnreadableError):
    """A file with numbers of which nobody has said which are black and white.

    Args:
        file: its path.
        mode: Pillow's name for such numbers.
        low: the least of them.
        high: the largest.
        limits: what was said.
    """

    def __init__(
        self, file: str, mode: str, low: float, high: float, limits: Limits | None
    ) -> None:
        wanted = "black and white are not known"
        if limits is not None:
            wanted = f"not from {limits[0]:.10g} to {limits[1]:.10g}"
        super().__init__(
            file, f"its numbers (mode {mode}) are from {low:.10g} to {high:.10g}, {wanted}"
        )
        self.mode, self.low, self.high, self.limits = mode, low, high, limits

    def __reduce__(self) -> tuple[type["RangeError"], tuple[Any, ...]]:
        """Errors of worker processes are pickled."""
        return RangeError, (self.file, self.mode, self.low, self.high, self.limits)


@dataclass(frozen=True)
class Decoding:
    """How files become pixels.

    Args:
        background: the colour behind what is transparent: a name, or ``#rrggbb``.
        range: which numbers are black and white where a channel has more than 8 bits; None: 0 and
            65535 of 16 bits, 0 and 1 of floats, and other numbers are not known.
        pixel_limit: a picture with more pixels is not decoded; its header says how many it has.
    """

    background: str = "white"
    range: Limits | None = None
    pixel_limit: int = PIXEL_LIMIT

    def __post_init__(self) -> None:
        try:
            known = len(ImageColor.getrgb(self.background)) == 3
        except (ValueError, AttributeError):
            known = False
        if not known:
            problem = f"is {self.background!r}; allowed: a colour's name, or '#rrggbb'"
            raise ConfigError("dataset.background", problem)
        if self.range is not None:
            object.__setattr__(self, "range", _checked(self.range))
        if self.pixel_limit < 1:
            raise ConfigError("dataset.pixel_limit", f"is {self.pixel_limit}; at least 1 is needed")


def _checked(given: Sequence[float]) -> Limits:
    try:
        low, high = map(float, given)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (low < high and math.isfinite(high - low)):
        problem = f"is {given!r}; allowed: [low, high], the numbers that are black and white"
        raise ConfigError("dataset.range", problem)
    return low, high


class DecodedPicture(NamedTuple):
    """What a file holds.

    Args:
        pixels: (C, H, W), uint8, or float32 in [0, 1] where a channel has more than 8 bits.
        notes: what of the file was not read.
    """

    pixels: Tensor
    notes: Sequence[str]


def read_picture(file: str | Path, channels: int, decoding: Decoding) -> DecodedPicture:
    """Decode a file.

    Args:
        file: in any format that Pillow knows; of several frames, the first.
        channels: 1 (grey), 3 (red, green, blue) or 4 (and alpha).
        decoding: what is made of it.

    Raises:
        UnreadableError: if that does not work.
    """
    mode = MODES[channels]
    with opened(file, decoding.pixel_limit) as picture:
        depth, raw = depth_of(picture), raw_mode(picture)
        picture.load()
        _scale_key(picture, raw)
        upright = _upright(picture)
        pixels = (
            pil_to_tensor(_plain(upright, mode, decoding.background))
            if depth is None
            else deep_pixels(upright, depth, mode, decoding.background, decoding.range)
        )
        return DecodedPicture(pixels, _notes(picture, raw))


def picture_header(file: str | Path) -> tuple[tuple[int, int], str]:
    """Width and height of a picture as it lies in its file, and Pillow's name of its mode.

    Raises:
        UnreadableError: if the file does not begin as a picture.
    """
    with opened(file, PIXEL_LIMIT) as picture:
        return picture.size, picture.mode


def resized(pixels: Tensor, height: int, width: int) -> Tensor:
    """Pixels (C, H, W) of a picture in another size, float32 in [0, 1]."""
    found: Tensor = to_dtype(resize(pixels, [height, width]), torch.float32, scale=True)
    return found


def check_picture(file: str | Path, decoding: Decoding) -> Sequence[str]:
    """Make sure that a file can be read, as far as that can be told without decoding it.

    The header is read, of PNG the checksums, of JPEG the end. Only what looks damaged, is of
    another format, or has numbers of any range is decoded.

    Returns:
        What of it is not read.

    Raises:
        UnreadableError: as ``read_picture``.
    """
    with opened(file, decoding.pixel_limit) as picture:
        depth = depth_of(picture)
        notes = _notes(picture, raw_mode(picture))
        if (depth is None or decoding.range is None is not depth.limits) and _whole(picture):
            return notes
    return read_picture(file, 3, decoding).notes


def _plain(picture: Image, mode: str, background: str) -> Image:
    """A picture of 8 bits in the mode that is wanted, before a background if that has no alpha."""
    if picture.has_transparency_data:
        # Pillow converts premultiplied grey to grey only.
        picture = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
        if mode != "RGBA":
            behind = PIL.Image.new("RGBA", picture.size, background)
            picture = PIL.Image.alpha_composite(behind, picture).convert("RGB")
    if picture.mode == "LAB":
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        shown = ImageCms.profileToProfile(picture, *profiles, outputMode="RGB")
        assert shown is not None  # it is a new picture
        picture = shown
    return picture.convert(mode)


def _scale_key(picture: Image, raw: str) -> None:
    """Scale the colour that is transparent as Pillow has scaled the pixels, but not this."""
    key = picture.info.get("transparency")
    if raw in FACTORS and isinstance(key, int):
        picture.info["transparency"] = key * FACTORS[raw]
    elif raw == "RGB;16B" and isinstance(key, tuple):
        picture.info["transparency"] = tuple(number >> 8 for number in key)


def _upright(picture: Image) -> Image:
    """A loaded picture as it was seen by who took it."""
    orientation = None
    with suppress(Exception):  # damaged EXIF says nothing
        orientation = picture.getexif().get(Base.Orientation)
    return picture.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else picture


def _notes(picture: Image, raw: str) -> list[str]:
    """What of a picture is not read."""
    notes = []
    with suppress(Exception):  # a damaged second frame
        # The others of an MPO are a camera's previews.
        if getattr(picture, "is_animated", False) and picture.format != "MPO":
            notes.append(FRAMES)
    if ";16" in raw and not picture.mode.startswith("I"):
        notes.append(SHORTENED)
    return notes


def _whole(picture: Image) -> bool:
    """Whether nothing seems to be missing; afterwards, the picture cannot be decoded any more."""
    if isinstance(picture, JpegImageFile) and picture.fp is not None:
        picture.fp.seek(-len(END_OF_JPEG), 2)
        return picture.fp.read() == END_OF_JPEG
    if not isinstance(picture, PngImageFile):
        return False
    try:
        picture.verify()
    except Exception:  # noqa: BLE001  the decoder has the last word: it may be content
        return False
    return True


@contextmanager
def opened(file: str | Path, pixel_limit: int) -> Iterator[Image]:
    """A picture whose header was read; whatever its decoder raises is an ``UnreadableError``."""
    earlier = PIL.Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about profiles and the like, which nobody asked for
            warnings.simplefilter("error", DecompressionBombWarning)
            PIL.Image.MAX_IMAGE_PIXELS = pixel_limit
            if not stat.S_ISREG(Path(file).stat().st_mode):  # a pipe or a device may never end
                raise OSError("it is no regular file")
            # Given a name, Pillow may map the file into memory, and then turns no TIFF upright.
            with Path(file).open("rb") as stream, PIL.Image.open(stream) as picture:
                yield picture
    except OutOfRangeError as error:
        raise RangeError(str(file), *error.args) from None
    except (DecompressionBombWarning, DecompressionBombError):
        limit = f"it has more than {pixel_limit:,} pixels; pixel_limit=N sets another limit"
        raise UnreadableError(str(file), limit) from None
    except Exception as error:  # decoders raise all kinds for what they did not expect
        raise UnreadableError(str(file), _reason(error)) from error
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = earlier


def _reason(error: Exception) -> str:
    """The decoder's own text, in one line."""
    if isinstance(error, OSError):  # whose number and path say nothing new
        return error.strerror or said(error)
    return in_one_line(error)
