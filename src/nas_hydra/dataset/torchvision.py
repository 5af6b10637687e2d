"""Datasets that torchvision knows and can download."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision.datasets

from nas_hydra.dataset.base import ImageDataset
from nas_hydra.dataset.choosing import Part
from nas_hydra.dataset.source import Bytes, Source
from nas_hydra.errors import ConfigError, listing, nearest

PARTS: dict[str, Callable[[Part], dict[str, Any]]] = {
    "SVHN": lambda part: {"split": "test" if part == "test" else "train"},
    **dict.fromkeys(
        ("CIFAR10", "CIFAR100", "FashionMNIST", "KMNIST", "MNIST"),
        lambda part: {"train": part != "test"},
    ),
}
"""How each dataset is told which part to read."""


@dataclass(frozen=True, kw_only=True)
class TorchvisionDataset(ImageDataset):
    """A dataset of ``torchvision.datasets`` with its own test split.

    Args:
        name: of the class in ``torchvision.datasets``.
        root: the folder that holds it.
        download: fetch it into ``root`` if it is not there.
    """

    name: str
    root: str
    download: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name not in PARTS:
            hint = nearest(self.name, PARTS)
            raise ConfigError("dataset.name", f"is '{self.name}'; allowed: {listing(PARTS)}{hint}")

    @property
    def class_names(self) -> Sequence[str]:
        """As torchvision has them; of some only once the files are read."""
        known = getattr(torchvision.datasets, self.name)
        if not hasattr(known, "classes") and self.name.startswith("CIFAR"):
            known = known(self.root, **PARTS[self.name]("test"))
        return list(getattr(known, "classes", super().class_names))

    def open(self, part: Part) -> Source:
        """Read a part, downloading the dataset first where that is needed and allowed."""
        try:
            return self._read(self.root, part)
        except RuntimeError:  # how torchvision says that the files are not there
            self._fetch()
            return self._read(self.root, part)

    def _read(self, root: str, part: Part, download: bool = False) -> Bytes:
        dataset_class = getattr(torchvision.datasets, self.name)
        read = dataset_class(root, download=download, **PARTS[self.name](part))
        labels = read.labels if hasattr(read, "labels") else read.targets
        return Bytes(channels_first(np.asarray(read.data)), torch.as_tensor(labels).long())

    def _fetch(self) -> None:
        """Download both parts elsewhere first, so that a failure leaves nothing behind."""
        place = Path(self.root).absolute()
        missing = f"there is no {self.name} in {place}"
        if not self.download:
            raise ConfigError(
                "dataset.root",
                f"{missing}. Say dataset.root=FOLDER, or dataset.download=true to fetch it",
            )
        with tempfile.TemporaryDirectory() as folder:
            try:
                self._read(folder, "development", download=True)
                self._read(folder, "test", download=True)
            except (RuntimeError, OSError) as error:
                raise ConfigError(
                    "dataset.root",
                    f"{missing}, and it cannot be downloaded ({str(error).splitlines()[0]})."
                    " Put it there, or say dataset.root=FOLDER",
                ) from error
            shutil.copytree(folder, place, dirs_exist_ok=True)


def channels_first(data: np.ndarray[Any, Any]) -> torch.Tensor:
    """(N, H, W), (N, H, W, C) or (N, C, H, W) to (N, C, H, W)."""
    pixels = torch.from_numpy(data)
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    elif pixels.shape[-1] == 3:
        pixels = pixels.permute(0, 3, 1, 2)
    return pixels
