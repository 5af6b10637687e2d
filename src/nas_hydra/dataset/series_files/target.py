"""What is told of series: classes, or numbers."""

import logging
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nas_hydra.dataset.series_files.rows import Kind, SeriesRows
from nas_hydra.dataset.target_kind import FEW, are_classes, is_whole
from nas_hydra.errors import ConfigError, listing, nearest, printable

log = logging.getLogger(__name__)


def kind_of(rows: SeriesRows, given: object) -> Kind:
    """What the target of a file is; that it was guessed is said.

    Args:
        rows: of the file.
        given: what the config says; None leaves it to the file.

    Raises:
        ConfigError: if that is neither a class nor a number, or does not fit the file.
    """
    numbers = [number for text in _targets(rows) if (number := _number(text)) is not None]
    numeric = len(numbers) == len(_targets(rows))
    if given is None:
        return rows.kind or _guessed(numeric and not are_classes(numbers))
    many = numeric and len(set(numbers)) > FEW and not is_whole(numbers)
    if given == "class" and (rows.kind == "number" or many):
        said = "the file's header says @targetLabel true"
        if rows.kind is None:
            said = f"its target has {len(set(numbers)):,} different numbers in {len(numbers):,}"
        raise ConfigError("dataset.target_kind", f"is class, and {said}; say task=regression")
    if given == "class" or given == "number":
        return given
    problem = f"is {given}, and of a series is told one class or number; allowed: class, number"
    raise ConfigError("dataset.target_kind", problem)


def _guessed(number: bool) -> Kind:
    kind: Kind = "number" if number else "class"
    other = "class" if number else "number"
    log.info("data: the target is taken for a %s; dataset.target_kind=%s changes it", kind, other)
    return kind


def class_names(rows: SeriesRows) -> list[str]:
    """The classes of a file, in the order of their numbers if all are numbers, else of text."""
    names = sorted(set(_targets(rows)))
    if all(_number(name) is not None for name in names):
        names.sort(key=float)
    return names


def labels(rows: SeriesRows, names: Sequence[str], key: str) -> Tensor:
    """(N,), int64: places of the series' classes among all.

    Args:
        rows: of a file.
        names: of all classes.
        key: the config key of the file, for messages.

    Raises:
        ConfigError: if a series is of no such class.
    """
    places = {name: place for place, name in enumerate(names)}
    for name, target in zip(rows.names, _targets(rows), strict=True):
        if target not in places:
            told = f"has the class '{printable(target)}' (series '{printable(name)}')"
            raise ConfigError(
                key,
                f"{told}, which dataset.file lacks: nothing can learn it. It has"
                f" {listing(names)}{nearest(target, names)}",
            )
    return torch.tensor([places[target] for target in _targets(rows)])


def values(rows: SeriesRows, key: str) -> Tensor:
    """(N,), float32: the numbers that are told.

    Args:
        rows: of a file.
        key: of the file, for messages.

    Raises:
        ConfigError: if one is no number.
    """
    found = []
    for name, target in zip(rows.names, _targets(rows), strict=True):
        number = _number(target)
        if number is None:
            told = f"has the target '{printable(target)}' (series '{printable(name)}')"
            problem = f"{told}, and dataset.target_kind is number; of classes, say class"
            raise ConfigError(key, problem)
        found.append(number)
    return torch.tensor(found, dtype=torch.float32)


def _number(text: str) -> float | None:
    """The finite number that a text is; None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _targets(rows: SeriesRows) -> Sequence[str]:
    assert rows.targets is not None  # as of a file that was read with them
    return rows.targets
