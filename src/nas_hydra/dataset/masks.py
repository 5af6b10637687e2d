"""Images with masks: a class for each pixel."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nas_hydra.dataset.augment import Augmentation, PerImage
from nas_hydra.dataset.base import Dataset
from nas_hydra.dataset.check import check_rows
from nas_hydra.dataset.choosing import Choosing
from nas_hydra.dataset.image_folder import Files, ImageFolder, tell_notes
from nas_hydra.dataset.images.files import headers
from nas_hydra.dataset.images.masks import (
    IGNORE,
    MaskFolders,
    Pair,
    find_mask_folders,
    fits,
    read_mask,
    resized_mask,
)
from nas_hydra.dataset.images.picture import RangeError, UnreadableError
from nas_hydra.dataset.loading import Splits
from nas_hydra.dataset.source import Source
from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.tree import Example, Tree
from nas_hydra.errors import ConfigError, listing, printable

log = logging.getLogger(__name__)

MOST = 64
"""More numbers than these are hardly classes, unless somebody says how many there are."""
MOST_TOLD = 12
"""How many numbers a line names."""


class Aligned:
    """Changes images and masks together, so that each pixel keeps its class.

    What comes in from outside of an image, or is blanked, has no class.

    Args:
        augment: of images, whose transforms decide for each image.

    Raises:
        ConfigError: if a transform is another one, which would leave the masks where they are.
    """

    def __init__(self, augment: Augmentation) -> None:
        other = [type(one).__name__ for one in augment.transforms if not isinstance(one, PerImage)]
        if other:
            problem = f"has {listing(other)}, which would not change the masks as it does images"
            raise ConfigError("dataset.augment", f"{problem}; allowed: flip, crop_flip, cutout")
        self._augment = augment

    def __call__(self, images: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Images (N, C, H, W) and masks (N, H, W), changed alike."""
        if not self._augment.transforms:
            return images, masks
        # A mask is one more channel, where 0, which is what comes in, stands for no class.
        both = torch.cat([images, (masks - IGNORE).unsqueeze(1).to(images)], dim=1)
        changed, _ = self._augment(both, masks)
        return changed[:, :-1], changed[:, -1].to(masks) + IGNORE


@dataclass(frozen=True, kw_only=True)
class Masks(ImageFolder):
    """``root/images/*.jpg`` with ``root/masks/*.png`` of the same names, resized to squares.

    Where both lie in folders for training, validation and test, these are the splits. A mask is a
    grey picture, or one with a palette: its numbers tell the classes. A target is (H, W), int64.

    Args:
        images: name of the folder of images.
        masks: name of the folder of masks.
        values: the numbers in the masks that are classes, in their order.
        ignore: the number of pixels that are of no class; None if there is none.
        names: of the classes, in the order of ``values``; None: these numbers.
        target_kind: what the task takes: ``masks``.
    """

    values: Sequence[int]
    images: str = "images"
    masks: str = "masks"
    ignore: int | None = IGNORE
    names: Sequence[str] | None = None
    target_kind: str | None = None
    split: Splitter = field(default_factory=Random)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "augment", Aligned(self.augment))
        if len(self.values) != self.num_classes or len({*self.values}) < len(self.values):
            problem = f"is {list(self.values)}; {self.num_classes} different numbers are needed"
            raise ConfigError("dataset.values", f"{problem}, as dataset.num_classes says")
        if not 2 <= self.num_classes <= IGNORE:
            problem = f"is {self.num_classes}; allowed: 2 to {IGNORE}"
            raise ConfigError("dataset.num_classes", problem)
        if self.names is not None:
            object.__setattr__(self, "names", tuple(self.names))
            if len(self.names) != self.num_classes:
                problem = f"has {len(self.names)} names for {self.num_classes} classes"
                raise ConfigError("dataset.names", problem)

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The numbers in the masks, how many classes that makes, and the size that fits."""
        _check_kind(given.get("target_kind"))
        named = [given.get(name) for name in ("root", "images", "masks")]
        if not all(isinstance(one, str) for one in named):  # candidates may differ in it
            return {}
        folders = find_mask_folders(*map(str, named))
        pairs = folders.pairs()
        seen = headers([pair.image for pair in pairs])
        size = seen.size if given.get("size") is None else given["size"]
        values = given.get("values")
        if values is None:
            values = _values(pairs, folders, given)
        told = folders.in_words(), seen.sentence(size), _classes_told(values)
        log.info("data: %s, %s; %s", *told)
        answers = {"num_classes": len(values), "size": size, "values": list(values)}
        return {name: answer for name, answer in answers.items() if given.get(name) is None}

    @property
    def class_names(self) -> Sequence[str]:
        """As they were given; else the numbers that the masks have for them."""
        return list(self.names or map(str, self.values))

    @property
    def example(self) -> Example:
        """Two empty images, all of whose pixels are of the first class; nothing is loaded."""
        _, height, width = self.input_shape
        images = torch.zeros(2, *self.input_shape)
        return Example(images, torch.zeros(2, height, width, dtype=torch.int64))

    def open_all(self) -> Files:
        """All images, each looked at, with their masks, which are read.

        Raises:
            ConfigError: if a file is missing or cannot be read, if a mask is of another size than
                its image, or holds numbers that are no classes.
        """
        folders = find_mask_folders(self.root, self.images, self.masks)
        pairs = folders.pairs()
        unreadable, notes = self._checked([pair.image for pair in pairs])
        self._check_ranges([one for one in unreadable.values() if isinstance(one, RangeError)])
        if unreadable:
            self._tell(unreadable, len(pairs))
            pairs = [pair for pair in pairs if pair.image not in unreadable]
        folders.tell()
        tell_notes({pair.image: notes[pair.image] for pair in pairs})
        masks = torch.stack([self._mask(pair) for pair in pairs])
        splits = torch.tensor([pair.split for pair in pairs]) if folders.divided else None
        return Files([pair.image for pair in pairs], masks, self.size, self.decoding, splits)

    def _mask(self, pair: Pair) -> Tensor:
        """The classes of an image's pixels, (size, size), as the network is to tell them."""
        numbers = _read(pair.mask, self.pixel_limit)
        own = fits(pair.image, numbers, self.decoding)
        if own is not None:
            mask = f"the mask {printable(pair.mask)} is {numbers.shape[1]} x {numbers.shape[0]}"
            problem = f"{mask} pixels, and its image {own[0]} x {own[1]}; they must be the same"
            raise ConfigError("dataset.root", problem)
        return resized_mask(self._classes(numbers, pair.mask), self.size)

    def _classes(self, numbers: Tensor, file: str) -> Tensor:
        """The places of numbers among ``values``; ``IGNORE`` for those that are ignored."""
        values, order = torch.tensor(self.values).sort()
        places = torch.searchsorted(values, numbers).clamp_max(len(values) - 1)
        known, ignored = values[places] == numbers, numbers == self.ignore
        other = torch.unique(numbers[~(known | ignored)]).tolist()
        if other:
            problem = f"the mask {printable(file)} holds {_told(other)}, and classes are"
            mend = "say dataset.values=[...], or dataset.ignore=NUMBER for pixels without a class"
            raise ConfigError("dataset.values", f"{problem} {_told(self.values)}; {mend}")
        return order[places].masked_fill(~known, IGNORE)

    def check(self, source: Source, test: bool = False) -> None:
        """See ``Dataset``: the masks were looked at when they were read."""
        Dataset.check(self, source, test)

    def check_target(self, target: Tree) -> None:
        """Make sure that there are rows."""
        check_rows(target)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """Make sure that each part has an image."""
        Choosing.check_enough(self, target, names)

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development images there are."""
        return Dataset.counts(self, target)

    def load(self) -> Splits:
        """See ``Dataset``; classes that no training mask holds are named."""
        found = Dataset.load(self)
        there = {*found.train.target.unique().tolist()}
        lacking = [name for place, name in enumerate(self.class_names) if place not in there]
        if lacking:
            log.warning(
                "data: no training mask holds %d of %d classes, which cannot be learned: %s",
                *(len(lacking), self.num_classes, listing(lacking)),
            )
        return found


def _check_kind(kind: Any) -> None:
    """Make sure that the task takes masks."""
    if kind not in (None, "masks"):
        problem = f"takes a target of kind '{kind}', and those of dataset=masks are masks"
        raise ConfigError("task", f"{problem}; say task=segmentation")


def _read(file: str, pixel_limit: int) -> Tensor:
    try:
        return read_mask(file, pixel_limit)
    except UnreadableError as error:
        raise ConfigError("dataset.root", f"the mask {error}") from None


def _values(pairs: Sequence[Pair], folders: MaskFolders, given: Mapping[str, Any]) -> Sequence[int]:
    """The numbers that are classes: those that the masks hold, or as many as there are to be.

    Raises:
        ConfigError: if they are hardly classes.
    """
    classes, ignore = given.get("num_classes"), given.get("ignore")
    if isinstance(classes, int):
        return range(classes)
    found: set[int] = set()
    most, richest = 0, ""
    for pair in pairs:
        numbers = {*torch.unique(_read(pair.mask, given["pixel_limit"])).tolist()} - {ignore}
        found |= numbers
        most, richest = max((most, richest), (len(numbers), pair.mask))
    if len(found) > MOST:
        problem = f"masks hold {len(found):,} different numbers ({folders.short(richest)} alone"
        hint = "are they pictures, or saved as JPEG? dataset.num_classes=N takes them for classes"
        raise ConfigError("dataset.root", f"{problem} {most:,}); {hint}")
    if len(found) < 2:
        problem = f"of one class, nothing can be told apart: masks hold {_told(sorted(found))}"
        mend = f", and {ignore}, which is ignored; say dataset.ignore=null to make it a class"
        raise ConfigError("dataset.root", f"{problem}{mend}")
    return sorted(found)


def _classes_told(values: Sequence[int]) -> str:
    """``masks of 3 classes (0, 100, 200 in the files)``."""
    plain = list(values) == list(range(len(values)))
    return f"masks of {len(values)} classes" + f" ({_told(values)} in the files)" * (not plain)


def _told(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - MOST_TOLD} more" * (len(numbers) > MOST_TOLD)
    return (", ".join(map(str, numbers[:MOST_TOLD])) or "nothing") + more
