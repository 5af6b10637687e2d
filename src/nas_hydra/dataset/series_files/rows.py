"""Series as a file gives them, and what is made of them: no gap within, one length for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Kind = Literal["class", "number"]
"""Of a target."""

Values: TypeAlias = NDArray[np.float32]
"""(C, L): a series of L steps in C channels; NaN is a missing value."""

MISSING = ("", "?", "nan", "na", "null", "none")
"""How files write a missing value, in whatever case."""


class SeriesFileError(ValueError):
    """Says what is wrong with a file of series, and where."""


@dataclass(frozen=True)
class SeriesRows:
    """The series of a file.

    Args:
        values: of each; all have as many channels.
        targets: what is to be told of each, as it is written; None if the file does not say.
        names: what each is called: its number in the file from 1, or its id.
        channels: their names, where the file has them.
        kind: of the target, where the file says it.
    """

    values: Sequence[Values]
    targets: Sequence[str] | None
    names: Sequence[str]
    channels: Sequence[str] = ()
    kind: Kind | None = None

    @property
    def lengths(self) -> list[int]:
        """Steps of each series."""
        return [one.shape[1] for one in self.values]

    def where(self, keep: Iterable[bool]) -> "SeriesRows":
        """Some of them.

        Args:
            keep: for each, whether it is among them.
        """
        places = [place for place, kept in enumerate(keep) if kept]
        return replace(
            self,
            values=[self.values[place] for place in places],
            targets=None if self.targets is None else [self.targets[place] for place in places],
            names=[self.names[place] for place in places],
        )


def is_missing(cell: str) -> bool:
    """Whether a cell of a file says that there is no value."""
    return cell.strip().lower() in MISSING


def numbers(cells: Sequence[str]) -> NDArray[np.float32]:
    """The numbers of a line's cells, NaN where one is missing.

    Raises:
        SeriesFileError: naming the first that is no finite number by its place, counted from 1.
    """
    read = ["nan" if is_missing(cell) else cell for cell in cells]
    try:
        with np.errstate(over="ignore"):
            found = np.array(read, dtype=np.float32)
    except ValueError:
        place = next(place for place, cell in enumerate(read) if not is_number(cell))
        raise SeriesFileError(f"value {place + 1} is '{cells[place].strip()}', no number") from None
    if np.isinf(found).any():
        place = int(np.isinf(found).argmax())
        raise SeriesFileError(f"value {place + 1} is '{cells[place].strip()}', not finite")
    return found


def is_number(text: str) -> bool:
    """Whether Python reads it as a number; infinity and NaN are some."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def trimmed(values: Values) -> Values:
    """A series without the steps at its end of which no channel has a value."""
    known = np.flatnonzero(~np.isnan(values).all(axis=0))
    return values[:, : known[-1] + 1 if len(known) else 0]


def filled(values: Values) -> Values:
    """A series whose missing values lie on the line between their neighbours in their channel.

    Before the first value and after the last one, these are held.

    Raises:
        SeriesFileError: if a channel has no value at all.
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    if missing.all(axis=1).any():
        channel = int(missing.all(axis=1).argmax()) + 1
        raise SeriesFileError(f"has no value in channel {channel}")
    steps, whole = np.arange(values.shape[1]), values.copy()
    for channel, gaps in zip(whole, missing, strict=True):
        channel[gaps] = np.interp(steps[gaps], steps[~gaps], channel[~gaps])
    return whole


def padded(values: Sequence[Values], length: int) -> tuple[Tensor, Tensor]:
    """Series as one tensor.

    Args:
        values: without missing values, none longer than the length.
        length: L.

    Returns:
        The series (N, C, L), float32, 0 after their ends; and where they have values, (N, L), bool.
    """
    series = torch.zeros(len(values), values[0].shape[0], length)
    for to, one in zip(series, values, strict=True):
        to[:, : one.shape[1]] = torch.from_numpy(np.ascontiguousarray(one))
    ends = torch.tensor([one.shape[1] for one in values])
    return series, torch.arange(length) < ends[:, None]
