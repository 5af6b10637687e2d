"""Which images a split has: what a record keeps of them, and how others differ."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.dataset.contents import Contents, of_rows
from nas_hydra.dataset.source import Source, contents, target_of
from nas_hydra.dataset.tree import Tree, is_classes, taken
from nas_hydra.small_file import replace

FILE = "examples.npz"
"""Where the folder of a run, or of a model, keeps the digests of its images."""
SPLITS = ("training", "validation")
"""What a search's splits are called."""

SPREAD = np.int64(0x5851F42D4C957F2D)
"""An odd number, by whose multiples labels are mixed into digests."""


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


def examples(source: Source, places: Tensor, inputs: Tree = None) -> Examples:
    """The rows at these places of a source.

    Args:
        source: of all rows.
        places: (N,).
        inputs: (N, ...), what the source gives there, if that is in memory already.
    """
    return Examples(contents(source, places, inputs), numbered(taken(target_of(source), places)))


def numbered(target: Tree) -> NDArray[np.int64]:
    """(N,), by which equal targets are known: labels of classes themselves, of others digests."""
    if is_classes(target):
        return np.asarray(target.numpy(), "i8")
    return of_rows([target], "target").digests


def difference(then: Examples, now: Examples, name: str) -> str:
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


def save(file: Path, splits: Mapping[str, Examples]) -> None:
    """Write several splits, each under its name, in one step."""
    arrays: dict[str, Any] = {}
    for name, one in splits.items():
        arrays[f"{name}.how"] = np.array(one.contents.how)
        arrays[f"{name}.contents"] = one.contents.digests
        arrays[f"{name}.labels"] = one.labels
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    replace(file, stream.getvalue())


def read(file: Path) -> dict[str, Examples]:
    """What ``save`` wrote; empty if it is not there, or damaged."""
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
    """A split that was read.

    Raises:
        ValueError: if it is none of ours.
    """
    digests, labels = arrays[f"{name}.contents"], arrays[f"{name}.labels"]
    if digests.shape != (len(labels),) or labels.ndim != 1 or digests.dtype != labels.dtype:
        raise ValueError(f"{name} is no list of images")
    return Examples(Contents(str(arrays[f"{name}.how"]), digests.astype("i8")), labels.astype("i8"))
