"""What every dataset has: settings, fixed splits, batches; and what images of classes add."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Literal, Self

import psutil
import torch
from pydantic import ByteSize, TypeAdapter, ValidationError
from torch import Tensor

from nas_hydra.dataset.augment import Augmentation
from nas_hydra.dataset.cache import resident, splits
from nas_hydra.dataset.check import (
    check_classes,
    check_labels,
    check_rare,
    check_rows,
    decoded,
    given_by,
    rows_like,
    tell_lacking,
)
from nas_hydra.dataset.data import CPU, Batched
from nas_hydra.dataset.loading import Choice, Loader, Split, Splits
from nas_hydra.dataset.noted import NotedRows
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.none import NoPreparation
from nas_hydra.dataset.prepare.standardize import Standardize
from nas_hydra.dataset.rows import Batches, Order, Rows
from nas_hydra.dataset.source import Selection, Source, ends, target_of
from nas_hydra.dataset.split import Splitter, Stage
from nas_hydra.dataset.split.given import Divided
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.dataset.stream import Read
from nas_hydra.dataset.tree import Example, Tree, empty_images, rows, taken
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line

Part = Literal["development", "test"]
"""Training and validation rows together, or those of the test."""

VALIDATED = 2
"""How many batches of training make one of validation, which keeps nothing for gradients.

More of them would need more memory than the training does, and gain little.
"""


@dataclass(frozen=True, kw_only=True)
class Dataset(ABC):
    """Rows with a training, a validation and a test split.

    The splits are fixed by ``seed``. What the inputs are prepared by is fitted to the training
    split. Where the rows fit they are read once and held in memory, and on the device that
    trains; else worker processes read them in every epoch. Either way the batches are the same.
    Two datasets are equal if they hold the same rows, at the same stage: what is trained on and
    what is measured on depends on it (see ``Stage``), and begins as that of a search.

    Args:
        batch_size: rows per batch.
        validation: share of the development rows kept for validation, above 0 and below 1.
        limit: draw only so many development rows; None takes all.
        seed: of the splits.
        memory_limit: how many bytes the training and validation rows may take, in memory and
            on the device, as a number or a text (``2GB``); None: half of what is free there.
        workers: processes that read rows which do not fit; 0 reads them in the trainer's.
        split: how rows are parted, where the data does not say it.
        prepare: what becomes of the inputs before a network gets them.
    """

    batch_size: int = field(compare=False)
    validation: float
    limit: int | None
    seed: int
    memory_limit: ByteSize | None = field(compare=False)
    workers: int = field(compare=False)
    split: Splitter = field(default_factory=Random)
    prepare: Prepare = field(default_factory=NoPreparation)
    stage: Stage = field(default="search", init=False)

    unit: ClassVar[str] = "rows"
    """What they are called in messages."""

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the data says of settings that are left open.

        Args:
            given: all settings, as plain values; None is open.

        Returns:
            Values by name, for those of them that the data tells.

        Raises:
            ConfigError: if it cannot be looked at.
        """
        return {}

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory_limit", _bytes(self.memory_limit))
        if self.batch_size < 1:
            raise ConfigError("dataset.batch_size", f"is {self.batch_size}; at least 1 is needed")
        if self.workers < 0:
            raise ConfigError("dataset.workers", f"is {self.workers}; at least 0 is needed")
        check_share("validation", self.validation)
        if self.limit is not None and self.limit < 2:
            raise ConfigError("dataset.limit", f"is {self.limit}; at least 2 is needed, or null")

    @abstractmethod
    def open(self, part: Part) -> Source:
        """Find the rows of a part; whether each is read now is the source's affair.

        Raises:
            ConfigError: if they are not there, saying what to do.
        """

    def open_parts(self) -> tuple[Source, Source]:
        """The development and the test rows."""
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
            problem = f"{name} cannot read its {self.unit}: {in_one_line(error)}"
            raise ConfigError("dataset", problem) from error

    def check(self, source: Source, test: bool = False) -> None:
        """Make sure that a source is what the config says of it, as far as a few rows tell.

        Args:
            source: of development rows.
            test: whether these are those of the test.

        Raises:
            ConfigError: if it is not.
        """
        self.check_target(target_of(source))
        self.reader(source)(source, ends(source))

    def check_target(self, target: Tree) -> None:
        """Make sure that something is to be told of every row, and that there are rows."""
        check_rows(target)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """Make sure that rows can be split into parts of these names.

        Raises:
            ConfigError: if there are too few.
        """
        if rows(target) < len(names):
            problem = f"has too few rows ({rows(target)}); one is needed for {' and '.join(names)}"
            raise ConfigError("dataset", problem)

    def reader(self, source: Source) -> Read:
        """What reads rows that are like the first and the last one of a source."""
        return partial(rows_like, like=given_by(source, ends(source), self.unit))

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development rows there are, see ``Splits``."""
        return [rows(target)]

    def at(self, stage: Stage) -> Self:
        """The same rows at another stage."""
        dataset = copy.copy(self)
        object.__setattr__(dataset, "stage", stage)
        return dataset

    def choose(self) -> Choice:
        """Which rows are trained on, validated on and tested on; none is read but for a look.

        Raises:
            ConfigError: if the rows are not there, or not what the config says of them.
        """
        if self.stage == "search":
            source = self.opened("development")
            self.check(source)
            self.check_enough(target_of(source), ("training", "validation"))
            rest, chosen = self._places(source, self._drawn(source))
            return Choice((source, rest), (source, chosen), None)
        source, test = self.opened_parts()
        self.check(source)
        self.check(test, test=True)
        drawn, tested = self._drawn(source), (test, torch.arange(rows(target_of(test))))
        if self.stage == "final":
            return Choice((source, drawn), None, tested)
        rest, chosen = self._places(source, drawn)
        return Choice((source, rest), (source, chosen), tested)

    def _drawn(self, source: Source) -> Tensor:
        """Where the development rows stand of which there are to be no more than the limit."""
        target = target_of(source)
        if self.limit is None or self.limit >= rows(target):
            return torch.arange(rows(target))
        within = source.validated if isinstance(source, Divided) else None
        return self.split.drawn(target, self.limit, self.seed, "dataset.limit", within)

    def _places(self, source: Source, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Where, of the drawn rows, those for training and for validation stand."""
        if isinstance(source, Divided):
            validated = source.validated[drawn]
            return drawn[~validated], drawn[validated]
        target = taken(target_of(source), drawn)
        rest, chosen = self.split.parted(target, self.validation, self.seed, "dataset.validation")
        return drawn[rest], drawn[chosen]

    def load(self) -> Splits:
        """The rows that the stage asks for, in memory if they fit.

        The test rows are not opened for a search.

        Raises:
            ConfigError: as ``choose``; or if rows cannot be read.
        """
        choice = self.choose()
        source = choice.train[0]
        read = self.reader(source)
        loader = Loader(read, self.prepare, self.room(CPU), self.workers, self.unit)
        return loader(choice, self.counts(target_of(source)))

    def room(self, device: torch.device) -> int:
        """How many bytes the rows may take there: the limit, or half of what is free."""
        if self.memory_limit is not None:
            return self.memory_limit
        if device.type == "cuda":
            return int(torch.cuda.mem_get_info(device)[0] // 2)
        return int(psutil.virtual_memory().available // 2)

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
    def train(self) -> Split:
        """What is trained on."""
        return self.splits.train

    @property
    def valid(self) -> Split | None:
        """What is validated on; None at the stage "final"."""
        return self.splits.valid

    @property
    def test(self) -> Split | None:
        """What is tested on; None at the stage "search"."""
        return self.splits.test

    @property
    def example(self) -> Example:
        """Two rows of the training split as the network gets them, on the CPU."""
        return Example(*self.train[torch.tensor([0, len(self.train) - 1])])

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

    def _measuring(self, split: Split | None, parts: int) -> Batched | None:
        if split is None:
            return None
        return self._batches(split, Order(len(split), VALIDATED * self.batch_size, None, parts))

    def _batches(self, split: Split, order: Order) -> Batched:
        if isinstance(split, Rows):
            return Batches(split, order)
        return split.batches(order, self.workers)


@dataclass(frozen=True, kw_only=True)
class Whole(Dataset):
    """Rows that come without a test split of their own.

    Args:
        holdout: share of the rows set aside for testing, above 0 and below 1.
    """

    holdout: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("holdout", self.holdout)

    @abstractmethod
    def open_all(self) -> Source:
        """Find all rows."""

    def open(self, part: Part) -> Source:
        """The rows set aside, or all others."""
        development, test = self.open_parts()
        return development if part == "development" else test

    def open_parts(self) -> tuple[Source, Source]:
        """All others, and the rows set aside."""
        return self.parted(self.open_all())

    def parted(self, source: Source) -> tuple[Source, Source]:
        """As ``open_parts``, of all rows."""
        target = target_of(source)
        self.check_target(target)
        self.check_enough(target, ("training", "validation", "testing"))
        rest, chosen = self.split.parted(target, self.holdout, self.seed, "dataset.holdout")
        return Selection(source, rest), Selection(source, chosen)


@dataclass(frozen=True, kw_only=True)
class ImageDataset(Dataset):
    """Images of classes: stratified splits, and pixels standardised in each channel.

    Args:
        input_shape: (C, H, W) of every image; what is said here is checked against the images
            when they are loaded, so that it can be relied on without loading them.
        num_classes: number of classes, checked likewise.
        augment: changes to every training batch, on the device.
    """

    input_shape: tuple[int, int, int]
    num_classes: int
    augment: Augmentation = field(compare=False)
    split: Splitter = field(default_factory=Stratified)
    prepare: Prepare = field(default_factory=Standardize)

    unit = "images"

    def __post_init__(self) -> None:
        super().__post_init__()
        # A list comes from YAML, and an equal dataset must have an equal hash.
        object.__setattr__(self, "input_shape", tuple(self.input_shape))
        if self.limit is not None and self.limit < 2 * self.num_classes:
            raise ConfigError(
                "dataset.limit",
                f"is {self.limit}; at least {2 * self.num_classes} is needed, one image of each"
                " class for training and one for validation (null takes all images)",
            )

    @property
    def class_names(self) -> Sequence[str]:
        """The classes' names, by label; their numbers, if the images do not say."""
        return [str(label) for label in range(self.num_classes)]

    @property
    def example(self) -> Example:
        """Two empty images of the first class; nothing is loaded for them."""
        return empty_images(self.input_shape)

    def check(self, source: Source, test: bool = False) -> None:
        """See ``Dataset``: other classes, images of another shape, or none are refused."""
        labels = target_of(source)
        self.check_target(labels)
        check_classes(labels, self.num_classes, test)
        super().check(source, test)

    def check_target(self, target: Tree) -> None:
        """Make sure that these are labels."""
        check_labels(target)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """Make sure that each class has an image for each part, if each is to have one."""
        if isinstance(self.split, Stratified):
            check_rare(target, self.class_names, names)

    def reader(self, source: Source) -> Read:
        """What decodes images of the size that the config says."""
        return partial(decoded, shape=self.input_shape)

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development images each class has."""
        counts: list[int] = target.bincount().tolist()
        return counts

    def load(self) -> Splits:
        """See ``Dataset``; classes that the test split lacks are named."""
        found = super().load()
        if found.test is not None:
            tell_lacking(found.test.target, self.class_names, self.num_classes)
        return found


@dataclass(frozen=True, kw_only=True)
class WholeDataset(ImageDataset, Whole):
    """Images of classes that come without a test split of their own."""


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
