"""Which rows a split has, each by a digest: what a record keeps, and how others differ."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.dataset.tree import Tree, form_of, is_images, leaves, number_of_rows, tree_map
from nas_hydra.files.small_file import replace

WHOLE = 2_000_000_000
"""Bytes of a folder's files, 2 GB, up to which each is read whole to tell it from others."""
BLOCKS, BLOCK = 16, 4096
"""Of a file of a larger folder: so many blocks of so many bytes, spread over it, and its size."""
EACH = 8
"""Bytes of a digest: of a million images, two others have the same one by a chance of 3e-8."""

FILES, SAMPLES = "bytes of the files", "samples of the files"

PIXELS, NUMBERS = "pixels", "numbers"
"""The kind of numbers that are as a source gives them: of images, and of others."""
FILE = "examples.npz"
"""Where the folder of a run, or of a model, keeps the digests of its images."""
SPLITS = ("training", "validation")
"""What a search's splits are called."""
SPREAD = np.int64(0x5851F42D4C957F2D)
"""An odd number, by whose multiples labels are mixed into digests."""


class Contents(NamedTuple):
    """Digests of rows.

    Args:
        how: what they are digests of; only those of the same can be compared.
        digests: (N,), int64.
    """

    how: str
    digests: NDArray[np.int64]


def digests_of_rows(parts: Iterable[Tree], kind: str = "") -> Contents:
    """Digests of rows that are numbers.

    Args:
        parts: (n, ...) each.
        kind: of numbers, as part of ``how``; if it is not said, that of images, or of others.
    """
    digests: list[bytes] = []
    how = kind
    for part in parts:
        digests += _digests(part)
        how = f"{kind or (PIXELS if is_images(part) else NUMBERS)}, {_shaped(part)}"
    return Contents(how, _joined(digests))


def _digests(part: Tree) -> Iterator[bytes]:
    """Of each row: of the bytes of all its tensors, one after the other."""
    contents = [_bytes_of(one) for one in leaves(part)]
    for row in range(number_of_rows(part)):
        known = blake2b(digest_size=EACH)
        for content, size in contents:
            known.update(content[row * size : (row + 1) * size])
        yield known.digest()


def _bytes_of(tensor: Tensor) -> tuple[memoryview, int]:
    """A tensor's bytes, row by row, and how many each row has."""
    numbers = tensor.cpu().contiguous().view(-1).view(torch.uint8).numpy()
    return numbers.data, tensor[:1].nbytes


def whole_numbers_to(kind: torch.dtype, white: int) -> str:
    """The kind of numbers in ``kind`` whose brightest is ``white``, see ``digests_of_rows``."""
    return f"{str(kind).removeprefix('torch.')} to {white}"


def file_row_digests(files: Iterable[str | Path], sampled: bool = False) -> Contents:
    """Digests of files: of their bytes, or of samples, see ``file_row_digest``."""
    how = SAMPLES if sampled else FILES
    return Contents(how, _joined(file_row_digest(file, sampled) for file in files))


def file_row_digest(file: str | Path, sampled: bool = False) -> bytes:
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


def digest_of_picture(how: str, file: Path, pixels: Tensor) -> int | None:
    """Digest of one picture, to be looked for among others.

    Args:
        how: what those are digests of.
        file: the picture.
        pixels: (C, H, W), float32 in [0, 1], as a network takes it.

    Returns:
        None if it cannot be among them: it has another shape.
    """
    if how in (FILES, SAMPLES):
        return int(file_row_digests([file], how == SAMPLES).digests[0])
    kind, _, shape = how.partition(", ")
    if shape != _shaped(pixels[None]):
        return None
    whole = re.fullmatch(r"(\w+) to (\d+)", kind)
    if whole is not None:
        pixels = (pixels * int(whole[2])).round().to(getattr(torch, whole[1]))
    return int(digests_of_rows([pixels[None]], kind).digests[0])


def _shaped(tree: Tree) -> str:
    """How large each row is: ``3 x 32 x 32``; of several tensors also what they are called."""
    if isinstance(tree, Tensor):
        return " x ".join(map(str, tree.shape[1:]))
    return form_of(tree_map(lambda one: one[:1], tree))


def _joined(digests: Iterable[bytes]) -> NDArray[np.int64]:
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)


@dataclass(frozen=True, eq=False)
class Examples:
    """The images of a split, in their order.

    Args:
        contents: of each.
        labels: (N,), int64; digests of what is to be told, where that is no class.
    """

    contents: Contents
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of images."""
        return len(self.labels)

    @cached_property
    def digest(self) -> str:
        """Of them all: another image, label or order gives another one."""
        how, digests = self.contents
        parts = (how.encode(), digests.tobytes(), self.labels.tobytes())
        return sha256(b"\0".join(parts)).hexdigest()[:16]

    @cached_property
    def pairs(self) -> NDArray[np.int64]:
        """(N,), equal for equal images of one label."""
        with np.errstate(over="ignore"):
            return self.contents.digests + (self.labels + 1) * SPREAD

    def comparable(self, other: "Examples") -> bool:
        """Whether equal images have equal digests in both."""
        return self.contents.how == other.contents.how

    def among(self, other: "Examples") -> NDArray[np.bool_]:
        """(N,), which of these images are among the others too, under whatever label."""
        return np.isin(self.contents.digests, other.contents.digests)

    def without(self, other: "Examples") -> int:
        """How many of these images, with their labels, the others do not have."""
        return int((~np.isin(self.pairs, other.pairs)).sum())


def split_difference(then: Examples, now: Examples, name: str) -> str:
    """How a split differs from what it was, in words; empty if it does not.

    Args:
        then: what it was.
        now: what it is.
        name: what its images are: ``training``.
    """
    if then.digest == now.digest:
        return ""
    if len(then) != len(now):
        return f"it had {len(then):,} {name} images, and has {len(now):,}"
    if not then.comparable(now):
        return f"its {name} images are of another kind ({now.contents.how})"
    before, after = (np.unique(one.pairs, return_counts=True) for one in (then, now))
    _, here, there = np.intersect1d(before[0], after[0], return_indices=True)
    changed = len(now) - int(np.minimum(before[1][here], after[1][there]).sum())
    if not changed:
        return f"its {len(now):,} {name} images are in another order"
    return f"{changed:,} of {len(now):,} {name} images are others, or of other classes"


def save_examples(file: Path, splits: Mapping[str, Examples]) -> None:
    """Write several splits, each under its name, in one step."""
    arrays: dict[str, Any] = {}
    for name, one in splits.items():
        arrays[f"{name}.how"] = np.array(one.contents.how)
        arrays[f"{name}.contents"] = one.contents.digests
        arrays[f"{name}.labels"] = one.labels
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    replace(file, stream.getvalue())


def read_examples(file: Path) -> dict[str, Examples]:
    """What ``save_examples`` wrote; empty if it is not there, or damaged."""
    try:
        with zipfile.ZipFile(file) as parts:
            if sum(part.file_size for part in parts.infolist()) > file.stat().st_size:
                return {}  # nothing of ours is compressed, and a bomb is
        with np.load(file, allow_pickle=False) as arrays:
            return {
                name: _split(arrays, name) for name in {one.partition(".")[0] for one in arrays}
            }
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile):
        return {}


def _split(arrays: Mapping[str, NDArray[Any]], name: str) -> Examples:
    """A split that was read."""
    digests, labels = arrays[f"{name}.contents"], arrays[f"{name}.labels"]
    if digests.shape != (len(labels),) or labels.ndim != 1 or digests.dtype != labels.dtype:
        raise ValueError(f"{name} is no list of images")
    return Examples(Contents(str(arrays[f"{name}.how"]), digests.astype("i8")), labels.astype("i8"))


class NotedRows:
    """The rows of a search, each by a digest.

    Args:
        counts: how many there are, see ``Splits``.
        splits: those that it trains on, and those that it measures on.
    """

    def __init__(self, counts: Sequence[int], splits: tuple[Examples, Examples]) -> None:
        self._counts = list(counts)
        self._splits = dict(zip(SPLITS, splits, strict=True))

    @property
    def data(self) -> Mapping[str, Any]:
        """How many rows each class has, and digests of the splits."""
        return {"counts": self._counts} | self.identity

    @property
    def identity(self) -> dict[str, str]:
        """Digests of the training and the validation split."""
        return {name: one.digest for name, one in self._splits.items()}

    def save(self, folder: Path) -> None:
        """Keep a digest of every row in a folder."""
        save_examples(folder / FILE, self._splits)

    def changed(self, folder: Path) -> str:
        """How the rows differ from those that are kept in a folder; empty if it has none."""
        then, now = read_examples(folder / FILE), self._splits
        found = (split_difference(then[name], now[name], name) for name in now if name in then)
        return "; ".join(filter(None, found))
