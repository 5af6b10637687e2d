"""Any folder of class folders."""

import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torchvision.datasets import ImageFolder as TorchvisionImageFolder
from torchvision.datasets.folder import IMG_EXTENSIONS

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.dataset.digest import WHOLE, Contents, of_files
from nas_hydra.dataset.picture import (
    PIXEL_LIMIT,
    RangeError,
    Reading,
    UnreadableError,
    check,
    read,
    resized,
)
from nas_hydra.errors import ConfigError, listing, printable

log = logging.getLogger(__name__)

MOST_SHOWN = 5
"""How many unreadable files a message names."""
MEND = "Mend or remove what cannot be read, or say dataset.broken=skip"


@dataclass(frozen=True, kw_only=True)
class ImageFolder(WholeDataset):
    """``root/CLASS/*.png``, in colour, upright as their EXIF data says, resized to squares.

    Args:
        root: the folder that holds one folder per class.
        size: height and width in pixels to which every image is resized.
        broken: what to do if images cannot be read: ``error``, or ``skip`` to leave them out.
        pixel_limit: images with more pixels count as unreadable, and are not decoded.
        background: colour behind what is transparent: a name, or ``#rrggbb``.
        range: which numbers are black and white where a channel has more than 8 bits; None: 0 and
            65535 of 16 bits, 0 and 1 of floats, and images with other numbers are an error.
    """

    root: str
    size: int
    # Models and runs of earlier versions have no such keys.
    broken: Literal["error", "skip"] = "error"
    pixel_limit: int = field(default=PIXEL_LIMIT, compare=False)
    background: str = "white"
    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        # A list comes from YAML, and an equal dataset must have an equal hash.
        object.__setattr__(self, "range", self.reading.range)

    @property
    def reading(self) -> Reading:
        """What is made of the files."""
        return Reading(self.background, self.range, self.pixel_limit)

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
        unreadable, notes = self._checked([file for file, _ in listed.samples])
        self._check_ranges([one for one in unreadable.values() if isinstance(one, RangeError)])
        kept = [(file, label) for file, label in listed.samples if file not in unreadable]
        if unreadable:
            self._tell(unreadable, len(listed.samples))
            check_classes(listed.classes, {label for _, label in kept})
        tell_others(self.root, listed.classes, {file for file, _ in listed.samples})
        tell_notes(notes)
        files, labels = [file for file, _ in kept], torch.tensor([label for _, label in kept])
        return Files(files, labels, self.size, self.reading)

    def _checked(
        self, files: Sequence[str]
    ) -> tuple[dict[str, UnreadableError], dict[str, Sequence[str]]]:
        """What is wrong with files that cannot be read, and what is not read of the others."""
        unreadable, notes = {}, {}
        for file in files:
            try:
                notes[file] = check(file, self.reading)
            except UnreadableError as error:
                unreadable[file] = error
        return unreadable, notes

    def _check_ranges(self, errors: Sequence[RangeError]) -> None:
        """Make sure that of all numbers is known which are black and white.

        Raises:
            ConfigError: if not, with the numbers that there are.
        """
        if not errors:
            return
        low, high = min(error.low for error in errors), max(error.high for error in errors)
        known = "null" if self.range is None else list(self.range)
        raise ConfigError(
            "dataset.range",
            f"is {known}; {errors[0]}. All {len(errors):,} such images hold numbers from"
            f" {low:.10g} to {high:.10g}. Say dataset.range=[LOW,HIGH], which are black and white",
        )

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


def tell_others(root: str, classes: Sequence[str], known: set[str]) -> None:
    """Say which files of class folders are not taken for images, but for hidden ones."""
    others = [
        file
        for name in classes
        for folder, _, files in os.walk(os.path.join(root, name), followlinks=True)
        for file in (os.path.join(folder, one) for one in files if not one.startswith("."))
        if file not in known
    ]
    if others:
        log.warning(
            "data: %d files in the class folders are left out, since their names do not end as"
            " those of images do (%s): %s",
            *(len(others), " ".join(IMG_EXTENSIONS)),
            listing(map(printable, sorted(others)), MOST_SHOWN),
        )


def tell_notes(notes: Mapping[str, Iterable[str]]) -> None:
    """Say what of the images is not read, and of which; each kind in one line."""
    files = defaultdict(list)
    for file, given in notes.items():
        for note in given:
            files[note].append(printable(file))
    for note, named in files.items():
        log.warning(
            "data: %d of %d images have %s: %s",
            *(len(named), len(notes), note, listing(named, MOST_SHOWN)),
        )


class Files:
    """A source of image files.

    Args:
        files: their paths.
        labels: (N,), int64.
        size: height and width in pixels to which every image is resized.
        reading: what is made of them.
    """

    def __init__(
        self, files: Sequence[str], labels: Tensor, size: int, reading: Reading | None = None
    ) -> None:
        self.labels = labels
        self._files, self._size = files, size
        self._reading = reading or Reading()

    def __getitem__(self, index: Tensor) -> Tensor:
        """Decode the files at these places.

        Raises:
            ConfigError: if one cannot be read.
        """
        return torch.stack([self._read(place) for place in index.tolist()])

    def contents(self, places: Tensor) -> Contents:
        """Digests of the files at these places; of samples of each, if all take much room."""
        return of_files((self._files[place] for place in places.tolist()), self._sampled)

    @cached_property
    def _sampled(self) -> bool:
        return sum(Path(file).stat().st_size for file in self._files) > WHOLE

    def _read(self, place: int) -> Tensor:
        try:
            picture = read(self._files[place], 3, self._reading)
        except UnreadableError as error:
            raise ConfigError("dataset.root", f"{error}. Mend or remove it") from None
        return resized(picture.pixels, self._size, self._size)
