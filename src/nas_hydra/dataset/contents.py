"""Digests of what images hold, by which equal ones are known and changed ones are noticed."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WHOLE = 2_000_000_000
"""Bytes of a folder's files, 2 GB, up to which each is read whole to tell it from others."""
BLOCKS, BLOCK = 16, 4096
"""Of a file of a larger folder: so many blocks of so many bytes, spread over it, and its size."""
EACH = 8
"""Bytes of a digest: of a million images, two others have the same one by a chance of 3e-8."""

FILES, SAMPLES = "bytes of the files", "samples of the files"


class Contents(NamedTuple):
    """Digests of images.

    Args:
        how: what they are digests of; only those of the same can be compared.
        digests: (N,), int64.
    """

    how: str
    digests: NDArray[np.int64]


def of_numbers(kind: str, parts: Iterable[Tensor]) -> Contents:
    """Digests of images that are numbers in memory.

    Args:
        kind: of numbers, as part of ``how``.
        parts: (n, C, H, W) each.
    """
    digests: list[bytes] = []
    shape: tuple[int, ...] = ()
    for part in parts:
        shape = tuple(part.shape[1:])
        rows = np.ascontiguousarray(part.cpu().numpy())
        content, size = rows.data.cast("B"), rows[:1].nbytes
        starts = range(0, len(content), max(size, 1))
        digests += [blake2b(content[n : n + size], digest_size=EACH).digest() for n in starts]
    return Contents(f"{kind}, {shaped(shape)}", _joined(digests))


def whole_numbers(kind: torch.dtype, white: int) -> str:
    """The kind of numbers in ``kind`` whose brightest is ``white``, see ``of_numbers``."""
    return f"{str(kind).removeprefix('torch.')} to {white}"


PIXELS = "pixels"
"""The kind of numbers that are float32, as a source gives them."""


def of_files(files: Iterable[str | Path], sampled: bool = False) -> Contents:
    """Digests of files: of their bytes, or of samples, see ``of_file``."""
    how = SAMPLES if sampled else FILES
    return Contents(how, _joined(of_file(file, sampled) for file in files))


def of_file(file: str | Path, sampled: bool = False) -> bytes:
    """Digest of a file's bytes, or of its size and of blocks that are spread over it."""
    with Path(file).open("rb") as stream:
        if not sampled:
            known = blake2b(digest_size=EACH)
            while block := stream.read(1 << 20):
                known.update(block)
            return known.digest()
        size = stream.seek(0, 2)
        known = blake2b(str(size).encode(), digest_size=EACH)
        for number in range(BLOCKS):
            stream.seek(max(0, size - BLOCK) * number // (BLOCKS - 1))
            known.update(stream.read(BLOCK))
        return known.digest()


def of_picture(how: str, file: Path, pixels: Tensor) -> int | None:
    """Digest of one picture, to be looked for among others.

    Args:
        how: what those are digests of.
        file: the picture.
        pixels: (C, H, W), float32 in [0, 1], as a network takes it.

    Returns:
        None if it cannot be among them: it has another shape.
    """
    if how in (FILES, SAMPLES):
        return int(of_files([file], how == SAMPLES).digests[0])
    kind, _, shape = how.partition(", ")
    if shape != shaped(pixels.shape):
        return None
    whole = re.fullmatch(r"(\w+) to (\d+)", kind)
    if whole is not None:
        pixels = (pixels * int(whole[2])).round().to(getattr(torch, whole[1]))
    return int(of_numbers(kind, [pixels[None]]).digests[0])


def shaped(shape: Iterable[int]) -> str:
    """``3 x 32 x 32``."""
    return " x ".join(map(str, shape))


def _joined(digests: Iterable[bytes]) -> NDArray[np.int64]:
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)
