"""The ``.ts`` files of the UCR and UEA archives (Dau et al. 2019, Bagnall et al. 2018).

The one library that reads them and keeps up, aeon, brings a compiler along, and pins older versions
of numpy and pandas than the rest of this package needs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from nas_hydra.dataset.series_files.rows import Kind, SeriesFileError, SeriesRows, Values, numbers

FLAGS = ("timestamps", "missing", "univariate", "equallength", "classlabel", "targetlabel")
"""Keys of the header that are true or false; they may be written in any case."""


def read_ts(lines: Iterable[str], labelled: bool = True) -> SeriesRows:
    """The series of a file.

    After a header (``@equalLength true``, ``@classLabel true 1 2``, ...) and ``@data``, each line
    is a series: its channels, then its class or number, separated by ``:``, and the values of a
    channel by ``,``. Time stamps (``@timeStamps true``) are left out: steps are taken as equal.

    Args:
        lines: of the file.
        labelled: whether the header has to say what is told of the series.

    Raises:
        SeriesFileError: naming the line that is none of such a file.
    """
    numbered = enumerate(lines, start=1)
    flags = _header(numbered)
    kind = _kind(flags)
    if kind is None and labelled:
        raise SeriesFileError("its header says neither @classLabel true nor @targetLabel true")
    values: list[Values] = []
    targets: list[str] = []
    for number, line in numbered:
        if text := line.strip():
            try:
                one, target = _series(text, kind is not None, flags["timestamps"])
                _check_alike(one, values, flags)
            except SeriesFileError as error:
                raise SeriesFileError(f"line {number}: {error}") from None
            values.append(one)
            targets.append(target)
    names = [str(place + 1) for place in range(len(values))]
    return SeriesRows(values, targets if kind else None, names, kind=kind)


def _header(numbered: Iterator[tuple[int, str]]) -> dict[str, bool]:
    """What the header says, read up to ``@data``; what it leaves out is false."""
    flags = dict.fromkeys(FLAGS, False)
    for number, line in numbered:
        words = line.lstrip("\ufeff").split()
        if not words or words[0][0] in "#%":
            continue
        key = words[0].lower()
        if key == "@data":
            return flags
        if key[0] != "@":
            raise SeriesFileError(f"line {number} stands before @data, and does not begin with @")
        if key[1:] in FLAGS:
            flags[key[1:]] = _flag(words[1:], number, words[0])
    raise SeriesFileError("it has no line @data")


def _flag(words: list[str], number: int, key: str) -> bool:
    given = words[0].lower() if words else "nothing"
    if given not in ("true", "false"):
        raise SeriesFileError(f"line {number}: {key} is {given}; allowed: true, false")
    return given == "true"


def _kind(flags: Mapping[str, bool]) -> Kind | None:
    if flags["targetlabel"]:
        return "number"
    return "class" if flags["classlabel"] else None


def _series(text: str, labelled: bool, stamped: bool) -> tuple[Values, str]:
    """The values of a line, and what is told of it; empty if nothing is."""
    channels, target = text.split(":"), ""
    if stamped:  # (2007-01-01 00:00:00,241.97),...:class
        channels = re.split(r"(?<=\)):", text)
    if labelled:
        *channels, target = channels
    if not channels:
        raise SeriesFileError("it has no ':' before what is to be told")
    rows = [_channel(*pair, stamped) for pair in enumerate(channels, start=1)]
    lengths = {len(row): place + 1 for place, row in enumerate(rows)}
    if len(lengths) > 1:
        (some, one), (others, other), *_ = lengths.items()
        raise SeriesFileError(
            f"channel {one} has {some} values and channel {other} {others}; the channels of a"
            " series must be of one length ('?' is a missing value)"
        )
    return np.stack(rows), target.strip()


def _channel(number: int, text: str, stamped: bool) -> NDArray[np.float32]:
    """The values of a channel, (L,)."""
    cells = re.findall(r",\s*([^,()]*)\)", text) if stamped else text.split(",")
    try:
        return numbers(cells)
    except SeriesFileError as error:
        raise SeriesFileError(f"channel {number}: {error}") from None


def _check_alike(one: Values, others: list[Values], flags: Mapping[str, bool]) -> None:
    """Make sure that a series has the form of the first one, as far as the header says so."""
    if not others:
        return
    (channels, length), first = one.shape, others[0]
    if channels != first.shape[0]:
        raise SeriesFileError(f"has {channels} channels, and the first series {first.shape[0]}")
    if flags["equallength"] and length != first.shape[1]:
        raise SeriesFileError(
            f"has {length} values, and the first series {first.shape[1]}; of series of unequal"
            " length, the header says @equalLength false"
        )
