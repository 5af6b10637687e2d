"""Digests of what rows hold, by which equal ones are known and changed ones are noticed."""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.dataset.tree import Tree, leaves, mapped, rows, told

WHOLE = 2_000_000_000
"""Bytes of a folder's files, 2 GB, up to which each is read whole to tell it from others."""
BLOCKS, BLOCK = 16, 4096
"""Of a file of a larger folder: so many blocks of so many bytes, spread over it, and its size."""
EACH = 8
"""Bytes of a digest: of a million images, two others have the same one by a chance of 3e-8."""

FILES, SAMPLES = "bytes of the files", "samples of the files"


class Contents(NamedTuple):
    """Digests of rows.

    Args:
        how: what they are digests of; only those of the same can be compared.
        digests: (N,), int64.
    """

    how: str
    digests: NDArray[np.int64]


def of_rows(parts: Iterable[Tree], kind: str = "") -> Contents:
    """Digests of rows that are numbers.

    Args:
        parts: (n, ...) each.
        kind: of numbers, as part of ``how``; if it is not said, that of images, or of others.
    """
    digests: list[bytes] = []
    how = kind
    for part in parts:
        digests += _digests(part)
        how = f"{kind or (PIXELS if is_images(part) else NUMBERS)}, {shaped(part)}"
    return Contents(how, _joined(digests))


def _digests(part: Tree) -> Iterator[bytes]:
    """Of each row: of the bytes of all its tensors, one after the other."""
    contents = [_bytes_of(one) for one in leaves(part)]
    for row in range(rows(part)):
        known = blake2b(digest_size=EACH)
        for content, size in contents:
            known.update(content[row * size : (row + 1) * size])
        yield known.digest()


def _bytes_of(tensor: Tensor) -> tuple[memoryview, int]:
    """A tensor's bytes, row by row, and how many each row has."""
    numbers = tensor.cpu().contiguous().view(-1).view(torch.uint8).numpy()
    return numbers.data, tensor[:1].nbytes


def is_images(tree: Tree) -> bool:
    """Whether a tree is a tensor (n, C, H, W) of floats."""
    return isinstance(tree, Tensor) and tree.ndim == 4 and tree.is_floating_point()


def whole_numbers(kind: torch.dtype, white: int) -> str:
    """The kind of numbers in ``kind`` whose brightest is ``white``, see ``of_rows``."""
    return f"{str(kind).removeprefix('torch.')} to {white}"


PIXELS, NUMBERS = "pixels", "numbers"
"""The kind of numbers that are as a source gives them: of images, and of others."""


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
    if shape != shaped(pixels[None]):
        return None
    whole = re.fullmatch(r"(\w+) to (\d+)", kind)
    if whole is not None:
        pixels = (pixels * int(whole[2])).round().to(getattr(torch, whole[1]))
    return int(of_rows([pixels[None]], kind).digests[0])


def shaped(tree: Tree) -> str:
    """How large each row is: ``3 x 32 x 32``; of several tensors also what they are called."""
    if isinstance(tree, Tensor):
        return " x ".join(map(str, tree.shape[1:]))
    return told(mapped(lambda one: one[:1], tree))


def _joined(digests: Iterable[bytes]) -> NDArray[np.int64]:
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)
