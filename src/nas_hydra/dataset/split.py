"""From a source to its training and validation splits, normalised, in memory or streamed."""

import logging
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from torch import Tensor

from nas_hydra.dataset.check import (
    CONSTANT,
    check_described,
    check_rare,
    check_spread,
    tell_lacking,
)
from nas_hydra.dataset.examples import Examples, examples
from nas_hydra.dataset.images import CHUNK, Images, Source
from nas_hydra.dataset.stream import Stream, chunks
from nas_hydra.errors import ConfigError

if TYPE_CHECKING:
    from nas_hydra.dataset.base import ImageDataset

log = logging.getLogger(__name__)

_MEASURED = {"search": "validation", "final": "test", "monitored": "test"}
BYTES = 4
"""Of a pixel's channel in float32."""


Stage = Literal["search", "final", "monitored"]
"""What images are for.

A search trains on the training split, and measures on the validation split. In the end, a winner is
trained on both and measured on the test split; or, where something monitors its training, on the
training split, monitored on the validation split and measured on the test split.
"""


class Splits(NamedTuple):
    """What is trained on, and what is measured on.

    Args:
        train: the images to train on.
        valid: those to measure on, in memory if the others are.
        monitor: those to validate on during training, likewise; None for none.
        mean: of the former's channels, (C, 1, 1), by which all are normalised.
        std: likewise.
        counts: how many development images each class has, with those that ``limit`` leaves out.
        examples: which images are trained on, and which are measured on.
    """

    train: Images | Stream
    valid: Images | Stream
    monitor: Images | Stream | None
    mean: Tensor
    std: Tensor
    counts: Sequence[int]
    examples: tuple[Examples, Examples]


Places = NDArray[np.int64]


@runtime_checkable
class Divided(Protocol):
    """A source of development images of which some are given for validation."""

    @property
    def validated(self) -> Tensor:
        """(N,), bool, which these are."""


Chosen = tuple[Source, Tensor]
"""A source, and the places (N,) of the images that are meant."""


def load(dataset: "ImageDataset") -> Splits:
    """The images that the dataset's stage asks for, in memory if they fit.

    The test images are not opened for a search.

    Raises:
        ConfigError: if the images are not there, or not what the config says of them.
    """
    train, valid, monitor = choose(dataset)
    if dataset.stage != "search":
        tell_lacking(dataset, valid[0].labels, "test")
    known = _load(dataset, train, valid, monitor)
    return known._replace(monitor=known.valid) if dataset.stage == "search" else known


def choose(dataset: "ImageDataset") -> tuple[Chosen, Chosen, Chosen | None]:
    """Which images are trained on, measured on and, if others are, monitored; none is decoded.

    Raises:
        ConfigError: as ``load``.
    """
    if dataset.stage == "search":
        source = dataset.opened("development")
        check_described(dataset, source)
        check_rare(dataset, source.labels, ("training", "validation"))
        rest, chosen = _places(dataset, _drawn(dataset, source), source)
        return (source, rest), (source, chosen), None
    source, test = dataset.opened_parts()
    check_described(dataset, source)
    check_described(dataset, test, test=True)
    drawn, tested = _drawn(dataset, source), (test, torch.arange(len(test.labels)))
    if dataset.stage == "final":
        return (source, drawn), tested, None
    rest, chosen = _places(dataset, drawn, source)
    return (source, rest), tested, (source, chosen)


def _load(dataset: "ImageDataset", train: Chosen, valid: Chosen, monitor: Chosen | None) -> Splits:
    """All of them, in memory if they fit."""
    parts = [train, valid] if monitor is None else [train, valid, monitor]
    number, shape = sum(len(places) for _, places in parts), dataset.input_shape
    counts = train[0].labels.bincount().tolist()
    needed = BYTES * number * math.prod(shape)
    limit = room(dataset, torch.device("cpu"))
    sizes = _sizes(dataset.stage, [len(places) for _, places in parts])
    if needed > limit:
        log.info(
            "data: %s are decoded anew in every epoch by %d processes; in memory they would take"
            " %s, and dataset.memory_limit leaves %s",
            *(sizes, dataset.workers, _size(needed), _size(limit)),
        )
        known = spread(chunks(*train, shape, CHUNK))
        found: list[Images | Stream] = [Stream(*part, shape, *known) for part in parts]
        noted = examples(*train), examples(*valid)
    else:
        log.info("data: %s are held in memory (%s)", sizes, _size(needed))
        held = [read(*part, shape) for part in parts]
        noted = examples(*train, held[0].pixels), examples(*valid, held[1].pixels)
        images, known = _normalised(held[0])
        found = [images, *(_normalised(part, known)[0] for part in held[1:])]
    return Splits(found[0], found[1], found[2] if monitor else None, *known, counts, noted)


def _sizes(stage: Stage, numbers: Sequence[int]) -> str:
    """``1,149 training and 288 validation images``."""
    named = zip(numbers, ("training", _MEASURED[stage], "validation"), strict=False)
    return " and ".join(f"{number:,} {name}" for number, name in named) + " images"


def room(dataset: "ImageDataset", device: torch.device) -> int:
    """How many bytes the images may take there: the dataset's limit, or half of what is free."""
    if dataset.memory_limit is not None:
        return dataset.memory_limit
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] // 2)
    return int(psutil.virtual_memory().available // 2)


def read(source: Source, places: Tensor, shape: Sequence[int]) -> Images:
    """Decode the images at these places into memory, channels last, a chunk at a time."""
    channels, height, width = shape
    pixels = torch.empty(len(places), height, width, channels).permute(0, 3, 1, 2)
    done = 0
    for part in chunks(source, places, shape, CHUNK):
        pixels[done : done + len(part)] = part
        done += len(part)
    return Images(pixels, source.labels[places])


def _normalised(
    images: Images, known: tuple[Tensor, Tensor] | None = None
) -> tuple[Images, tuple[Tensor, Tensor]]:
    """The images, changed in place, and the mean and standard deviation that were used."""
    mean, std = known or spread(torch.split(images.pixels, CHUNK))
    for part in torch.split(images.pixels, CHUNK):
        part.sub_(mean).div_(std)
    return images, (mean, std)


def spread(parts: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """By what pixels are normalised: as ``statistics``, but 1 for channels without deviation.

    Raises:
        ConfigError: if no channel has any.
    """
    mean, std = statistics(parts)
    check_spread(mean, std)
    return mean, torch.where(std > CONSTANT, std, 1.0)


def statistics(parts: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, (C, 1, 1), of pixels (n, C, H, W) in parts.

    Sums are in float64, and depend on how the pixels are cut into parts in their last bits.
    """
    number, total, squares = 0, torch.zeros(1), torch.zeros(1)
    for part in parts:
        doubles = part.contiguous().double()
        number += doubles.shape[0] * doubles.shape[2] * doubles.shape[3]
        total = total + doubles.sum(dim=(0, 2, 3))
        squares = squares + doubles.square().sum(dim=(0, 2, 3))
    mean = total / number
    variance = (squares - number * mean.square()) / (number - 1)
    std = variance.clamp_min(0).sqrt()
    return mean.float().view(-1, 1, 1), std.float().view(-1, 1, 1)


def _drawn(dataset: "ImageDataset", source: Source) -> Tensor:
    """Where the development images stand of which there are to be no more than the limit."""
    labels = source.labels
    if dataset.limit is None or dataset.limit >= len(labels):
        return torch.arange(len(labels))
    least = 0, 2
    if isinstance(source, Divided):  # whose shares stay, with each class in both
        labels, least = 2 * labels + source.validated, (0, 1)
    return stratified(labels, dataset.limit, dataset.seed, "dataset.limit", least)[1]


def _places(dataset: "ImageDataset", drawn: Tensor, source: Source) -> tuple[Tensor, Tensor]:
    """Where, of the drawn images, the training and the validation images stand."""
    if isinstance(source, Divided):
        validated = source.validated[drawn]
        return drawn[~validated], drawn[validated]
    labels = source.labels[drawn]
    rest, chosen = stratified(labels, dataset.validation, dataset.seed, "dataset.validation")
    return drawn[rest], drawn[chosen]


def stratified(
    labels: Tensor, size: float, seed: int, key: str, least: tuple[int, int] = (1, 1)
) -> tuple[Tensor, Tensor]:
    """Places of the images left and chosen, each class in its share.

    Args:
        labels: (N,).
        size: how many to choose: a share if it is a float, a number if it is an int.
        seed: of the choice.
        key: the config key that asks for the size, for messages.
        least: how many images of each class are left and chosen, whatever its share.

    Raises:
        ConfigError: if there are too few.
    """
    classes = labels.numpy()
    try:
        sides = _parted(classes, size, seed, classes)
    except ValueError:  # a class or a side has too few for shares
        try:
            sides = _parted(classes, size, seed, None)
        except ValueError as error:
            problem = f"is {size}, which {len(labels)} images do not allow: {error}"
            raise ConfigError(key, problem) from None
    if not _filled(classes, sides, least):
        raise ConfigError(
            key,
            f"is {size}, which {len(labels)} images of {len(np.unique(classes))} classes do not"
            f" allow: of each class, at least {least[1]} must be among the {len(sides[1])} chosen"
            f" and {least[0]} among the {len(sides[0])} others. Say another number, or add images",
        )
    return torch.from_numpy(sides[0]), torch.from_numpy(sides[1])


def _parted(
    classes: Places, size: float, seed: int, stratify: Places | None
) -> tuple[Places, Places]:
    rest, chosen = train_test_split(
        np.arange(len(classes)), test_size=size, stratify=stratify, random_state=seed
    )
    return rest, chosen


def _filled(classes: Places, sides: tuple[Places, Places], least: tuple[int, int]) -> bool:
    """Exchange places until each side has so many of each class; False if that cannot be.

    For an image of a rare class goes one of the class of which the side has most to spare. Sides
    that have enough stay as they are.
    """
    spare = [
        np.bincount(classes[side], minlength=classes.max() + 1) - number
        for side, number in zip(sides, least, strict=True)
    ]
    present = np.unique(classes)
    for own, other in ((0, 1), (1, 0)):
        for rare in present[spare[own][present] < 0]:
            while spare[own][rare] < 0:
                common = int(spare[own].argmax())
                if spare[own][common] <= 0 or spare[other][rare] <= 0:
                    return False
                out = np.flatnonzero(classes[sides[own]] == common)[0]
                back = np.flatnonzero(classes[sides[other]] == rare)[0]
                sides[own][out], sides[other][back] = sides[other][back], sides[own][out]
                for side, sign in ((own, 1), (other, -1)):
                    spare[side][[rare, common]] += sign, -sign
    return True


def _size(number: float) -> str:
    """Bytes in words."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
