"""Cells of a csv: what was written is read back as it was, and none is a spreadsheet's formula.

Numbers, ``True`` and ``False`` are written as they are, nothing is an empty cell, and so is nearly
every text. An apostrophe before it says of a cell that the rest is a text, where that would be
taken for something else: ``'0.5``, ``'=1+1``, and a lone one for a text without characters.
"""

import csv
import gzip
import re
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_LE
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from nas_hydra.errors import in_one_line, said

Cell = bool | int | float | str | None

MARK = "'"
MISTAKABLE = re.compile(r"^['=+\-@\uff1d\uff0b\uff0d\uff20\ufeff\s]|[\0\ud800-\udfff]")
"""In a text that is marked: what makes a formula of it, and what no file of text can hold."""
ESCAPED = re.compile(r"[\0\ud800-\udfff]|\\(?=u[0-9a-f]{4})")
ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
UNREADABLE = (OSError, ValueError, EOFError, zlib.error, csv.Error)
"""What reading raises; pandas' and pyarrow's own errors are among them."""


def written(cell: Cell, known: bool = False) -> str:
    """A cell as it stands in a csv.

    Args:
        cell: its value.
        known: whether its column has one kind of cells, so that a text needs no mark only since
            it looks like a number.
    """
    if isinstance(cell, str):
        return _marked(cell, known)
    return "" if cell is None else str(cell)


@lru_cache(1024)  # labels come again and again
def _marked(text: str, known: bool) -> str:
    """A text as it stands in a csv."""
    if MISTAKABLE.search(text) or not (known or isinstance(read(text), str)):
        return MARK + ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text


def read(text: str) -> Cell:
    """The value of a cell, from how it stands in a csv."""
    if text in ("", "True", "False"):
        return text == "True" if text else None
    if text.startswith(MARK):
        return unmarked(text)
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def unmarked(text: str) -> str:
    """The text of a cell that holds one, from how it stands in a csv."""
    if not text.startswith(MARK):
        return text
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text[1:])


def open_csv(file: Path) -> TextIO:
    """A csv to read, plain or compressed (``.gz``), in the encoding in which it was saved.

    Raises:
        OSError: if it cannot be read.
    """
    return TextIOWrapper(_bytes(file), encoding=encoding_of(file), newline="")


def encoding_of(file: Path) -> str:
    """Its encoding: that of the mark with which it begins, as Excel writes one, or UTF-8."""
    with _bytes(file) as stream:
        begin = stream.read(4)
    if begin.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-32" if begin == BOM_UTF32_LE else "utf-16"
    return "utf-8-sig"


def unreadable(error: Exception) -> str:
    """Why a csv cannot be read, and what to do if it is in an old encoding."""
    if isinstance(error, UnicodeError):
        return f"{said(error)}; save it as UTF-8 (in Excel: CSV UTF-8)"
    return in_one_line(error)


def _bytes(file: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(file) if file.suffix.lower() == ".gz" else file.open("rb"))
