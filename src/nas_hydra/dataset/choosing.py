"""Which rows of a dataset are for what: found and looked at, and none of them loaded."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor

from nas_hydra.dataset.check import check_rows
from nas_hydra.dataset.loading import StageRows
from nas_hydra.dataset.source import Divided, Selection, Source, known_of, target_of
from nas_hydra.dataset.split import Splitter, Stage
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.tree import Tree, number_of_rows, selected
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line

Part = Literal["development", "test"]
"""Training and validation rows together, or those of the test."""


@dataclass(frozen=True, kw_only=True)
class Choosing(ABC):
    """Rows that are found, checked and split.

    Args:
        validation: share of the development rows kept for validation, above 0 and below 1.
        limit: draw only so many development rows; None takes all.
        seed: of the splits.
        split: how rows are parted, where the data does not say it.
    """

    validation: float
    limit: int | None
    seed: int
    split: Splitter = field(default_factory=Random)
    stage: Stage = field(default="search", init=False)

    unit: ClassVar[str] = "rows"
    """What they are called in messages."""

    def __post_init__(self) -> None:
        _check_share("validation", self.validation)
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
        """Make sure that a source is what the config says of it, as far as is known unread.

        Args:
            source: of development rows.
            test: whether these are those of the test.

        Raises:
            ConfigError: if it is not.
        """
        self.check_target(target_of(source))

    def check_target(self, target: Tree) -> None:
        """Make sure that something is to be told of every row, and that there are rows."""
        check_rows(target)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """Make sure that rows can be split into parts of these names.

        Raises:
            ConfigError: if there are too few.
        """
        if (number := number_of_rows(target)) < len(names):
            needed = f"one is needed for {' and '.join(names)}"
            raise ConfigError("dataset", f"has too few rows ({number}); {needed}")

    def at(self, stage: Stage) -> Self:
        """The same rows at another stage."""
        dataset = copy.copy(self)
        object.__setattr__(dataset, "stage", stage)
        return dataset

    def choose(self) -> StageRows:
        """Which rows are trained on, validated on and tested on; none is read but for a look.

        Raises:
            ConfigError: if the rows are not there, or not what the config says of them.
        """
        if self.stage == "search":
            source = self.opened("development")
            self.check(source)
            self.check_enough(target_of(source), ("training", "validation"))
            rest, chosen = self._places(source, self._drawn(source))
            return StageRows((source, rest), (source, chosen), None)
        source, test = self.opened_parts()
        self.check(source)
        self.check(test, test=True)
        drawn, tested = self._drawn(source), (test, torch.arange(number_of_rows(target_of(test))))
        if self.stage == "final":
            return StageRows((source, drawn), None, tested)
        rest, chosen = self._places(source, drawn)
        return StageRows((source, rest), (source, chosen), tested)

    def _drawn(self, source: Source) -> Tensor:
        """Where the development rows stand of which there are to be no more than the limit."""
        target = target_of(source)
        if self.limit is None or self.limit >= number_of_rows(target):
            return torch.arange(number_of_rows(target))
        within = source.validated if isinstance(source, Divided) else None
        known = known_of(source, self.split.by)
        return self.split.drawn(known, self.limit, self.seed, "dataset.limit", within)

    def _places(self, source: Source, drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Where, of the drawn rows, those for training and for validation stand."""
        if isinstance(source, Divided):
            validated = source.validated[drawn]
            return drawn[~validated], drawn[validated]
        known = selected(known_of(source, self.split.by), drawn)
        rest, chosen = self.split.parted(known, self.validation, self.seed, "dataset.validation")
        return drawn[rest], drawn[chosen]


@dataclass(frozen=True, kw_only=True)
class Whole(Choosing):
    """Rows that come without a test split of their own: a base beside ``Dataset``.

    Args:
        holdout: share of the rows set aside for testing, above 0 and below 1.
    """

    holdout: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_share("holdout", self.holdout)

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
        known = known_of(source, self.split.by)
        rest, chosen = self.split.parted(known, self.holdout, self.seed, "dataset.holdout")
        return Selection(source, rest), Selection(source, chosen)


def _check_share(name: str, share: float) -> None:
    """Make sure that a share leaves something on both sides."""
    if not 0 < share < 1:
        raise ConfigError(f"dataset.{name}", f"is {share}; allowed: above 0 and below 1")
