"""What every dataset of labelled images has: settings, fixed splits, batches."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, Self

import torch
from pydantic import ByteSize, TypeAdapter, ValidationError
from torch import Tensor

from nas_hydra.dataset.augment import Augmentation
from nas_hydra.dataset.cache import resident, splits
from nas_hydra.dataset.check import check_labels, check_rare
from nas_hydra.dataset.contents import Contents
from nas_hydra.dataset.examples import contents
from nas_hydra.dataset.images import Batches, Images, Order, Source, empty_images
from nas_hydra.dataset.noted import Noted, NotedRows
from nas_hydra.dataset.split import Splits, Stage, stratified
from nas_hydra.dataset.stream import Stream
from nas_hydra.dataset.tree import Example, Tree
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line

Part = Literal["development", "test"]
"""Training and validation images together, or the test images."""

CPU = torch.device("cpu")

Batched = Iterable[tuple[Tree, Tree]]
"""Batches ``(inputs, target)``, anew in every iteration."""

VALIDATED = 2
"""How many batches of training make one of validation, which keeps nothing for gradients.

More of them would need more memory than the training does, and gain little.
"""


class Data(Protocol):
    """What whoever trains and measures networks has to know of any data.

    A batch is a pair ``(inputs, target)`` of trees. Other facts, which only some data have, are
    asked for by name: ``num_classes``, ``class_names``.
    """

    noun: str
    """What its rows are called: images."""

    @property
    def rows(self) -> int | None:
        """How many are trained on; None if nobody knows."""

    @property
    def noted(self) -> "Noted":
        """Which rows they are: what a record keeps of them."""

    @property
    def augment(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        """Changes a training batch, on the device that trains."""

    def cut(self, parts: int) -> int:
        """Into how many micro-batches, up to so many, training batches can be cut."""

    def weights(self, parts: int) -> Sequence[float]:
        """By which the mean loss of each micro-batch of an epoch is multiplied."""

    @property
    def stage(self) -> Stage:
        """What the rows are for."""

    @property
    def batch_size(self) -> int:
        """Rows per training batch, at most."""

    def at(self, stage: Stage) -> Self:
        """The same data at another stage."""

    @property
    def example(self) -> Example:
        """Two rows of a training batch as the network gets them, on the CPU."""

    def train_batches(self, seed: int, device: torch.device = CPU, parts: int = 1) -> Batched:
        """Training batches in an order fixed by the seed.

        Args:
            seed: of the order.
            device: where to make them, if the rows fit there.
            parts: into how many micro-batches each is cut.
        """

    def valid_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """Batches to validate on, the same every time; None at the stage "final"."""

    def test_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """Batches to test on, the same every time; None at the stage "search"."""


@dataclass(frozen=True, kw_only=True)
class ImageDataset(ABC):
    """Labelled images with a training, a validation and a test split.

    The splits are stratified by class and fixed by ``seed``. Pixels are normalised by the mean
    and the standard deviation of each channel over the training split. Where the images fit they
    are decoded once and held in memory, and on the device that trains; else worker processes
    decode them in every epoch. Either way the batches are the same. Two datasets are equal if
    they hold the same images, at the same stage: what is trained on and what is measured on
    depends on it (see ``Stage``), and begins as that of a search.

    Args:
        input_shape: (C, H, W) of every image; what is said here is checked against the images
            when they are loaded, so that it can be relied on without loading them.
        num_classes: number of classes, checked likewise.
        batch_size: images per batch.
        validation: share of the development images kept for validation, above 0 and below 1.
        limit: draw only so many development images, stratified; None takes all.
        seed: of the splits.
        memory_limit: how many bytes the training and validation images may take, in memory and
            on the device, as a number or a text (``2GB``); None: half of what is free there.
        workers: processes that decode images which do not fit; 0 decodes them in the trainer's.
        augment: changes to every training batch, on the device.
    """

    input_shape: tuple[int, int, int]
    num_classes: int
    batch_size: int = field(compare=False)
    validation: float
    limit: int | None
    seed: int
    memory_limit: ByteSize | None = field(compare=False)
    workers: int = field(compare=False)
    augment: Augmentation = field(compare=False)
    stage: Stage = field(default="search", init=False)
    noun: ClassVar[str] = "images"

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the images say of settings that are left open.

        Args:
            given: all settings, as plain values; None is open.

        Returns:
            Values by name, for those of them that the images tell.

        Raises:
            ConfigError: if the images cannot be looked at.
        """
        return {}

    def __post_init__(self) -> None:
        # A list comes from YAML, and an equal dataset must have an equal hash.
        object.__setattr__(self, "input_shape", tuple(self.input_shape))
        object.__setattr__(self, "memory_limit", _bytes(self.memory_limit))
        if self.batch_size < 1:
            raise ConfigError("dataset.batch_size", f"is {self.batch_size}; at least 1 is needed")
        if self.workers < 0:
            raise ConfigError("dataset.workers", f"is {self.workers}; at least 0 is needed")
        check_share("validation", self.validation)
        if self.limit is not None and self.limit < 2 * self.num_classes:
            raise ConfigError(
                "dataset.limit",
                f"is {self.limit}; at least {2 * self.num_classes} is needed, one image of each"
                " class for training and one for validation (null takes all images)",
            )

    @abstractmethod
    def open(self, part: Part) -> Source:
        """Find the images of a part; whether each is decoded now is the source's affair.

        Raises:
            ConfigError: if they are not there, saying what to do.
        """

    def open_parts(self) -> tuple[Source, Source]:
        """The development and the test images."""
        return self.open("development"), self.open("test")

    def opened(self, part: Part) -> Source:
        """As ``open``, whatever reading the files raises.

        Raises:
            ConfigError: saying what is wrong with them.
        """
        with self._told():
            return self.open(part)

    def opened_parts(self) -> tuple[Source, Source]:
        """As ``open_parts``, likewise."""
        with self._told():
            return self.open_parts()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except NasHydraError:
            raise
        except Exception as error:
            name = type(self).__name__
            problem = f"{name} cannot read its images: {in_one_line(error)}"
            raise ConfigError("dataset", problem) from error

    @property
    def class_names(self) -> Sequence[str]:
        """The classes' names, by label; their numbers, if the images do not say."""
        return [str(label) for label in range(self.num_classes)]

    def at(self, stage: Stage) -> Self:
        """The same images at another stage."""
        dataset = copy.copy(self)
        object.__setattr__(dataset, "stage", stage)
        return dataset

    @property
    def splits(self) -> Splits:
        """What is trained on and what is measured on, loaded when first asked for."""
        return splits(self)

    @property
    def rows(self) -> int:
        """See ``Data``."""
        return len(self.train)

    @property
    def noted(self) -> NotedRows:
        """See ``Data``."""
        return NotedRows(self.splits)

    def cut(self, parts: int) -> int:
        """See ``Data``."""
        return min(parts, self.batch_size, self.rows)

    def weights(self, parts: int) -> Sequence[float]:
        """See ``Data``."""
        return Order(self.rows, self.batch_size, parts=parts).weights

    @property
    def train(self) -> Images | Stream:
        """What is trained on."""
        return self.splits.train

    @property
    def valid(self) -> Images | Stream | None:
        """What is validated on; None at the stage "final"."""
        return self.splits.valid

    @property
    def test(self) -> Images | Stream | None:
        """What is tested on; None at the stage "search"."""
        return self.splits.test

    @property
    def example(self) -> Example:
        """Two empty images of the first class; nothing is loaded for them."""
        return empty_images(self.input_shape)

    def train_batches(self, seed: int, device: torch.device = CPU, parts: int = 1) -> Batched:
        """See ``Data``."""
        split = resident(self, device).train
        return self._batches(split, Order(len(split), self.batch_size, seed, parts))

    def valid_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """See ``Data``."""
        return self._measuring(resident(self, device).valid, parts)

    def test_batches(self, device: torch.device = CPU, parts: int = 1) -> Batched | None:
        """See ``Data``."""
        return self._measuring(resident(self, device).test, parts)

    def _measuring(self, split: Images | Stream | None, parts: int) -> Batched | None:
        if split is None:
            return None
        return self._batches(split, Order(len(split), VALIDATED * self.batch_size, None, parts))

    def _batches(self, split: Images | Stream, order: Order) -> Batched:
        return (
            Batches(split, order)
            if isinstance(split, Images)
            else split.batches(order, self.workers)
        )


@dataclass(frozen=True, kw_only=True)
class WholeDataset(ImageDataset):
    """Images that come without a test split of their own.

    Args:
        holdout: share of the images set aside for testing, above 0 and below 1.
    """

    holdout: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("holdout", self.holdout)

    @abstractmethod
    def open_all(self) -> Source:
        """Find all images."""

    def open(self, part: Part) -> Source:
        """The images set aside, or all others."""
        development, test = self.open_parts()
        return development if part == "development" else test

    def open_parts(self) -> tuple[Source, Source]:
        """All others, and the images set aside."""
        return self.parted(self.open_all())

    def parted(self, source: Source) -> tuple[Source, Source]:
        """As ``open_parts``, of all images."""
        check_labels(source.labels)
        check_rare(self, source.labels, ("training", "validation", "testing"))
        rest, chosen = stratified(source.labels, self.holdout, self.seed, "dataset.holdout")
        return Selection(source, rest), Selection(source, chosen)


class Selection:
    """Some of a source's images.

    Args:
        source: of all images.
        places: (N,), where these stand.
    """

    def __init__(self, source: Source, places: Tensor) -> None:
        self._source, self._places = source, places
        self.labels = source.labels[places]

    def __getitem__(self, index: Tensor) -> Tensor:
        """The pixels at these places of the selection."""
        return self._source[self._places[index]]

    def contents(self, places: Tensor) -> Contents:
        """Digests of the images at these places of the selection."""
        return contents(self._source, self._places[places])


def check_share(name: str, share: float) -> None:
    """Make sure that a share leaves something on both sides.

    Raises:
        ConfigError: if it is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise ConfigError(f"dataset.{name}", f"is {share}; allowed: above 0 and below 1")


def _bytes(given: ByteSize | None) -> int | None:
    try:
        return None if given is None else int(TypeAdapter(ByteSize).validate_python(given))
    except ValidationError:
        raise ConfigError(
            "dataset.memory_limit", f"is {given!r}; allowed: bytes, a text such as 2GB, or null"
        ) from None
