"""What a folder of images holds: a folder per class, or these in training, validation and test."""

import itertools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from nas_hydra.dataset.images.files import (
    MOST_SHOWN,
    SPLITS,
    files_in,
    holds_images,
    is_image,
    listed_folders,
    split_folders,
    subfolders,
    tell_left_out,
    visible,
)
from nas_hydra.dataset.images.picture import ENDINGS
from nas_hydra.errors import ConfigError, listing, printable

log = logging.getLogger(__name__)

MOST_NAMED = 6
"""How many classes a line names."""

WANTED = (
    "Wanted is one folder per class (ROOT/cat/1.png, ROOT/dog/2.png), or these in folders for"
    " training, validation and test (ROOT/train/cat/1.png, ROOT/val/cat/2.png, ROOT/test/cat/3.png)"
)
EMPTY = "it holds no images"
TABLES = (".csv", ".tsv", ".txt", ".json", ".xlsx", ".parquet")


class Sample(NamedTuple):
    """An image file, the number of its class, and its split's place in ``SPLITS``."""

    file: str
    label: int
    split: int


@dataclass(frozen=True)
class ClassFolders:
    """Where the class folders lie.

    Args:
        root: the folder that was named.
        base: the folder below it that holds class folders, or splits.
        splits: split -> the folder of its class folders; of images without splits, only one.
        notes: what else lies there, and what is made of it.
    """

    root: str
    base: str
    splits: Mapping[str, str]
    notes: Sequence[str]

    @property
    def divided(self) -> bool:
        """Whether the images come in splits."""
        return len(self.splits) > 1

    @cached_property
    def classes(self) -> Sequence[str]:
        """The names of the class folders, the same in all splits.

        Raises:
            ConfigError: if they are not, or there are none.
        """
        named = {split: subfolders(folder) for split, folder in self.splits.items()}
        first = named[SPLITS[0]]
        if len(first) < 2:
            raise ConfigError("dataset.root", _no_classes(self.splits[SPLITS[0]], first))
        for split, names in named.items():
            lacking = [name for name in first if name not in names]
            more = [name for name in names if name not in first]
            if lacking or more:
                raise ConfigError("dataset.root", self._different(split, lacking, more))
        return first

    def _different(self, split: str, lacking: Sequence[str], more: Sequence[str]) -> str:
        trained, other = (self.short(self.splits[one]) for one in (SPLITS[0], split))
        parts = [
            *([f"{listing(lacking)} only in {trained}"] if lacking else []),
            *([f"{listing(more)} only in {other}"] if more else []),
        ]
        return (
            f"has other class folders in {trained} than in {other}: {', '.join(parts)}. Each split"
            " needs the same ones; add, rename or move away"
        )

    @cached_property
    def samples(self) -> Sequence[Sample]:
        """All images, by split, by class, by folder and name.

        Raises:
            ConfigError: as of ``classes``, or if a class folder holds none.
        """
        found, empty = [], []
        for folder, split, label in self._each():
            files = [Sample(file, label, split) for file in files_in(folder) if is_image(file)]
            found += files
            empty += [] if files else [folder]
        if empty:
            raise ConfigError("dataset.root", self._empty(empty))
        return found

    def check_left(self, samples: Iterable[Sample]) -> None:
        """Make sure that each class folder has one of these.

        Raises:
            ConfigError: naming those that have none.
        """
        left = {(split, label) for _, label, split in samples}
        lost = [folder for folder, *place in self._each() if tuple(place) not in left]
        if lost:
            folders = f"folder{'s' * (len(lost) > 1)} {listing(map(self.short, lost), MOST_SHOWN)}"
            problem = f"no image can be read of the class {folders}; mend them, or move the folders"
            raise ConfigError("dataset.root", f"{problem} away")

    def _each(self) -> Iterator[tuple[str, int, int]]:
        """Every class folder, the place of its split and the number of its class."""
        for split, folder in self.splits.items():
            for label, name in enumerate(self.classes):
                yield os.path.join(folder, name), SPLITS.index(split), label

    def _empty(self, folders: Sequence[str]) -> str:
        endings = sorted({Path(file).suffix for folder in folders for file in files_in(folder)})
        there = f" Files there end in {listing(endings, MOST_SHOWN)}." if endings else ""
        return (
            f"there is no image in the class folder{'s' * (len(folders) > 1)}"
            f" {listing(map(self.short, folders), MOST_SHOWN)}; names of images end in"
            f" {' '.join(ENDINGS)}.{there} Add images, or move what is no class away"
        )

    def short(self, folder: str) -> str:
        """A folder's path below the root."""
        return printable(os.path.relpath(folder, self.root))

    def in_words(self) -> str:
        """``180 images in 3 classes (cat 60, dog 60, owl 60)``, and where they lie."""
        labels = [sample.label for sample in self.samples]
        named = [
            f"{printable(name)} {labels.count(label):,}"
            for label, name in enumerate(self.classes[:MOST_NAMED])
        ]
        more = len(self.classes) - len(named)
        classes = ", ".join([*named, *([f"and {more:,} more"] if more else [])])
        return f"{len(labels):,} images in {len(self.classes):,} classes ({classes}){self._where()}"

    def _where(self) -> str:
        if not self.divided:
            (only,) = self.splits.values()
            return "" if only == self.root else f" in {self.short(only)}"
        splits = [sample.split for sample in self.samples]
        parts = (
            f"{splits.count(SPLITS.index(split)):,} for {split} in {self.short(folder)}"
            for split, folder in self.splits.items()
        )
        return f", {', '.join(parts)}"

    def tell(self) -> None:
        """Say what of the folder is left out, or may be meant otherwise."""
        for note in [*self.notes, *self._mixed()]:
            log.warning("data: %s", note)
        around = {self.base, *self.splits.values()}
        loose = [file for folder in around for file in visible(folder, folders=False)]
        tell_left_out(filter(is_image, loose), "image%s outside of the class folders", "")
        inside = (file for folder, _, _ in self._each() for file in files_in(folder))
        tell_left_out(
            (file for file in inside if not is_image(file)),
            "file%s in the class folders",
            f", since names of images end in {' '.join(ENDINGS)}",
        )

    def _mixed(self) -> Iterator[str]:
        """Whether class folders have splits inside."""
        for folder, _, _ in self._each():
            inside = split_folders(folder)
            if SPLITS[0] in inside and len(inside) > 1:
                yield (
                    f"the class folder {self.short(folder)} has {listed_folders(inside)} inside,"
                    " which are taken together; to be splits, they have to hold the class folders"
                )
                return


def find_class_folders(root: str) -> ClassFolders:
    """Look for the class folders below a folder.

    Raises:
        ConfigError: if there is no such folder, or two of its folders are for the same split.
    """
    where = os.path.expanduser(root).rstrip("/") or "/"
    if not os.path.isdir(where):
        found = "is a file (unpack it first)" if os.path.exists(where) else "is not there"
        raise ConfigError("dataset.root", f"{Path(where).resolve()} {found}. {WANTED}")
    base, notes = _inner(where)
    splits, more = _splits(base)
    return ClassFolders(where, base, splits, [*_around(where), *notes, *more])


def _around(root: str) -> Iterator[str]:
    """Whether the root is one of several splits that lie beside each other."""
    parent, name = os.path.split(os.path.abspath(root))
    named = split_folders(parent) if os.access(parent, os.R_OK) else {}
    if name not in named.get(SPLITS[0], ()):
        return
    classes = set(subfolders(root))
    beside = {
        one: os.path.join(parent, one) for one in itertools.chain(*named.values()) if one != name
    }
    others = [
        one
        for one, path in beside.items()
        if os.access(path, os.R_OK) and not classes.isdisjoint(subfolders(path))
    ]
    if others:
        verb = "is" if len(others) == 1 else "are"
        whole = printable(parent if os.path.isabs(root) else os.path.relpath(parent))
        yield (
            f"{listing(others)} beside {printable(root)} {verb} not used; dataset.root={whole}"
            " takes the splits as they are"
        )


def _inner(folder: str) -> tuple[str, list[str]]:
    """The folder with several folders of images, around which there may be others; and notes."""
    notes: list[str] = []
    while True:
        inside = visible(folder, folders=True)
        holding = [one for one in inside if holds_images(one)]
        if len(holding) != 1 or not any(map(holds_images, visible(holding[0], folders=True))):
            return folder, notes
        notes += [_left(one, EMPTY) for one in inside if one not in holding]
        (folder,) = holding


def _splits(base: str) -> tuple[dict[str, str], list[str]]:
    """Split -> the folder of its class folders; and notes.

    A class may be called train, and another one val: then these hold images, and no folders.
    """
    named = split_folders(base)
    if SPLITS[0] not in named or len(named) == 1:
        return {SPLITS[0]: base}, []
    splits: dict[str, str] = {}
    notes: list[str] = []
    for split in SPLITS:
        for outer in (os.path.join(base, name) for name in named.get(split, ())):
            inner, more = _inner(outer)
            if not _has_classes(inner, splits.get(SPLITS[0], inner)):
                unknown = "its images lie in no class folders, so their classes are unknown"
                notes.append(_left(outer, unknown if holds_images(outer) else EMPTY))
            elif split in splits:
                problem = f"has several folders for {split}: {listing(named[split])}. Leave one"
                raise ConfigError("dataset.root", problem)
            else:
                splits[split] = inner
                notes += more
    if SPLITS[0] in splits:
        return splits, notes + _unused(base, named)
    return {SPLITS[0]: base}, [f"{listed_folders(named)} are taken for classes: images lie in them"]


def _has_classes(folder: str, training: str) -> bool:
    """Whether a split has class folders; one alone could be anything that is no class."""
    names = {os.path.basename(one) for one in visible(folder, folders=True) if holds_images(one)}
    return len(names) > 1 or not names.isdisjoint(subfolders(training))


def _unused(base: str, named: Mapping[str, Sequence[str]]) -> list[str]:
    """Notes on folders with images beside the splits."""
    known = {os.path.join(base, name) for name in itertools.chain(*named.values())}
    others = [one for one in visible(base, folders=True) if one not in known]
    return [
        _left(one, f"it is none of {listed_folders(named)}") for one in filter(holds_images, others)
    ]


def _left(folder: str, why: str) -> str:
    return f"the folder {printable(folder)} is left out: {why}"


def _no_classes(folder: str, names: Sequence[str]) -> str:
    """Why a folder with fewer than two class folders is none that can be learned from."""
    files = visible(folder, folders=False)
    number = sum(map(is_image, files))
    loose = f"{number:,} images, and " if number else ""
    found = f"only one folder, {listing(names)}" if names else "no class folders"
    tables = [os.path.basename(file) for file in files if file.lower().endswith(TABLES)]
    unread = f" A table of labels is not read ({listing(tables, 2)})." if tables else ""
    return f"{Path(folder).resolve()} holds {loose}{found}.{unread} {WANTED}"
