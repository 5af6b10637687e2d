"""What a folder of images and masks holds: which mask is whose, and which numbers it is made of."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.ExifTags import Base
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import resize

from nas_hydra.dataset.images.depth import raw_mode
from nas_hydra.dataset.images.files import (
    SPLITS,
    files_in,
    is_image,
    split_folders,
    subfolders,
    tell_left_out,
)
from nas_hydra.dataset.images.picture import (
    FACTORS,
    PIXEL_LIMIT,
    Decoding,
    UnreadableError,
    opened,
    read_picture,
)
from nas_hydra.errors import ConfigError, listing, nearest, printable

IGNORE = 255
"""What a target holds where the class is not known, whatever number the files have for that."""
NUMBERS = ("1", "P", "L", "I", "I;16", "I;16B", "I;16L")
"""Pillow's names of pixels that are one whole number each."""


class Pair(NamedTuple):
    """An image file, the file of its mask, and its split's place in ``SPLITS``."""

    image: str
    mask: str
    split: int


@dataclass(frozen=True)
class MaskFolders:
    """Where images and masks lie.

    Args:
        root: the folder that was named.
        splits: split -> the folder that holds both; of images without splits, only one.
        images: name of the folder of images in it.
        masks: name of the folder of masks.
    """

    root: str
    splits: Mapping[str, str]
    images: str
    masks: str

    @property
    def divided(self) -> bool:
        """Whether the images come in splits."""
        return len(self.splits) > 1

    def pairs(self) -> list[Pair]:
        """All images with their masks, by split, folder and name.

        Raises:
            ConfigError: naming an image that has no mask, or has two.
        """
        found = [pair for split in self.splits for pair in self._pairs_of(split)]
        if not found:
            raise ConfigError("dataset.root", f"{self.root} holds no images in {self.images}")
        return found

    def _pairs_of(self, split: str) -> Iterator[Pair]:
        """Those of one split, by what is left of a file's name without its ending."""
        images, masks = (
            self._by_stem(os.path.join(self.splits[split], name))
            for name in (self.images, self.masks)
        )
        for stem, files in masks.items():
            if len(files) > 1 and stem in images:
                raise ConfigError("dataset.root", f"has two masks of one image: {listing(files)}")
        lacking = [stem for stem in images if stem not in masks]
        if lacking:
            raise ConfigError("dataset.root", self._lacking(images, masks, lacking))
        for stem, files in images.items():
            yield from (Pair(file, masks[stem][0], SPLITS.index(split)) for file in files)

    def _by_stem(self, folder: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for file in filter(is_image, files_in(folder)):
            found.setdefault(os.path.splitext(os.path.relpath(file, folder))[0], []).append(file)
        return found

    def _lacking(
        self,
        images: Mapping[str, Sequence[str]],
        masks: Mapping[str, Sequence[str]],
        stems: Sequence[str],
    ) -> str:
        """Which images have no mask."""
        first = self.short(images[stems[0]][0])
        several = f" ({len(stems):,} of {len(images):,} images have none)" * (len(stems) > 1)
        wanted = f"a file in {self.masks} with the same name, whatever its ending"
        hint = nearest(stems[0], masks)
        return f"the image {first} has no mask{several}; wanted is {wanted}{hint}"

    def tell(self) -> None:
        """Say what of the folder is left out."""
        for folder in self.splits.values():
            images, masks = (
                self._by_stem(os.path.join(folder, name)) for name in (self.images, self.masks)
            )
            alone = (masks[stem][0] for stem in masks if stem not in images)
            tell_left_out(alone, "mask%s without an image", "")

    def short(self, file: str) -> str:
        """A file's path below the root."""
        return printable(os.path.relpath(file, self.root))

    def in_words(self) -> str:
        """``120 images with masks``, and how many for what."""
        splits = [pair.split for pair in self.pairs()]
        parts = [f"{splits.count(SPLITS.index(split)):,} for {split}" for split in self.splits]
        return f"{len(splits):,} images with masks" + f", {', '.join(parts)}" * self.divided


def find_mask_folders(root: str, images: str, masks: str) -> MaskFolders:
    """Look for folders of images and of masks, side by side.

    Args:
        root: holds both, or a folder for each split that does.
        images: name of the folder of images.
        masks: name of the folder of masks.

    Raises:
        ConfigError: if they are not there.
    """
    where = os.path.expanduser(root).rstrip("/") or "/"
    if not os.path.isdir(where):
        what = "is a file (unpack it first)" if os.path.exists(where) else "is not there"
        raise ConfigError(
            "dataset.root", f"{Path(where).resolve()} {what}. {_wanted(images, masks)}"
        )

    def both(folder: str) -> bool:
        return all(os.path.isdir(os.path.join(folder, name)) for name in (images, masks))

    if both(where):
        return MaskFolders(where, {SPLITS[0]: where}, images, masks)
    named = split_folders(where)
    splits = {
        split: [path for name in named.get(split, ()) if both(path := os.path.join(where, name))]
        for split in SPLITS
    }
    several = [split for split, folders in splits.items() if len(folders) > 1]
    if several:
        problem = f"has several folders for {several[0]}: {listing(splits[several[0]])}. Leave one"
        raise ConfigError("dataset.root", problem)
    if not splits[SPLITS[0]]:
        there = f"it holds the folders {listing(subfolders(where))}"
        problem = f"{Path(where).resolve()} holds no {images} and {masks}; {there}"
        raise ConfigError("dataset.root", f"{problem}. {_wanted(images, masks)}")
    found = {split: folders[0] for split, folders in splits.items() if folders}
    return MaskFolders(where, found, images, masks)


def _wanted(images: str, masks: str) -> str:
    return (
        f"Wanted is ROOT/{images}/1.jpg with ROOT/{masks}/1.png, or these in ROOT/train,"
        " ROOT/val and ROOT/test; dataset.images and dataset.masks say other names"
    )


def read_mask(file: str, pixel_limit: int = PIXEL_LIMIT) -> Tensor:
    """The numbers of a mask (H, W), int64: of a palette its places, and no colours.

    Raises:
        UnreadableError: if it is none, or its pixels are colours.
    """
    with opened(file, pixel_limit) as picture:
        raw, mode = raw_mode(picture), picture.mode
        picture.load()
        numbers: NDArray[np.generic] = np.asarray(picture)
    if mode not in NUMBERS:
        numbers = _grey(file, mode, numbers)
    # Pillow makes 8 bits of grey with 2 and 4.
    return torch.from_numpy(numbers.astype("i8")) // FACTORS.get(raw, 1)


def _grey(file: str, mode: str, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
    """One channel of several that are the same, as some programs write grey."""
    colours = pixels[..., :3] if mode in ("RGB", "RGBA") else None
    if colours is None or (colours != colours[..., :1]).any():
        what = f"its pixels are colours (mode {mode}), and no numbers of classes"
        raise UnreadableError(file, f"{what}; save it as grey, or with a palette")
    return colours[..., 0]


def fits(image: str, mask: Tensor, decoding: Decoding) -> tuple[int, int] | None:
    """Width and height of an image, if they are not those of its mask; upright, as it is read."""
    height, width = mask.shape
    with opened(image, decoding.pixel_limit) as picture:
        turned = False
        with suppress(Exception):  # damaged EXIF says nothing
            turned = Base.Orientation in picture.getexif()
        if picture.size == (width, height) and not turned:
            return None
    own = read_picture(image, 3, decoding).pixels.shape
    return None if own[1:] == mask.shape else (own[2], own[1])


def resized_mask(mask: Tensor, size: int) -> Tensor:
    """(H, W) to (size, size): each pixel is that of the mask that is nearest to its middle."""
    found: Tensor = resize(mask[None], [size, size], InterpolationMode.NEAREST_EXACT)
    return found[0]
