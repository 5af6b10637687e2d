"""Several inputs of each row: a table, of which columns name image files."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import IO, Any

import pandas as pd
import torch
from torch import Tensor

from nas_hydra.dataset.image_folder import Files
from nas_hydra.dataset.images.files import headers
from nas_hydra.dataset.images.picture import PIXEL_LIMIT, Decoding, UnreadableError, check_picture
from nas_hydra.dataset.prepare.beside import Beside
from nas_hydra.dataset.source import Source, target_of
from nas_hydra.dataset.table import INPUT, Table
from nas_hydra.dataset.tables.frame import Notes, check_columns, read_frame, read_stream
from nas_hydra.dataset.tables.opened import FILE, TEST_FILE, Settings, fixed
from nas_hydra.dataset.tables.target import columns_of, known_rows
from nas_hydra.dataset.tree import Tree, number_of_rows
from nas_hydra.errors import ConfigError, printable

log = logging.getLogger(__name__)

COLOURS = 3
ALONE = "image"
"""The input of images, if there is one alone."""


class CombinedRows:
    """A source of rows with several inputs.

    Args:
        images: name of an input -> its files.
        facts: name of the input of columns.
        table: the same rows of the table.
    """

    def __init__(self, images: Mapping[str, Files], facts: str, table: Any) -> None:
        self._images, self._facts, self._table = images, facts, table
        self.target, self.known = target_of(table), table.known

    def __getitem__(self, index: Tensor) -> dict[str, Tree]:
        """The inputs at these places, by name; images are read."""
        found: dict[str, Tree] = {name: files[index] for name, files in self._images.items()}
        return {**found, self._facts: self._table[index]}


@dataclass(frozen=True, kw_only=True)
class Combined(Table):
    """A table some of whose columns name image files; all others are an input as of a table.

    Inputs are ``{"image": float32 (N, 3, H, W), "table": {"numbers": ..., "categories": ...}}``.

    Args:
        images: the column that names files; or name of an input -> its column.
        facts: name of the input of all other columns.
        root: folder that the names of files begin in; None: where the table is.
        size: height and width in pixels to which every image is resized.
        inputs: what networks have to know of each input, by its name.
        pixel_limit: images with more pixels count as unreadable.
        background: colour behind what is transparent.
        range: which numbers are black and white beyond 8 bits, see ``ImageFolder``.
    """

    images: str | Mapping[str, str]
    facts: str = "table"
    root: str | None = None
    size: int
    inputs: Mapping[str, Any] | None = field(default=None, compare=False)
    pixel_limit: int = field(default=PIXEL_LIMIT, compare=False)
    background: str = "white"
    range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("images", "range", "inputs"):
            object.__setattr__(self, name, fixed(getattr(self, name)))
        _check_images(self._columns, self.facts)
        beside = Beside(tuple(self._columns), self.facts, self.prepare)
        object.__setattr__(self, "prepare", beside)

    @property
    def _columns(self) -> Mapping[str, str]:
        return columns_of_images(self.images)

    @property
    def decoding(self) -> Decoding:
        """What is made of the files."""
        return Decoding(self.background, self.range, self.pixel_limit)

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the columns are, and the size that fits the images; lines tell of both."""
        images = columns_of_images(given["images"])
        if any(name.startswith("_") for name in images):  # candidates differ in it
            return {}
        _check_images(images, given.get("facts"))
        settings = cls._settings(given)
        frame, _ = cls.frames(settings, Notes())
        check_columns("dataset.images", [*images.values()], [*frame.columns])
        named = _named(frame, settings, images, FILE)
        files = [file for one in named.values() for file in _paths(one, _root(given), FILE)]
        seen = headers(files)
        size = seen.size if given.get("size") is None else given["size"]
        answers = super().found(given) | ({"size": size} if given.get("size") is None else {})
        log.info("data: %d images of %s: %s", len(files), ", ".join(images), seen.sentence(size))
        if given.get("inputs") is None:
            answers["inputs"] = _facts_of_inputs(images, {**given, **answers})
        return answers

    @classmethod
    def _settings(cls, given: Mapping[str, Any]) -> Settings:
        """As of a table without the columns of images."""
        known = super()._settings(given)
        return Settings(
            {**known, "drop": (*known["drop"], *columns_of_images(given["images"]).values())}
        )

    def open_all(self) -> Source:
        """All rows of the file, each of whose images was looked at."""
        return self._rows(self.opened_table.development, 0, FILE)

    def open_parts(self) -> tuple[Source, Source]:
        """As the test file says it, or with rows of the file set aside."""
        opened = self.opened_table
        if opened.test is None:
            return self.parted(self.open_all())
        return self.open_all(), self._rows(opened.test, 1, TEST_FILE)

    def _rows(self, table: Any, place: int, key: str) -> CombinedRows:
        """The rows of a table with their images.

        Args:
            table: the rows.
            place: of their file among those that ``frames`` reads.
            key: of that file.
        """
        settings = self._settings(vars(self))
        frame = self.frames(settings, Notes())[place]
        assert frame is not None  # its rows are there
        check_columns("dataset.images", [*self._columns.values()], [*frame.columns])
        root = _root(vars(self))
        files = {
            name: _paths(one, root, key)
            for name, one in _named(frame, settings, self._columns, key).items()
        }
        for one in files.values():
            self._check(one)
        labels = torch.zeros(number_of_rows(table.target))
        images = {name: Files(one, labels, self.size, self.decoding) for name, one in files.items()}
        return CombinedRows(images, self.facts, table)

    def _check(self, files: Sequence[str]) -> None:
        for file in files:
            try:
                check_picture(file, self.decoding)
            except UnreadableError as error:
                raise ConfigError("dataset.images", f"{error}. Mend it, or drop its row") from None

    @classmethod
    def unlabelled(
        cls, settings: Mapping[str, Any], described: Mapping[str, Any], file: Path | IO[str]
    ) -> tuple[Sequence[str], Tree]:
        """The rows of a file with these columns, and the images that it names.

        Raises:
            ConfigError: if it is none, lacks a column, or an image is not there.
        """
        known = {**settings, "file": file if isinstance(file, Path) else "standard input"}
        text = None if isinstance(file, Path) else file.read()
        names, table = super().unlabelled(settings, described, _again(file, text))
        frame = (
            read_frame(file, INPUT, Notes())
            if isinstance(file, Path)
            else read_stream(StringIO(text), INPUT, Notes())
        )
        columns = columns_of_images(settings["images"])
        check_columns(INPUT, [*columns.values()], [*frame.columns])
        decoding = Decoding(settings["background"], settings["range"], settings["pixel_limit"])
        labels, every = torch.zeros(len(frame)), torch.arange(len(frame))
        found = {
            name: Files(
                _paths(frame[column], _root(known), INPUT), labels, settings["size"], decoding
            )[every]
            for name, column in columns.items()
        }
        return names, {**found, settings["facts"]: table}


def columns_of_images(images: str | Mapping[str, str]) -> Mapping[str, str]:
    """Name of an input -> the column of its files; of one alone the input is ``image``."""
    return {ALONE: images} if isinstance(images, str) else images


def _again(file: Path | IO[str], text: str | None) -> Path | IO[str]:
    """What was read already, to be read again."""
    return file if text is None else StringIO(text)


def _facts_of_inputs(images: Iterable[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """What networks have to know of each input; a size that is open stays a reference."""
    shape = [COLOURS, "${dataset.size}", "${dataset.size}"]
    columns = {name: given.get(name) for name in ("features", "cardinalities")}
    return {**{name: {"input_shape": shape} for name in images}, given["facts"]: columns}


def _check_images(images: Mapping[str, str], facts: Any) -> None:
    """Make sure that there are images, by names of their own."""
    if not images:
        raise ConfigError("dataset.images", "is empty; say dataset.images=COLUMN")
    if facts in images:
        raise ConfigError("dataset.facts", f"is '{facts}', as is one of dataset.images")


def _root(given: Mapping[str, Any]) -> Path:
    """The folder that names of files begin in."""
    root = given.get("root")
    return Path(str(given["file"])).parent if root is None else Path(root).expanduser()


def _named(
    frame: pd.DataFrame, settings: Settings, images: Mapping[str, str], key: str
) -> dict[str, pd.Series]:
    """What the columns of images hold, by input, of the rows that are not left out."""
    told = columns_of(settings["target"], settings["target_kind"])
    known = known_rows(frame, [name for part in told.values() for name in part], key)
    return {name: known[column] for name, column in images.items()}


def _paths(named: pd.Series, root: Path, key: str) -> list[str]:
    """Files, each of which is there.

    Raises:
        ConfigError: naming the first row that names none.
    """
    found = []
    for row, name in zip(named.index, named, strict=True):
        if not isinstance(name, str) or not (root / name).is_file():
            problem = f"'{named.name}' names no file in row {row + 1:,} of {key}"
            if isinstance(name, str):
                problem += f": there is no {printable(name)} in {root.absolute()} (dataset.root)"
            raise ConfigError("dataset.images", problem)
        found.append(str(root / name))
    return found
