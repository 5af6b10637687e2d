"""Series of numbers in time, of one channel or several, of equal length or not."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

from torch import Tensor

from nas_hydra.dataset.base import Dataset
from nas_hydra.dataset.check import check_rare
from nas_hydra.dataset.choosing import Part, Whole
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.standardize_series import SeriesInputs, StandardizeSeries
from nas_hydra.dataset.series_files.file import Format, format_of, read_labelled, read_unlabelled
from nas_hydra.dataset.series_files.rows import Kind, SeriesRows, padded
from nas_hydra.dataset.series_files.table import Columns
from nas_hydra.dataset.series_files.target import class_names, kind_of, labels, values
from nas_hydra.dataset.source import Source
from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.auto import Auto
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.tree import Tree, is_classes, selected
from nas_hydra.errors import ConfigError, listing, printable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InMemory:
    """A source of series that lie in memory.

    Args:
        inputs: of each.
        target: (N,), int64 or float32.
    """

    inputs: SeriesInputs
    target: Tensor

    def __getitem__(self, index: Tensor) -> SeriesInputs:
        """The series at these places."""
        return cast(SeriesInputs, selected(self.inputs, index))


@dataclass(frozen=True, kw_only=True)
class Series(Dataset, Whole):
    """The series of a file, and of another one to test on, or of a share that is set aside.

    Inputs are float32 (N, C, L), or, if lengths are unequal, ``{"series": (N, C, L) padded with 0,
    "mask": bool (N, L), true where there are values}``. What is told is a class or a number.

    Args:
        file: a .ts, csv or npz file.
        test_file: likewise, the series to test on; None: ``holdout`` of those of the file.
        target: the column of csv that is told.
        id: the column of csv that says which series a row is a step of; None: rows are series.
        time: the column of csv by which steps are ordered; None: as they stand.
        target_kind: ``class`` or ``number``.
        num_classes: checked against the file, so that it can be relied on, as all that follow.
        num_targets: of numbers, 1.
        channels: C.
        length: L, of the longest series.
        ragged: whether lengths are unequal; if it is said to be false, missing values at the end
            of a series are filled in, and are not where it ends.
    """

    file: str
    test_file: str | None
    target: str | None
    id: str | None
    time: str | None
    target_kind: Kind
    num_classes: int | None
    num_targets: int | None
    channels: int
    length: int
    ragged: bool
    split: Splitter = field(default_factory=Auto)
    prepare: Prepare = field(default_factory=StandardizeSeries)

    unit = "series"

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the files say; a line tells of them."""
        if not isinstance(given.get("file"), str):  # candidates may differ in it
            return {}
        rows, test = _files(given)
        kind = kind_of(rows, given["target_kind"])
        names = class_names(rows) if kind == "class" else []
        lengths = [*rows.lengths, *(test.lengths if test else ())]
        answers = {
            "target_kind": kind,
            "num_classes": len(names) or None,
            "num_targets": None if names else 1,
            "channels": rows.values[0].shape[0],
            "length": max(lengths),
            "ragged": len(set(lengths)) > 1,
        }
        filled = {name: one for name, one in answers.items() if given[name] is None}
        for key, part in {"file": rows, "test_file": test}.items():
            if part is not None:
                check_form(part, {**given, **filled}, f"dataset.{key}")
                target_tensor(part, kind, names, f"dataset.{key}")
        log.info("data: %s", "; ".join(_sentences(given, rows, test, names)))
        return filled

    @property
    def class_names(self) -> Sequence[str] | None:
        """Of the classes, by label; None if numbers are told."""
        return class_names(self._read(self.file, "file")) if self.num_classes else None

    def open_all(self) -> InMemory:
        """The series of the file."""
        return self._opened(self.file, "file")

    def open(self, part: Part) -> Source:
        """As the files say, or as they are set aside."""
        if self.test_file is None:
            return super().open(part)
        if part == "test":
            return self._opened(self.test_file, "test_file")
        return self._opened(self.file, "file")

    def open_parts(self) -> tuple[Source, Source]:
        """Likewise."""
        if self.test_file is None:
            return super().open_parts()
        return self.open("development"), self.open("test")

    def check(self, source: Source, test: bool = False) -> None:
        """See ``Dataset``; a number of classes other than the config says is refused."""
        names = self.class_names
        if names is not None and len(names) != self.num_classes:
            problem = f"is {self.num_classes}; the series have {len(names)} classes"
            raise ConfigError("dataset.num_classes", problem)
        if names is not None and len(names) < 2:
            raise ConfigError("dataset", f"has only the class {listing(names)}")
        super().check(source, test)

    def check_enough(self, target: Tree, names: Sequence[str]) -> None:
        """Make sure that each class has a series for each part, if each is to have one."""
        super().check_enough(target, names)
        if is_classes(target) and not isinstance(self.split, Random):
            check_rare(target, self.class_names or [], names, self.unit)

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development series there are, of each class if there are classes."""
        return target.bincount().tolist() if is_classes(target) else super().counts(target)

    def described(self) -> Mapping[str, Any]:
        """The format of the file, and the columns of csv that hold the values, in their order."""
        rows = self._read(self.file, "file")
        return {"format": format_of(Path(self.file)), "columns": list(rows.channels)}

    @classmethod
    def unlabelled(
        cls, settings: Mapping[str, Any], described: Mapping[str, Any], file: Path | TextIO
    ) -> tuple[Sequence[str], Tree]:
        """The series of a file of which nothing needs to be told, and their names.

        Args:
            settings: of the dataset that a model was trained on.
            described: of it, see ``described``.
            file: of any format, or text of that of the training.

        Raises:
            ConfigError: if it cannot be read, or has series of another form.
        """
        columns = Columns(None, settings["id"], settings["time"], described["columns"] or None)
        form: Format = described["format"]
        rows = read_unlabelled(file, form, columns, bool(settings["ragged"]))
        check_form(rows, settings, str(file) if isinstance(file, Path) else "standard input")
        return rows.names, _inputs(rows, settings["length"], settings["ragged"])

    def _read(self, file: str, key: str) -> SeriesRows:
        columns = Columns(self.target, self.id, self.time)
        return read_labelled(file, f"dataset.{key}", columns, self.ragged)

    def _opened(self, file: str, key: str) -> InMemory:
        rows, key = self._read(file, key), f"dataset.{key}"
        form = {name: getattr(self, name) for name in ("channels", "length", "ragged")}
        check_form(rows, form, key)
        target = target_tensor(rows, self.target_kind, self.class_names or [], key)
        return InMemory(_inputs(rows, self.length, self.ragged), target)


def check_form(rows: SeriesRows, form: Mapping[str, Any], key: str) -> None:
    """Make sure that series are as all others are said to be.

    Args:
        rows: of a file.
        form: ``channels``, ``length`` and ``ragged``.
        key: of the file, for messages.

    Raises:
        ConfigError: if they are not.
    """
    channels, length = form["channels"], form["length"]
    if (found := rows.values[0].shape[0]) != channels:
        problem = f"has series of {found} channels; {channels} are needed (dataset.channels)"
        raise ConfigError(key, problem)
    for name, steps in zip(rows.names, rows.lengths, strict=True):
        if steps > length or (steps < length and not form["ragged"]):
            most = "at most " if form["ragged"] else ""
            problem = f"series '{printable(name)}' has {steps} steps; {most}{length} are needed"
            raise ConfigError(key, f"{problem} (dataset.length, dataset.ragged={form['ragged']})")


def target_tensor(rows: SeriesRows, kind: Kind, names: Sequence[str], key: str) -> Tensor:
    """What is told of each series, (N,): int64 of classes, float32 of numbers."""
    return labels(rows, names, key) if kind == "class" else values(rows, key)


def _inputs(rows: SeriesRows, length: int, ragged: bool) -> SeriesInputs:
    series, mask = padded(rows.values, length)
    return {"series": series, "mask": mask} if ragged else series


def _files(given: Mapping[str, Any]) -> tuple[SeriesRows, SeriesRows | None]:
    """The series to learn from, and those to test on, of a file of their own."""
    columns = Columns(given["target"], given["id"], given["time"])
    ends = given["ragged"] is not False
    rows = read_labelled(given["file"], "dataset.file", columns, ends)
    if not isinstance(given["test_file"], str):
        return rows, None
    return rows, read_labelled(given["test_file"], "dataset.test_file", columns, ends)


def _sentences(
    given: Mapping[str, Any], rows: SeriesRows, test: SeriesRows | None, names: Sequence[str]
) -> Iterator[str]:
    """What the files hold, and what of the settings is not used."""
    lengths = sorted([*rows.lengths, *(test.lengths if test else ())])
    channels = rows.values[0].shape[0]
    yield f"{len(rows.values):,} series" + (f" and {len(test.values):,} to test on" if test else "")
    yield f"{channels:,} channel{'s' * (channels > 1)}"
    if lengths[0] == lengths[-1]:
        yield f"{lengths[0]:,} steps each"
    else:
        yield f"{lengths[0]:,} to {lengths[-1]:,} steps, padded with a mask"
    counts = Counter(rows.targets)
    if names:
        yield f"{len(names):,} classes: " + listing(f"{name}: {counts[name]:,}" for name in names)
    else:
        yield "the target is a number"
    if test is not None:
        yield "test series are those of dataset.test_file (dataset.holdout not used)"
