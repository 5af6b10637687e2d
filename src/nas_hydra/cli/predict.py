"""``nas-hydra-predict``: what a retrained network says of files."""

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nas_hydra.artifact import read_artifact
from nas_hydra.cli.arguments import ForeignWords, command, unknown
from nas_hydra.errors import ConfigError, NasHydraError, printable
from nas_hydra.files.csv_cell import written
from nas_hydra.files.small_file import check_place, replace
from nas_hydra.predict import Predicted, Prediction, Skipped

ABOUT = """\
nas-hydra-predict model=DIR FILES... [format=table|json|csv] [out=FILE|FOLDER] [top=N]
                  [resize=true|false] [pixel_limit=N]

Say what the network of a folder of nas-hydra-retrain says of FILES. These are what it was trained
on: images, or folders with images in them; or files with rows, such as csv, .ts or text, with or
without what is to be told. - is standard input: paths of images, one a line, or rows. Images that
cannot be used are skipped and counted; the exit code is 1 if that leaves none. What the model was
trained on is named, as far as its folder tells.
"""
ENDINGS = {".json": "json", ".csv": "csv"}


class PredictWords(ForeignWords):
    """What ``nas-hydra-predict`` is told."""

    model: Path = Field(description="the folder that nas-hydra-retrain wrote")
    format: Literal["table", "json", "csv"] | None = Field(
        None, description="table, json or csv; that of out=, or a table, if not given"
    )
    out: Path | None = Field(
        None,
        description="the file to write, .json or .csv; of answers that are files themselves, as"
        " masks are, the folder",
    )
    top: PositiveInt = Field(3, description="how many classes the table shows of each row (3)")
    resize: bool | None = Field(
        None,
        description="whether images of another size are resized or skipped; resized if not given"
        " and those of the training were, else skipped",
    )
    pixel_limit: PositiveInt = Field(
        100_000_000, description="images with more pixels are not decoded, but skipped (100000000)"
    )

    @property
    def file(self) -> Path | None:
        """The file that is to hold the answers; None if they are printed."""
        return self.out if self.out is not None and self.out.suffix in ENDINGS else None

    @property
    def folder(self) -> Path | None:
        """The folder for answers that are files."""
        return None if self.file is not None else self.out

    @property
    def form(self) -> str:
        """How the answers are written."""
        return self.format or (ENDINGS[self.file.suffix] if self.file else "table")


class NothingPredictedError(NasHydraError):
    """Nothing could be said of any row."""


def run(argv: Sequence[str]) -> int:
    """Predict, print and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    return command(argv, ABOUT, PredictWords, _predict)


def _predict(said: PredictWords, files: Sequence[str]) -> None:
    """Print what the files are, and say on standard error which were skipped.

    Raises:
        NasHydraError: if the model or a file is not there, or nothing can be used.
    """
    for word in files:
        if word.partition("=")[0].isidentifier() and "=" in word and not Path(word).exists():
            raise unknown(word, PredictWords)
    if said.file is not None:
        check_place(said.file.parent, "out")
    artifact = read_artifact(said.model, trust=said.trust)
    unit = "row" if artifact.image is None else "image"
    if not files:
        what = "files" if artifact.image is None else "files, folders"
        problem = f"none are given; say {what}, or - for standard input"
        raise ConfigError("images" if artifact.image else "files", problem)

    from nas_hydra.predict.predicting import predict  # loads torch: not for the help

    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # a path need not be UTF-8
    given: Any = sys.stdin or io.StringIO()
    rows = predict(artifact, files, given, said.resize, said.pixel_limit, said.folder)
    all_rows = list(_told(rows, unit))
    known = [one for one in all_rows if isinstance(one, Prediction)]
    skipped = [one for one in all_rows if isinstance(one, Skipped)]
    _write(said, Predicted(unit, known, skipped))
    count = _count(unit, known, skipped)
    if not known:
        what = "no image could be classified" if unit == "image" else "there are no rows"
        raise NothingPredictedError(f"{what} ({count})")
    print(count, file=sys.stderr)


def _count(unit: str, known: Sequence[Prediction], skipped: Sequence[Skipped]) -> str:
    """``10 classified, 0 skipped``; of rows, how many the model was trained on."""
    if unit == "image":
        return f"{len(known)} classified, {len(skipped)} skipped"
    seen = sum(one.trained_on is True for one in known)
    rows = f"{len(known):,} row{'s' * (len(known) != 1)}"
    return rows + (f"; the model was trained on {seen:,} of them" if seen else "")


def _told(found: Iterable[Prediction | Skipped], unit: str) -> Iterator[Prediction | Skipped]:
    """The same, each message on an image printed to standard error as soon as it is known."""
    for one in found:
        message = f"skipped, {one.reason}" if isinstance(one, Skipped) else one.note
        if message and unit == "image":
            print(f"{printable(one.name)}: {message}", file=sys.stderr)
        yield one


def _write(said: PredictWords, found: Predicted) -> None:
    """Print the answers, or write them to the file.

    Raises:
        ConfigError: if it cannot be written.
    """
    if said.form == "table" and said.file is None:
        if found.predictions:
            Console(highlight=False, soft_wrap=True).print(table(found, said.top))
        return
    if said.form == "json":
        text = json.dumps(_document(said.model, found), indent=2) + "\n"
    elif said.form == "csv":
        text = _csv(found)
    else:
        stream = io.StringIO()
        Console(file=stream, highlight=False, soft_wrap=True).print(table(found, said.top))
        text = stream.getvalue()
    if said.file is None:
        print(text, end="")
        return
    try:
        replace(said.file, text)
    except OSError as error:
        raise ConfigError("out", f"{said.file} cannot be written: {error.strerror}") from None


def _document(model: Path, found: Predicted) -> dict[str, object]:
    """What is printed as JSON."""
    return {
        "model": str(model),
        "predictions": [
            {found.unit: one.name, **one.answer.content, "trained_on": one.trained_on}
            for one in found.predictions
        ],
        "skipped": [{found.unit: one.name, "reason": one.reason} for one in found.skipped],
    }


def _csv(found: Predicted) -> str:
    """A line for each row: its name, and all that is said of it."""
    stream = io.StringIO()
    rows = [{found.unit: one.name, **one.answer.cells} for one in found.predictions]
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([written(name, known=True) for name in names])
    for row in rows:
        writer.writerow([written(row.get(name), known=True) for name in names])
    return stream.getvalue()


def table(found: Predicted, top: int) -> Table:
    """A line for each row: what it is, how probable that is, and the next classes."""
    rows = [one.answer.shown(top) for one in found.predictions]
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = Table(found.unit, *map(printable, names), box=SIMPLE_HEAD)
    for one, row in zip(found.predictions, rows, strict=True):
        cells = (one.name, *(row.get(name, "") for name in names))
        lines.add_row(*(Text(printable(cell)) for cell in cells))
    return lines
