"""From a source to its training and validation splits, normalised, in memory or streamed."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
import psutil
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from nas_hydra.dataset.check import check_described, check_rare, tell_lacking
from nas_hydra.dataset.examples import Examples, examples
from nas_hydra.dataset.images import CHUNK, Images, Source
from nas_hydra.dataset.prepare.standardize import Standardize
from nas_hydra.dataset.stream import Stream, chunks
from nas_hydra.errors import ConfigError

if TYPE_CHECKING:
    from nas_hydra.dataset.base import ImageDataset

log = logging.getLogger(__name__)

BYTES = 4
"""Of a pixel's channel in float32."""


Stage = Literal["search", "final", "monitored"]
"""What images are for.

A search trains on the training split, and measures on the validation split. In the end, a winner is
trained on both and measured on the test split; or, where something monitors its training, on the
training split, monitored on the validation split and measured on the test split.
"""


class Splits(NamedTuple):
    """What is trained on, and what is measured on: all in memory, or all streamed.

    Args:
        train: the images to train on.
        valid: those to validate on; None at the stage "final".
        test: those to test on; None at the stage "search", which opens none of them.
        prepare: by which all are prepared, fitted to the former.
        counts: how many development images each class has, with those that ``limit`` leaves out.
        examples: which images are trained on, and which are measured on: tested on, if any are.
    """

    train: Images | Stream
    valid: Images | Stream | None
    test: Images | Stream | None
    prepare: nn.Module
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


class Choice(NamedTuple):
    """Which images a stage asks for, as ``Splits``; none is decoded."""

    train: Chosen
    valid: Chosen | None
    test: Chosen | None

    @property
    def measured(self) -> Chosen:
        """Those that a trained network is measured on."""
        chosen = self.test or self.valid
        assert chosen is not None  # every stage measures
        return chosen

    @property
    def named(self) -> dict[str, Chosen]:
        """Those that there are, by what they are for."""
        splits = {"training": self.train, "validation": self.valid, "test": self.test}
        return {name: chosen for name, chosen in splits.items() if chosen is not None}


def load(dataset: "ImageDataset") -> Splits:
    """The images that the dataset's stage asks for, in memory if they fit.

    The test images are not opened for a search.

    Raises:
        ConfigError: if the images are not there, or not what the config says of them.
    """
    choice = choose(dataset)
    if choice.test is not None:
        tell_lacking(dataset, choice.test[0].labels, "test")
    return _load(dataset, choice)


def choose(dataset: "ImageDataset") -> Choice:
    """Which images are trained on, validated on and tested on.

    Raises:
        ConfigError: as ``load``.
    """
    if dataset.stage == "search":
        source = dataset.opened("development")
        check_described(dataset, source)
        check_rare(dataset, source.labels, ("training", "validation"))
        rest, chosen = _places(dataset, _drawn(dataset, source), source)
        return Choice((source, rest), (source, chosen), None)
    source, test = dataset.opened_parts()
    check_described(dataset, source)
    check_described(dataset, test, test=True)
    drawn, tested = _drawn(dataset, source), (test, torch.arange(len(test.labels)))
    if dataset.stage == "final":
        return Choice((source, drawn), None, tested)
    rest, chosen = _places(dataset, drawn, source)
    return Choice((source, rest), (source, chosen), tested)


def _load(dataset: "ImageDataset", choice: Choice) -> Splits:
    """All of them, in memory if they fit."""
    parts = choice.named
    number, shape = sum(len(places) for _, places in parts.values()), dataset.input_shape
    counts = choice.train[0].labels.bincount().tolist()
    needed = BYTES * number * math.prod(shape)
    limit = room(dataset, torch.device("cpu"))
    sizes = _sizes(parts)
    found: dict[str, Images | Stream]
    if needed > limit:
        log.info(
            "data: %s are decoded anew in every epoch by %d processes; in memory they would take"
            " %s, and dataset.memory_limit leaves %s",
            *(sizes, dataset.workers, _size(needed), _size(limit)),
        )
        prepare = Standardize().fit(chunks(*choice.train, shape, CHUNK))
        found = {name: Stream(*part, shape, prepare) for name, part in parts.items()}
        noted = examples(*choice.train), examples(*choice.measured)
    else:
        log.info("data: %s are held in memory (%s)", sizes, _size(needed))
        held = {name: read(*part, shape) for name, part in parts.items()}
        measured = held["test" if choice.test else "validation"]
        noted = (
            examples(*choice.train, held["training"].pixels),
            examples(*choice.measured, measured.pixels),
        )
        prepare = Standardize().fit(torch.split(held["training"].pixels, CHUNK))
        found = {name: _prepared(part, prepare) for name, part in held.items()}
    splits = found["training"], found.get("validation"), found.get("test")
    return Splits(*splits, prepare, counts, noted)


def _sizes(parts: Mapping[str, Chosen]) -> str:
    """``1,149 training and 288 validation images``."""
    numbers = (f"{len(places):,} {name}" for name, (_, places) in parts.items())
    return " and ".join(numbers) + " images"


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


def _prepared(images: Images, prepare: nn.Module) -> Images:
    """The images, changed in place."""
    for part in torch.split(images.pixels, CHUNK):
        part.copy_(prepare(part))
    return images


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
