"""Image files, opened in one place: what is wrong with one is told with its name."""

import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import PIL.Image
from PIL.Image import DecompressionBombError, DecompressionBombWarning, Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from nas_hydra.errors import NasHydraError, in_one_line, printable, said

PIXEL_LIMIT = 100_000_000
"""How many pixels an image may have, unless another limit is set."""

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


def read(file: str | Path, mode: str, pixel_limit: int) -> Image:
    """Decode a file.

    Args:
        file: in any format that Pillow knows.
        mode: Pillow's name of the channels: ``L``, ``RGB``, ``RGBA``.
        pixel_limit: a picture with more pixels is not decoded; its header says how many it has.

    Raises:
        UnreadableError: if that does not work.
    """
    with _opened(file, pixel_limit) as picture:
        return picture.convert(mode)


def check(file: str | Path, pixel_limit: int) -> None:
    """Make sure that a file can be read, as far as that can be told without decoding it.

    The header is read, of PNG the checksums, of JPEG the end. Only what looks damaged, or is of
    another format, is decoded.

    Raises:
        UnreadableError: as ``read``.
    """
    with _opened(file, pixel_limit) as picture:
        if _whole(picture):
            return
    with _opened(file, pixel_limit) as picture:
        picture.load()


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
def _opened(file: str | Path, pixel_limit: int) -> Iterator[Image]:
    """A picture whose header was read; whatever its decoder raises is an ``UnreadableError``."""
    earlier = PIL.Image.MAX_IMAGE_PIXELS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about profiles and the like, which nobody asked for
            warnings.simplefilter("error", DecompressionBombWarning)
            PIL.Image.MAX_IMAGE_PIXELS = pixel_limit
            _check_regular(file)
            with PIL.Image.open(file) as picture:
                yield picture
    except (DecompressionBombWarning, DecompressionBombError):
        limit = f"it has more than {pixel_limit:,} pixels; pixel_limit=N sets another limit"
        raise UnreadableError(str(file), limit) from None
    except Exception as error:  # decoders raise all kinds for what they did not expect
        raise UnreadableError(str(file), _reason(error)) from error
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = earlier


def _check_regular(file: str | Path) -> None:
    """Make sure that reading comes to an end, which that of a pipe or a device may not."""
    if not stat.S_ISREG(Path(file).stat().st_mode):
        raise OSError("it is no regular file")


def _reason(error: Exception) -> str:
    """The decoder's own text, in one line."""
    if isinstance(error, OSError):  # whose number and path say nothing new
        return error.strerror or said(error)
    return in_one_line(error)
