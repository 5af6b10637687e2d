"""Tables: rows of numbers, dates and categories, of which some columns are to be told."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pandas as pd
import torch

from nas_hydra.dataset.base import Dataset
from nas_hydra.dataset.check import check_rare, tell_lacking
from nas_hydra.dataset.choosing import Whole
from nas_hydra.dataset.loading import Splits
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.columns import Columns as PrepareColumns
from nas_hydra.dataset.prepare.none import NoPreparation
from nas_hydra.dataset.source import Source
from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.auto import Auto
from nas_hydra.dataset.split.group import Group
from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.dataset.split.time import Time
from nas_hydra.dataset.tables.columns import Columns
from nas_hydra.dataset.tables.frame import Notes, read_frame, read_stream
from nas_hydra.dataset.tables.opened import (
    FILE,
    READ_BY,
    SPLIT_BY,
    TEST_FILE,
    OpenedTable,
    Settings,
    fixed,
    open_table,
)
from nas_hydra.dataset.tree import Tree, is_classes
from nas_hydra.errors import ConfigError

log = logging.getLogger(__name__)

INPUT = "files"
"""The key of what is to be predicted, for messages."""


@dataclass(frozen=True, kw_only=True)
class Table(Dataset, Whole):
    """A csv or parquet file whose columns have names.

    Inputs are ``{"numbers": float32 (N, F), "categories": int64 (N, G)}``, or one of them. What a
    column is, is recognised of the whole file and told; the values that prepare it are those of
    training rows only.

    Args:
        file: with the rows to learn from, and to test on if there is no other.
        target: the column that is to be told; a list of them, or a mapping name -> these; None
            where a task needs none, as reconstruction does.
        test_file: with the rows to test on; None: ``holdout`` of the others are set aside.
        target_kind: ``class``, ``number``, ``labels``, or a mapping of names to these.
        drop: columns to leave out.
        categories: columns to take for categories, whatever they look like.
        numbers: columns to take for numbers; text in them is an error.
        group: the column whose equal values are not parted; it is left out.
        time: the column by which the latest rows are validated and tested on.
        num_classes: how many classes there are; of several heads by name.
        num_targets: how many numbers are told; likewise.
        features: how many prepared numbers a row has.
        cardinalities: how many prepared codes each category has.
        indicators: places of the numbers of which a column tells that they are missing.
    """

    file: str
    target: Any
    test_file: str | None = None
    target_kind: Any = None
    drop: Sequence[str] = ()
    categories: Sequence[str] = ()
    numbers: Sequence[str] = ()
    group: str | None = None
    time: str | None = None
    num_classes: int | Mapping[str, int] | None = field(default=None, compare=False)
    num_targets: int | Mapping[str, int] | None = field(default=None, compare=False)
    features: int | None = field(default=None, compare=False)
    cardinalities: Sequence[int] | None = field(default=None, compare=False)
    indicators: Sequence[int] | None = field(default=None, compare=False)
    split: Splitter | None = None  # type: ignore[assignment]  # never after it was made
    prepare: Prepare = field(default_factory=PrepareColumns)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("target", "target_kind", "drop", "categories", "numbers", "cardinalities"):
            object.__setattr__(self, name, fixed(getattr(self, name)))
        object.__setattr__(self, "indicators", fixed(self.indicators))
        if self.split is None:
            suiting = Time() if self.time else Group() if self.group else Auto()
            object.__setattr__(self, "split", suiting)
        if isinstance(self.prepare, PrepareColumns):
            known = PrepareColumns(
                self.prepare.numbers,
                *(
                    None if one is None else tuple(one)
                    for one in (self.indicators, self.cardinalities)
                ),
            )
            object.__setattr__(self, "prepare", known)

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the columns are; lines tell of all that is guessed."""
        settings = cls._settings(given)
        if any(_is_open(one) for one in settings.values()):  # candidates differ in it
            return {}
        opened = open_table(cls.frames, settings)
        opened.notes.tell()
        heads = {head.name: head for head in opened.heads}
        classes = {name: head.outputs for name, head in heads.items() if head.kind != "number"}
        numbers = {name: head.outputs for name, head in heads.items() if head.kind != "class"}
        answers = {
            "target_kind": _alone({name: head.kind for name, head in heads.items()}),
            "num_classes": _alone(classes),
            "num_targets": _alone(numbers),
            **_facts(opened.columns, given.get("prepare")),
        }
        return {
            name: answer
            for name, answer in answers.items()
            if answer is not None and name in given and given[name] is None
        }

    @classmethod
    def _settings(cls, given: Mapping[str, Any]) -> Settings:
        """Those that decide what the rows are."""
        defaults = {name: one.default for name, one in cls.__dataclass_fields__.items()}
        named = [name for name in (*READ_BY, *SPLIT_BY) if name in defaults]
        return Settings({name: fixed(given.get(name, defaults[name])) for name in named})

    @classmethod
    def frames(cls, settings: Settings, notes: Notes) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        """The rows of the file, and those of the test file if there is one."""
        frame = read_frame(Path(settings["file"]), FILE, notes)
        test = settings["test_file"]
        return frame, None if test is None else read_frame(Path(test), TEST_FILE, notes)

    @property
    def opened_table(self) -> OpenedTable:
        """The table, and what its columns are."""
        return open_table(self.frames, self._settings(vars(self)))

    def open_all(self) -> Source:
        """All rows of the file."""
        return self.opened_table.development

    def open_parts(self) -> tuple[Source, Source]:
        """As the test file says it, or with rows of the file set aside."""
        opened = self.opened_table
        return super().open_parts() if opened.test is None else (opened.development, opened.test)

    def check(self, source: Source, test: bool = False) -> None:
        """See ``Dataset``; what the config says of the columns must be so."""
        opened = self.opened_table
        for name, answer in _facts(opened.columns, self.prepare).items():
            given = getattr(self, name)
            if given is not None and fixed(given) != fixed(answer):
                problem = f"is {given}, and the table gives {answer}"
                raise ConfigError(f"dataset.{name}", f"{problem}; say null, which looks there")
        super().check(source, test)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """See ``Choosing``; each class has a row for each part, if it is split by class."""
        super().check_enough(target, names)
        if is_classes(target) and isinstance(self.split, Auto | Stratified):
            check_rare(target, self.class_names, names, self.unit)

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development rows there are; of classes, how many of each."""
        if not is_classes(target):
            return super().counts(target)
        counts: list[int] = target.bincount(minlength=len(self.class_names)).tolist()
        return counts

    def load(self) -> Splits:
        """See ``Dataset``; lines tell of rows that are on both sides, or hold what is unseen."""
        found = super().load()
        name = "validation" if found.test is None else "test"
        train, measured = found.examples
        if twice := int(measured.among(train).sum()):
            log.warning(
                "data: %d of %d %s rows have the same inputs as a training row",
                *(twice, len(measured), name),
            )
        if unseen := self._unseen():
            told = ", ".join(f"'{column}' in {rows:,}" for column, rows in unseen.items())
            log.warning(
                "data: %s rows have categories that no training row has, and count as missing: %s",
                *(name, told),
            )
        if found.test is not None and is_classes(found.test.target):
            tell_lacking(found.test.target, self.class_names, len(self.class_names), "row")
        return found

    def _unseen(self) -> dict[str, int]:
        """How many measured rows have categories that no training row has, by column."""
        choice = self.choose()
        trained, measured = (
            source[places].get("categories") for source, places in (choice.train, choice.measured)
        )
        if trained is None:
            return {}
        unseen = [
            int(((other >= 0) & ~torch.isin(other, own)).sum())
            for own, other in zip(trained.T, measured.T, strict=True)
        ]
        names = [column.name for column in self.opened_table.columns.categories]
        return {name: rows for name, rows in zip(names, unseen, strict=True) if rows}

    @property
    def class_names(self) -> Any:
        """The classes, or the labels, by their places; of several heads by name."""
        heads = self.opened_table.heads
        return _alone({head.name: head.names for head in heads if head.kind != "number"}) or ()

    @property
    def target_names(self) -> Any:
        """The columns of numbers, or labels, that are told; of several heads by name."""
        heads = self.opened_table.heads
        return _alone({head.name: head.names for head in heads if head.kind != "class"}) or ()

    def described(self) -> dict[str, Any]:
        """How a file's rows become inputs, and what is told of them: plain values."""
        opened = self.opened_table
        return {
            **opened.columns.model_dump(mode="json"),
            "target": [head.model_dump(mode="json") for head in opened.heads],
        }

    @classmethod
    def unlabelled(
        cls, settings: Mapping[str, Any], described: Mapping[str, Any], file: Path | IO[str]
    ) -> tuple[Sequence[str], Tree]:
        """The rows of a file with these columns, in any order and with any others.

        Raises:
            ConfigError: if it is none, or lacks a column.
        """
        known = {name: described[name] for name in ("columns", "indicators")}
        columns = Columns.model_validate(known)
        notes = Notes()
        read = read_frame if isinstance(file, Path) else read_stream
        frame = read(file, INPUT, notes)  # type: ignore[arg-type]
        inputs = columns.inputs(frame, INPUT)
        columns.tell_unknown(frame, "rows", notes)
        notes.tell()
        return [str(row + 1) for row in range(len(frame))], inputs


def _is_open(value: Any) -> bool:
    """Whether a setting is one that candidates differ in."""
    if isinstance(value, Mapping):
        return any(name.startswith("_") or _is_open(one) for name, one in value.items())
    return isinstance(value, tuple) and any(map(_is_open, value))


def _facts(columns: Columns, prepare: Any) -> dict[str, Any]:
    """What a network is given of the columns.

    Args:
        columns: of the table.
        prepare: what prepares them, or its settings; None is what tables do by themselves.
    """
    target = str(prepare.get("_target_")) if isinstance(prepare, Mapping) else ""
    kept = isinstance(prepare, NoPreparation) or target.endswith(".NoPreparation")
    indicators = [] if kept else [*columns.indicators]
    return {
        "features": len(columns.numbers) + len(indicators),
        "cardinalities": columns.cardinalities,
        "indicators": indicators,
    }


def _alone(found: Mapping[str, Any]) -> Any:
    """What there is of each head; of one that is alone, that; None if there is none."""
    return found.get("", dict(found)) or None
