"""Files and folders of texts: a column of a table, lines or paragraphs, or a text in each file."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from nas_hydra.dataset.images.files import (
    SPLITS,
    files_in,
    is_hidden,
    listed_folders,
    split_folders,
    subfolders,
)
from nas_hydra.dataset.texts.table import Columns, is_table, no_column, read_table, text_column
from nas_hydra.errors import ConfigError, in_one_line, listing, nearest, printable

log = logging.getLogger(__name__)

Each = Literal["line", "paragraph"]
"""What a text is in a file of nothing else."""

TEXT = ".txt"
TRAINING, VALIDATION, TEST = range(len(SPLITS))


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts, and what is to be told of them; none is empty.

    Args:
        texts: of all rows.
        target: the value of each, as its file has it; None if there is none.
        splits: of each row its split's place in ``SPLITS``; None if they are not given.
        column: that the texts stand in; None if they come from no table.
        names: of each row, the file and the line or row.
    """

    texts: Sequence[str]
    target: Sequence[Any] | None
    splits: Sequence[int] | None
    column: str | None
    names: Sequence[str]


def read_corpus(
    files: Sequence[str], test_files: Sequence[str], columns: Columns, each: Each
) -> Corpus:
    """The texts of some files, tables or not; read once as long as they stay as they are.

    Args:
        files: to train and validate on.
        test_files: to test on; empty if rows are to be set aside for that.
        columns: of tables.
        each: what a text is in other files.

    Raises:
        ConfigError: if they are not there, or not what they should be.
    """
    stamps = tuple(_stamp(file, "dataset.file") for file in files)
    test_stamps = tuple(_stamp(file, "dataset.test_file") for file in test_files)
    return _read(stamps, test_stamps, columns, each)


def read_folder(root: str) -> Corpus:
    """The texts of class folders, or of these in folders for training, validation and test.

    Raises:
        ConfigError: if there are none.
    """
    if not Path(root).is_dir():
        raise ConfigError("dataset.root", f"is '{root}', and there is no such folder")
    try:
        found = tuple(_in_folders(root))
    except OSError as error:
        raise ConfigError("dataset.root", f"cannot be read: {in_one_line(error)}") from None
    return _read_each(tuple((_stamp(file, "dataset.root"), *place) for file, *place in found))


def read_new(file: Path | Iterable[str], columns: Columns, each: Each) -> Corpus:
    """Texts that nothing is known of, empty ones among them.

    Args:
        file: a table or other file, or lines.
        columns: of a table; a target may lack.
        each: what a text is in a file of nothing else.

    Raises:
        ConfigError: if they cannot be read.
    """
    if not isinstance(file, Path):
        texts = [line.rstrip("\r\n") for line in file]
        return Corpus(texts, None, None, None, _numbered("-", len(texts)))
    if is_table(str(file)):
        frame = read_table(str(file))
        return _of_frame(frame, str(file), Columns(text_column(frame, columns, str(file)), None))
    lines = [line.rstrip("\r\n") for line in _content(str(file)).splitlines()]
    texts = lines if each == "line" else list(_texts_in(str(file), each))
    return Corpus(texts, None, None, None, _numbered(str(file), len(texts)))


Stamp = tuple[str, int, int]
"""A file's path, the time of its last change in ns, its size: as long as these stay, it does."""


def _stamp(file: str, key: str) -> Stamp:
    path = Path(file)
    if not path.is_file():
        there = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        problem = f"is '{file}', and there is no such file{nearest(path.name, there)}"
        raise ConfigError(key, problem)
    known = path.stat()
    return file, known.st_mtime_ns, known.st_size


@lru_cache(maxsize=2)
def _read(
    stamps: Sequence[Stamp], test_stamps: Sequence[Stamp], columns: Columns, each: Each
) -> Corpus:
    parts = [(_read_file(file, columns, each), TRAINING) for file, *_ in stamps]
    known = Columns(parts[0][0].column, columns.target)
    parts += [(_read_file(file, known, each), TEST) for file, *_ in test_stamps]
    return _told(_joined(parts) if test_stamps else _joined([(one, None) for one, _ in parts]))


@lru_cache(maxsize=2)
def _read_each(found: Sequence[tuple[Stamp, str, int | None]]) -> Corpus:
    """A text in each file."""
    texts = [_content(file) for (file, *_), *_ in found]
    labels = [label for _, label, _ in found]
    splits = [split for *_, split in found if split is not None]
    files = [file for (file, *_), *_ in found]
    return _told(Corpus(texts, labels, splits or None, None, files))


def _joined(parts: Sequence[tuple[Corpus, int | None]]) -> Corpus:
    """Several in one, each of one split."""
    all_of = [part for part, _ in parts]
    targets = [part.target for part in all_of if part.target is not None]
    splits = [split for part, split in parts if split is not None for _ in part.texts]
    return Corpus(
        [*chain(*(part.texts for part in all_of))],
        [*chain(*targets)] if targets else None,
        splits or None,
        all_of[0].column,
        [*chain(*(part.names for part in all_of))],
    )


def _told(corpus: Corpus) -> Corpus:
    """Without rows of which the text or the target is missing; how many there are is said."""
    target = corpus.target
    lacking = [target is not None and _is_missing(target[row]) for row in range(len(corpus.texts))]
    empty = [not text.strip() for text in corpus.texts]
    kept = [row for row, (a, b) in enumerate(zip(lacking, empty, strict=True)) if not a and not b]
    for number, what in ((sum(lacking), "without a target"), (sum(empty), "without a text")):
        if number:
            log.warning("data: %d of %d rows %s are left out", number, len(empty), what)
    if not kept:
        raise ConfigError("dataset", f"has no text with a target among {len(empty)} rows")
    return Corpus(
        [corpus.texts[row] for row in kept],
        None if target is None else [target[row] for row in kept],
        None if corpus.splits is None else [corpus.splits[row] for row in kept],
        corpus.column,
        [corpus.names[row] for row in kept],
    )


def _is_missing(value: Any) -> bool:
    return bool(pd.isna(value)) or (isinstance(value, str) and not value.strip())


def _read_file(file: str, columns: Columns, each: Each) -> Corpus:
    if not is_table(file):
        texts = list(_texts_in(file, each))
        return Corpus(texts, None, None, None, _numbered(file, len(texts)))
    frame = read_table(file)
    if columns.target is not None and columns.target not in frame.columns:
        raise ConfigError("dataset.target", no_column(columns.target, frame, file))
    return _of_frame(frame, file, Columns(text_column(frame, columns, file), columns.target))


def _of_frame(frame: pd.DataFrame, file: str, columns: Columns) -> Corpus:
    texts = ["" if _is_missing(text) else str(text) for text in frame[columns.text]]
    target = None if columns.target is None else frame[columns.target].tolist()
    return Corpus(texts, target, None, columns.text, _numbered(file, len(texts)))


def _numbered(file: str, number: int) -> list[str]:
    return [f"{file}:{row}" for row in range(1, number + 1)]


def _texts_in(file: str, each: Each) -> Iterator[str]:
    """Lines, or what stands between empty lines."""
    lines = [line.rstrip() for line in _content(file).splitlines()]
    if each == "line":
        yield from (line for line in lines if line)
        return
    part: list[str] = []
    for line in [*lines, ""]:
        if line:
            part.append(line)
        elif part:
            yield "\n".join(part)
            part = []


def _content(file: str) -> str:
    try:
        return Path(file).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"{file} is not UTF-8 (byte {error.start}); convert it: iconv -f latin1 -t utf-8"
        raise ConfigError("dataset", problem) from None


def _in_folders(root: str) -> Iterator[tuple[str, str, int | None]]:
    """Every text file below a folder, its class, and its split's place in ``SPLITS``."""
    for split, folder in _split_folders(root).items():
        names = subfolders(folder)
        if len(names) < 2:
            raise ConfigError(
                "dataset.root",
                f"{folder} has {len(names)} class folders ({listing(names)}); at least 2 are"
                f" needed, with files that end in {TEXT}: ROOT/pos/1.txt, ROOT/neg/2.txt, or these"
                " in folders for training and test: ROOT/train/pos/1.txt",
            )
        for name in names:
            files = [file for file in files_in(str(Path(folder, name))) if _is_text(file)]
            if not files:
                problem = f"there is no text ({TEXT}) in the class folder {folder}/{name}"
                raise ConfigError("dataset.root", problem)
            for file in files:
                yield file, name, None if split is None else SPLITS.index(split)


def _is_text(file: str) -> bool:
    return file.lower().endswith(TEXT) and not is_hidden(Path(file).name)


def _split_folders(root: str) -> Mapping[str | None, str]:
    """Split -> its folder; of texts without splits, the folder itself."""
    named = split_folders(root)
    if SPLITS[TRAINING] not in named or len(named) == 1:
        return {None: root}
    if any(len(names) > 1 for names in named.values()):
        problem = f"has several folders for a split ({listed_folders(named)}); leave one of each"
        raise ConfigError("dataset.root", printable(problem))
    return {split: str(Path(root, names[0])) for split, names in named.items()}
