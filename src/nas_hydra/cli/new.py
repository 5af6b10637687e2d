"""``nas-hydra-new``: what a file or a folder seems to hold, and the line to start with."""

import logging
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from nas_hydra.cli.arguments import Words, command, unknown
from nas_hydra.errors import ConfigError, listing, printable
from nas_hydra.shell import pasteable

if TYPE_CHECKING:
    import pandas as pd

ABOUT = """\
nas-hydra-new FILE|FOLDER [target=COLUMN]

Say what a file or a folder seems to hold: a table, texts, series, arrays, images in folders of
classes, or images with masks; and print the one line to start a search with. Whatever is guessed is
said. Nothing is trained.
"""
NAMES = ("target", "label", "labels", "class", "y", "outcome")
"""What people call the column that is to be told."""
TABLES = (".csv", ".tsv", ".parquet")
PACKED = (".gz", ".bz2", ".xz")
FEW = 20
"""Different numbers up to which a column of whole ones is taken for classes."""
WORDY = 4
"""Words from which on, in the mean, a column is taken for texts."""
SHOWN = 12
"""Columns that are told."""


class NewWords(Words):
    """What ``nas-hydra-new`` is told."""

    target: str | None = Field(None, description="the column of a table that is to be told")


class Guess(NamedTuple):
    """What a path seems to hold.

    Args:
        words: overrides that name it.
        lines: what is seen, and what is guessed of it.
    """

    words: Sequence[str]
    lines: Sequence[str]


def run(argv: Sequence[str]) -> int:
    """Look, print and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    return command(argv, ABOUT, NewWords, _look)


def _look(said: NewWords, rest: Sequence[str]) -> None:
    """Print what there is, and the line to start with.

    Raises:
        NasHydraError: if nothing is known to read it, or that finds it wrong.
    """
    for word in rest:
        if "=" in word and not Path(word).exists():
            raise unknown(word, NewWords)
    if len(rest) != 1:
        raise ConfigError("path", f"{len(rest)} are given; one file or folder is needed")
    found = guess(Path(rest[0]), said.target)
    for line in found.lines:
        print(printable(line))
    _told_by_dataset(found.words)
    print(f"start with: {pasteable(shlex.join(['nas-hydra', *found.words]))}")


def _told_by_dataset(words: Sequence[str]) -> None:
    """Let the dataset say what it recognises, as it does when a search begins."""
    from nas_hydra.app.completing import complete
    from nas_hydra.app.settings import resolved
    from nas_hydra.compose import composed
    from nas_hydra.tracker.terminal import ConsoleHandler

    logging.basicConfig(level=logging.INFO, handlers=[ConsoleHandler()])
    with composed(words) as config:
        complete(config, resolved(config))


def guess(path: Path, target: str | None) -> Guess:
    """What a path seems to hold.

    Args:
        path: a file or a folder.
        target: the column of a table that is to be told; None: a likely one.

    Raises:
        ConfigError: if it is not there, or nothing is known to read it.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise ConfigError("path", f"there is no file and no folder {path}")
    plain = path.with_suffix("") if path.suffix in PACKED else path
    if plain.suffix == ".ts":
        return Guess(["dataset=series", f"dataset.file={path}"], ["series, by the ending .ts"])
    if plain.suffix == ".txt":
        words = ["dataset=text", "task=tokens", f"dataset.file={path}"]
        seen = "texts, one a line, by the ending .txt: the next token is told of each"
        return Guess([*words, "search_space=causal_transformer"], [seen])
    if plain.suffix == ".npz":
        return _arrays(path)
    if plain.suffix in TABLES:
        return _table(path, target)
    known = ".csv, .tsv, .parquet, .ts, .npz, .txt, and folders of images or texts"
    raise ConfigError("path", f"{path} is of no known kind; allowed: {known}")


def _folder(path: Path) -> Guess:
    """Images with masks, or folders of classes."""
    from nas_hydra.dataset.images.files import is_image

    parts = {part.name for part in path.rglob("*") if part.is_dir()}
    if {"images", "masks"} <= parts:
        words = ["dataset=masks", "task=segmentation", f"dataset.root={path}"]
        return Guess(words, ["images with masks, by the folders images and masks"])
    files = [file for file in path.glob("*/**/*") if file.is_file()]
    images, texts = (
        sum(is_image(one.name) for one in files),
        sum(one.suffix == ".txt" for one in files),
    )
    if images and images >= texts:
        seen = f"{images:,} images in folders, which are taken for classes"
        return Guess(["dataset=image_folder", f"dataset.root={path}"], [seen])
    if texts:
        seen = f"{texts:,} texts in folders, which are taken for classes"
        return Guess(["dataset=text", f"dataset.root={path}"], [seen])
    raise ConfigError("path", f"the folder {path} has no folders with images or .txt files in them")


def _arrays(path: Path) -> Guess:
    """Arrays of which one has a name that people give to a target."""
    import numpy as np

    with np.load(path) as held:
        names = list(held.files)
    told = next((name for name in NAMES if name in names), None)
    inputs = [name for name in names if name != told]
    seen = f"arrays: {listing(names)}"
    if told is None or len(inputs) != 1:
        problem = f"has {seen}; which are inputs and which is the target, nobody can guess"
        mend = f"say dataset=tensors dataset.file={path} dataset.inputs=NAME dataset.target=NAME"
        raise ConfigError("path", f"{path} {problem}: {mend}")
    words = ["dataset=tensors", f"dataset.file={path}", f"dataset.inputs={inputs[0]}"]
    guessed = f"the target is guessed to be '{told}', by its name"
    return Guess([*words, f"dataset.target={told}"], [seen, guessed])


def _table(path: Path, target: str | None) -> Guess:
    """A table, or texts if one of its columns has them."""
    from nas_hydra.dataset.tables.frame import Notes, read_frame

    frame = read_frame(path, "path", Notes())
    names = [str(name) for name in frame.columns]
    frame.columns = names
    lines = [f"a table of {len(frame):,} rows and {len(names)} columns", *_columns(frame)]
    if target is not None and target not in names:
        raise ConfigError("target", f"is '{target}'; the columns are {listing(names, SHOWN)}")
    told, why = (target, "as you say") if target else _likely(frame)
    is_number, kind = _kind(frame[told])
    lines.append(f"the target is '{told}', {why}: {kind}; another one: target=COLUMN")
    texts = [name for name in names if name != told and _is_text(frame[name])]
    words = ["dataset=text" if texts else "dataset=table", f"dataset.file={path}"]
    if texts:
        lines.append(f"'{texts[0]}' holds texts, so that these are what is learned from")
        words.append(f"dataset.column={_quoted(texts[0])}")
    words.append(f"dataset.target={_quoted(told)}")
    return Guess([*words, *(["task=regression"] if is_number else [])], lines)


def _columns(frame: "pd.DataFrame") -> Iterator[str]:
    """What each column holds."""
    for name in list(frame.columns)[:SHOWN]:
        missing = int(frame[name].isna().sum())
        lack = f", {missing:,} missing" if missing else ""
        yield f"  {name}: {_kind(frame[name])[1]}{lack}"
    if len(frame.columns) > SHOWN:
        yield f"  and {len(frame.columns) - SHOWN} more columns"


def _likely(frame: "pd.DataFrame") -> tuple[str, str]:
    """The column that is most likely to be told, and why."""
    names = {name.lower(): name for name in reversed(list(frame.columns))}
    for known in NAMES:
        if known in names:
            return names[known], "guessed by its name"
    return str(frame.columns[-1]), "guessed since it is the last column"


def _kind(column: "pd.Series[object]") -> tuple[bool, str]:
    """Whether a column is one of numbers, and what it holds in words."""
    import pandas as pd

    known = column.dropna()
    number = int(known.nunique())
    numeric = pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known)
    whole = numeric and bool((known % 1 == 0).all())
    if numeric and not (whole and number <= FEW):
        return True, f"numbers from {known.min():.6g} to {known.max():.6g}"
    if not number or number > max(FEW, len(known) // 2):
        return False, f"text, {number:,} different ones"
    values = listing(map(str, known.value_counts().index[:6]), 5)
    return False, f"{number:,} classes ({values})"


def _is_text(column: "pd.Series[object]") -> bool:
    """Whether a column has sentences, most of them different."""
    import pandas as pd

    known = column.dropna()
    if pd.api.types.is_numeric_dtype(known) or not len(known):
        return False
    words = known.astype(str).str.split().str.len().mean()
    return bool(words >= WORDY and known.nunique() > len(known) / 2)


def _quoted(name: str) -> str:
    """A name as Hydra reads it as a text."""
    return name if name.replace("_", "").isalnum() else f'"{name}"'
