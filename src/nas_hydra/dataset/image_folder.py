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

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.dataset.examples import WHOLE, Contents, file_row_digests
from nas_hydra.dataset.images.class_folders import ClassFolders, find_class_folders
from nas_hydra.dataset.images.files import MOST_SHOWN, headers
from nas_hydra.dataset.images.picture import (
    PIXEL_LIMIT,
    Decoding,
    RangeError,
    UnreadableError,
    check_picture,
    read_picture,
    resized,
)
from nas_hydra.dataset.source import Given, Selection, Source, target_of
from nas_hydra.errors import ConfigError, listing, printable

log = logging.getLogger(__name__)

MEND = "Mend or remove what cannot be read, or say dataset.broken=skip"


@dataclass(frozen=True, kw_only=True)
class ImageFolder(WholeDataset):
    """``root/CLASS/*.png``, in colour, upright as their EXIF data says, resized to squares.

    Where the class folders lie in folders for training, validation and test, these are the splits;
    of one that is not there, images are set aside from those for training.

    Args:
        root: the folder that holds one folder per class, or the splits.
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
        object.__setattr__(self, "range", self.decoding.range)

    @property
    def decoding(self) -> Decoding:
        """What is made of the files."""
        return Decoding(self.background, self.range, self.pixel_limit)

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """How many classes there are, and the size that fits the images; a line tells of them."""
        root, size = given.get("root"), given.get("size")
        if not isinstance(root, str):  # candidates may differ in it
            return {}
        folders = _folders(root)
        seen = headers([sample.file for sample in folders.samples])
        size = seen.size if size is None else size
        log.info("data: %s, %s", folders.in_words(), seen.sentence(size))
        answers = {"num_classes": len(folders.classes), "size": size}
        return {name: answer for name, answer in answers.items() if given.get(name) is None}

    @property
    def class_names(self) -> Sequence[str]:
        r"""The names of the class folders; what is not UTF-8 in them is written as ``\xff``."""
        names = _folders(self.root).classes
        return [os.fsencode(name).decode("utf-8", "backslashreplace") for name in names]

    def open_all(self) -> "Files":
        """All images, each looked at: no search should end at an image of its last split.

        Raises:
            ConfigError: if the folder is missing, has no images, or holds one that cannot be read.
        """
        folders = _folders(self.root)
        unreadable, notes = self._checked([sample.file for sample in folders.samples])
        self._check_ranges([one for one in unreadable.values() if isinstance(one, RangeError)])
        kept = [sample for sample in folders.samples if sample.file not in unreadable]
        if unreadable:
            self._tell(unreadable, len(folders.samples))
            folders.check_left(kept)
        folders.tell()
        tell_notes(notes)
        files, labels, splits = zip(*kept, strict=True)
        given = torch.tensor(splits) if folders.divided else None
        return Files(files, torch.tensor(labels), self.size, self.decoding, given)

    def parted(self, source: Source) -> tuple[Source, Source]:
        """As the folders say; what they do not have is set aside as of images without splits."""
        splits = source.splits if isinstance(source, Files) else None
        if splits is None:
            return super().parted(source)
        train, valid, test = (torch.nonzero(splits == place).flatten() for place in range(3))
        self._tell_given({"validation": valid, "holdout": test})
        if not len(test):
            labels = target_of(source)[train]
            self.check_enough(labels, ("training", "testing"))
            rest, chosen = self.split.parted(labels, self.holdout, self.seed, "dataset.holdout")
            train, test = train[rest], train[chosen]
        development = Given(source, train, valid) if len(valid) else Selection(source, train)
        return development, Selection(source, test)

    def _tell_given(self, places: Mapping[str, Tensor]) -> None:
        """Say which settings of splits are not used, since the folders say it."""
        names = {"validation": "validation", "holdout": "test"}
        given = [key for key, found in places.items() if len(found)]
        told = [
            f"the {' and '.join(names[key] for key in given)} images are those of their folders"
            f" ({' and '.join(f'dataset.{key}' for key in given)} not used)"
        ]
        told += [
            f"{getattr(self, key):.0%} of the training images become {names[key]} images"
            f" (dataset.{key})"
            for key in names
            if key not in given
        ]
        log.info("data: %s", "; ".join(told))

    def _checked(
        self, files: Sequence[str]
    ) -> tuple[dict[str, UnreadableError], dict[str, Sequence[str]]]:
        """What is wrong with files that cannot be read, and what is not read of the others."""
        unreadable, notes = {}, {}
        for file in files:
            try:
                notes[file] = check_picture(file, self.decoding)
            except UnreadableError as error:
                unreadable[file] = error
        return unreadable, notes

    def _check_ranges(self, errors: Sequence[RangeError]) -> None:
        """Make sure that of all numbers is known which are black and white."""
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
        """Say which images are left out."""
        if self.broken == "skip":
            log.warning(
                "data: %d of %d images are left out, since they cannot be read: %s",
                *(len(unreadable), number, listing(map(printable, unreadable), MOST_SHOWN)),
            )
            return
        first = "; ".join(str(error) for error in [*unreadable.values()][:MOST_SHOWN])
        more = f"; and {len(unreadable) - MOST_SHOWN:,} more" * (len(unreadable) > MOST_SHOWN)
        raise ConfigError("dataset.root", f"{first}{more}. {MEND}")


def _folders(root: str) -> ClassFolders:
    """What lies below a folder."""
    try:
        folders = find_class_folders(root)
        _ = folders.samples
    except OSError as error:
        problem = f"{error.filename or root} cannot be read: {error.strerror or error}"
        raise ConfigError("dataset.root", problem) from None
    return folders


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
        decoding: what is made of them.
        splits: (N,), places in ``SPLITS``; None if they come without.
    """

    def __init__(
        self,
        files: Sequence[str],
        labels: Tensor,
        size: int,
        decoding: Decoding | None = None,
        splits: Tensor | None = None,
    ) -> None:
        self.labels, self.splits = labels, splits
        self._files, self._size = files, size
        self._decoding = decoding or Decoding()

    def __getitem__(self, index: Tensor) -> Tensor:
        """Decode the files at these places.

        Raises:
            ConfigError: if one cannot be read.
        """
        return torch.stack([self._read(place) for place in index.tolist()])

    def contents(self, places: Tensor) -> Contents:
        """Digests of the files at these places; of samples of each, if all take much room."""
        return file_row_digests((self._files[place] for place in places.tolist()), self._sampled)

    @cached_property
    def _sampled(self) -> bool:
        return sum(Path(file).stat().st_size for file in self._files) > WHOLE

    def _read(self, place: int) -> Tensor:
        try:
            picture = read_picture(self._files[place], 3, self._decoding)
        except UnreadableError as error:
            raise ConfigError("dataset.root", f"{error}. Mend or remove it") from None
        return resized(picture.pixels, self._size, self._size)
