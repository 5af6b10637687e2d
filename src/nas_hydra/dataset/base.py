"""What every dataset has: settings, fixed splits, batches; and what images of classes add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import torch
from pydantic import ByteSize, TypeAdapter, ValidationError

from nas_hydra.dataset.augment import Augmentation
from nas_hydra.dataset.cache import resident, splits
from nas_hydra.dataset.check import (
    check_classes,
    check_labels,
    check_rare,
    decoded,
    inputs_at,
    rows_like,
    tell_lacking,
)
from nas_hydra.dataset.choosing import Choosing, Whole
from nas_hydra.dataset.data import CPU, Batched
from nas_hydra.dataset.examples import NotedRows
from nas_hydra.dataset.loading import Split, SplitLoader, Splits
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.none import NoPreparation
from nas_hydra.dataset.prepare.standardize import Standardize
from nas_hydra.dataset.rows import Batches, Order, Read, Rows
from nas_hydra.dataset.source import Source, first_and_last, target_of
from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.dataset.tree import Example, Tree, empty_images, number_of_rows
from nas_hydra.errors import ConfigError

VALIDATED = 2
"""How many batches of training make one of validation, which keeps nothing for gradients.

More of them would need more memory than the training does, and gain little.
"""


@dataclass(frozen=True, kw_only=True)
class Dataset(Choosing):
    """Rows with a training, a validation and a test split.

    The splits are fixed by ``seed``. What the inputs are prepared by is fitted to the training
    split. Where the rows fit they are read once and held in memory, and on the device that
    trains; else worker processes read them in every epoch. Either way the batches are the same.
    Two datasets are equal if they hold the same rows, at the same stage: what is trained on and
    what is measured on depends on it (see ``Stage``), and begins as that of a search.

    Args:
        batch_size: rows per batch.
        memory_limit: how many bytes the training and validation rows may take, in memory and
            on the device, as a number or a text (``2GB``); None: half of what is free there.
        workers: processes that read rows which do not fit; 0 reads them in the trainer's.
        prepare: what becomes of the inputs before a network gets them.
    """

    batch_size: int = field(compare=False)
    memory_limit: ByteSize | None = field(compare=False)
    workers: int = field(compare=False)
    prepare: Prepare = field(default_factory=NoPreparation)

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

    def described(self) -> Mapping[str, Any]:
        """How the rows of a file become inputs, JSON-like: what ``unlabelled`` needs to know."""
        return {}

    @classmethod
    def unlabelled(
        cls, settings: Mapping[str, Any], described: Mapping[str, Any], file: Path
    ) -> tuple[Sequence[str], Tree]:
        """Rows of a file, with a target or without, as a trained network takes them.

        Args:
            settings: of the dataset that it was trained on.
            described: what that said of it.
            file: that holds the rows.

        Returns:
            The rows' names, and their inputs, not prepared.

        Raises:
            ConfigError: if it holds none, or others than are needed.
        """
        raise ConfigError("model", f"is trained on {cls.__name__}, whose rows no file can give")

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "memory_limit", _bytes(self.memory_limit))
        if self.batch_size < 1:
            raise ConfigError("dataset.batch_size", f"is {self.batch_size}; at least 1 is needed")
        if self.workers < 0:
            raise ConfigError("dataset.workers", f"is {self.workers}; at least 0 is needed")

    def reader(self, source: Source) -> Read:
        """What reads rows that are like the first and the last one of a source."""
        return partial(rows_like, like=inputs_at(source, first_and_last(source), self.unit))

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development rows there are, see ``Splits``."""
        return [number_of_rows(target)]

    def check(self, source: Source, test: bool = False) -> None:
        """See ``Choosing``; a look at the first and the last row says whether they can be read."""
        super().check(source, test)
        self.reader(source)(source, first_and_last(source))

    def load(self) -> Splits:
        """The rows that the stage asks for, in memory if they fit.

        The test rows are not opened for a search.

        Raises:
            ConfigError: as ``choose``; or if rows cannot be read.
        """
        choice = self.choose()
        source = choice.train[0]
        read = self.reader(source)
        loader = SplitLoader(read, self.prepare, self.room(CPU), self.workers, self.unit)
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
        return NotedRows(self.splits.counts, self.splits.examples)

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


def _bytes(given: ByteSize | None) -> int | None:
    try:
        return None if given is None else int(TypeAdapter(ByteSize).validate_python(given))
    except ValidationError:
        raise ConfigError(
            "dataset.memory_limit", f"is {given!r}; allowed: bytes, a text such as 2GB, or null"
        ) from None
