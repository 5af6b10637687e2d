"""MNIST and its relatives, also from plain IDX files."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nas_hydra.dataset.choosing import Part
from nas_hydra.dataset.source import Bytes, Source
from nas_hydra.dataset.torchvision import TorchvisionDataset, channels_first
from nas_hydra.errors import ConfigError, in_one_line

UNSIGNED_BYTES = 8
PREFIXES: dict[Part, str] = {"development": "train", "test": "t10k"}


@dataclass(frozen=True, kw_only=True)
class Mnist(TorchvisionDataset):
    """A dataset in MNIST's format.

    ``root`` may also hold the four IDX files themselves, compressed or not, as in Debian's
    package ``dataset-fashion-mnist``.
    """

    def open(self, part: Part) -> Source:
        """Read a part."""
        pixels = _idx_file(self.root, f"{PREFIXES[part]}-images-idx3-ubyte")
        labels = _idx_file(self.root, f"{PREFIXES[part]}-labels-idx1-ubyte")
        if pixels is None or labels is None:
            return super().open(part)
        return Bytes(channels_first(read_idx(pixels)), torch.from_numpy(read_idx(labels)).long())


def _idx_file(root: str, name: str) -> Path | None:
    """The file of that name in the folder, compressed or not; None if there is none."""
    found = [file for ending in ("", ".gz") if (file := Path(root, name + ending)).is_file()]
    return found[0] if found else None


def read_idx(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The array of an IDX file of bytes (LeCun et al. 1998).

    Raises:
        ConfigError: if it is damaged, as one that was cut is.
    """
    try:
        return _array(file)
    except Exception as error:  # gzip, zlib and numpy have each their own
        raise ConfigError("dataset.root", f"{file} cannot be read: {in_one_line(error)}") from error


def _array(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    kind, dimensions = content[2:4]
    if kind != UNSIGNED_BYTES:
        raise ValueError(f"its numbers are of type 0x{kind:02x}, not bytes (0x08)")
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()
