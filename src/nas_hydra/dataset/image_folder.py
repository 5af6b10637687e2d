"""Any folder of class folders."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from PIL.Image import Image
from torch import Tensor
from torchvision.datasets import ImageFolder as TorchvisionImageFolder
from torchvision.transforms import v2

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.dataset.digest import WHOLE, Contents, of_files
from nas_hydra.dataset.picture import PIXEL_LIMIT, UnreadableError, check, read
from nas_hydra.errors import ConfigError, listing, printable

log = logging.getLogger(__name__)

MOST_SHOWN = 5
"""How many unreadable files a message names."""
MEND = "Mend or remove what cannot be read, or say dataset.broken=skip"


@dataclass(frozen=True, kw_only=True)
class ImageFolder(WholeDataset):
    """``root/CLASS/*.png``, in colour, resized to squares.

    Args:
        root: the folder that holds one folder per class.
        size: height and width in pixels to which every image is resized.
        broken: what to do if images cannot be read: ``error``, or ``skip`` to leave them out.
        pixel_limit: images with more pixels count as unreadable, and are not decoded.
    """

    root: str
    size: int
    # Models and runs of earlier versions have no such keys.
    broken: Literal["error", "skip"] = "error"
    pixel_limit: int = field(default=PIXEL_LIMIT, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pixel_limit < 1:
            raise ConfigError("dataset.pixel_limit", f"is {self.pixel_limit}; at least 1 is needed")

    @property
    def class_names(self) -> Sequence[str]:
        r"""The names of the class folders; what is not UTF-8 in them is written as ``\xff``."""
        names: list[str] = self._listed().classes
        return [os.fsencode(name).decode("utf-8", "backslashreplace") for name in names]

    def open_all(self) -> "Files":
        """All images, each looked at: no search should end at an image of its last split.

        Raises:
            ConfigError: if the folder is missing, has no images, or holds one that cannot be read.
        """
        listed = self._listed()
        unreadable = {
            error.file: error for file, _ in listed.samples if (error := self._problem(file))
        }
        kept = [(file, label) for file, label in listed.samples if file not in unreadable]
        if unreadable:
            self._tell(unreadable, len(listed.samples))
            check_classes(listed.classes, {label for _, label in kept})
        files, labels = [file for file, _ in kept], torch.tensor([label for _, label in kept])
        return Files(files, labels, self.size, self.pixel_limit)

    def _problem(self, file: str) -> UnreadableError | None:
        try:
            check(file, self.pixel_limit)
        except UnreadableError as error:
            return error
        return None

    def _tell(self, unreadable: Mapping[str, UnreadableError], number: int) -> None:
        """Say which images are left out.

        Raises:
            ConfigError: if none may be.
        """
        if self.broken == "skip":
            log.warning(
                "data: %d of %d images are left out, since they cannot be read: %s",
                *(len(unreadable), number, listing(map(printable, unreadable), MOST_SHOWN)),
            )
            return
        first = "; ".join(str(error) for error in [*unreadable.values()][:MOST_SHOWN])
        more = f"; and {len(unreadable) - MOST_SHOWN:,} more" * (len(unreadable) > MOST_SHOWN)
        raise ConfigError("dataset.root", f"{first}{more}. {MEND}")

    def _listed(self) -> Any:
        try:
            return TorchvisionImageFolder(self.root)
        except OSError as error:
            raise ConfigError(
                "dataset.root",
                f"{Path(self.root).resolve()} is not a folder of class folders with images:"
                f" {error}. Say dataset.root=FOLDER",
            ) from None


def check_classes(names: Sequence[str], left: set[int]) -> None:
    """Make sure that each class still has an image.

    Raises:
        ConfigError: naming those that have none.
    """
    empty = [name for label, name in enumerate(names) if label not in left]
    if empty:
        raise ConfigError(
            "dataset.root",
            f"no image can be read of the class{'es' * (len(empty) > 1)} {listing(empty)}; mend"
            " them, or move the class's folder away",
        )


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
        pixel_limit: images with more pixels are not decoded.
    """

    def __init__(
        self, files: Sequence[str], labels: Tensor, size: int, pixel_limit: int = PIXEL_LIMIT
    ) -> None:
        self.labels = labels
        self._files, self._pixel_limit = files, pixel_limit
        self._resize = resize(size, size)

    def __getitem__(self, index: Tensor) -> Tensor:
        """Decode the files at these places.

        Raises:
            ConfigError: if one cannot be read.
        """
        return torch.stack([self._resize(self._read(place)) for place in index.tolist()])

    def contents(self, places: Tensor) -> Contents:
        """Digests of the files at these places; of samples of each, if all take much room."""
        return of_files((self._files[place] for place in places.tolist()), self._sampled)

    @cached_property
    def _sampled(self) -> bool:
        return sum(Path(file).stat().st_size for file in self._files) > WHOLE

    def _read(self, place: int) -> Image:
        try:
            return read(self._files[place], "RGB", self._pixel_limit)
        except UnreadableError as error:
            raise ConfigError("dataset.root", f"{error}. Mend or remove it") from None
