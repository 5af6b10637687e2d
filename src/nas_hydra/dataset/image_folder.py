"""Any folder of class folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.datasets import ImageFolder as TorchvisionImageFolder
from torchvision.datasets.folder import default_loader
from torchvision.transforms import v2

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ImageFolder(WholeDataset):
    """``root/CLASS/*.png``, in colour, resized to squares.

    Args:
        root: the folder that holds one folder per class.
        size: height and width in pixels to which every image is resized.
    """

    root: str
    size: int

    @property
    def class_names(self) -> Sequence[str]:
        """The names of the class folders."""
        return self._listed().classes  # type: ignore[no-any-return]

    def open_all(self) -> "Files":
        """All images.

        Raises:
            ConfigError: if the folder is missing or has no images.
        """
        samples: list[tuple[str, int]] = self._listed().samples
        return Files(
            [file for file, _ in samples], torch.tensor([y for _, y in samples]), self.size
        )

    def _listed(self) -> Any:
        try:
            return TorchvisionImageFolder(self.root)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ConfigError(
                "dataset.root",
                f"{Path(self.root).resolve()} is not a folder of class folders with images:"
                f" {error}. Say dataset.root=FOLDER",
            ) from None


def resize(height: int, width: int) -> v2.Compose:
    """From a picture of Pillow's to pixels (C, height, width), float32 in [0, 1]."""
    to_float = v2.ToDtype(torch.float32, scale=True)
    return v2.Compose([v2.PILToTensor(), v2.Resize((height, width)), to_float])


class Files:
    """A source of image files.

    Args:
        files: their paths.
        labels: (N,), int64.
        size: height and width in pixels to which every image is resized.
    """

    def __init__(self, files: Sequence[str], labels: Tensor, size: int) -> None:
        self.labels = labels
        self._files = files
        self._resize = resize(size, size)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Decode the files at these places.

        Raises:
            ConfigError: if one cannot be read.
        """
        return torch.stack([self._resize(self._read(place)) for place in index.tolist()])

    def _read(self, place: int) -> object:
        file = self._files[place]
        try:
            return default_loader(file)
        except OSError as error:
            raise ConfigError("dataset.root", f"{file} cannot be read: {error}") from None
