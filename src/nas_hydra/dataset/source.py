"""Sources: rows as they lie on disk or in a library, and the digests by which they are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.dataset.examples import Contents, Examples, digests_of_rows, whole_numbers_to
from nas_hydra.dataset.tree import CHUNK, Tree, chunks, is_classes, number_of_rows, selected
from nas_hydra.errors import ConfigError


class Source(Protocol):
    """Rows that are read when asked for.

    What is to be told of them is known without reading any: ``target``, a tree of (N, ...), or of
    images of classes ``labels``, (N,), int64, counted from 0. A source that knows digests of its
    rows may have a method ``digests_at``, see ``Digesting``; else equal ones are known by what is
    read, which should be the same each time. What a splitter may part them by, beside the target,
    is in ``known``, a mapping name -> (N,).
    """

    def __getitem__(self, index: Tensor) -> Tree:
        """The inputs of the rows at these places, (n, ...); of images (n, C, H, W) in [0, 1]."""


@runtime_checkable
class Digesting(Protocol):
    """A source that knows digests of its rows without reading them."""

    def contents(self, places: Tensor) -> Contents:
        """Of the rows at these places."""


def target_of(source: Source) -> Tree:
    """What is to be told of each row of a source.

    Raises:
        ConfigError: if it does not say.
    """
    for name in ("target", "labels"):
        if hasattr(source, name):
            return getattr(source, name)
    raise ConfigError("dataset", f"gives a {type(source).__name__} without target, or labels")


def known_of(source: Source, name: str) -> Tree:
    """What a source knows of each row under a name, see ``Splitter.by``.

    Raises:
        ConfigError: if it does not know that.
    """
    if name == "target":
        return target_of(source)
    known: Mapping[str, Tensor] = getattr(source, "known", {})
    if name not in known:
        problem = f"parts rows by their {name}, and the dataset does not know that"
        raise ConfigError("dataset.split", f"{problem}; say dataset.{name}, or another split")
    return known[name]


def _digests_at(source: Source, places: Tensor, inputs: Tree = None) -> Contents:
    """Digests of the rows at these places: those that the source knows, or of its inputs.

    Args:
        source: of all rows.
        places: (N,).
        inputs: (N, ...), what the source gives there, if that is in memory already.
    """
    if isinstance(source, Digesting):
        return source.contents(places)
    if inputs is not None:
        return digests_of_rows(chunks(inputs, CHUNK))
    return digests_of_rows(source[part] for part in torch.split(places, CHUNK))


def examples(source: Source, places: Tensor, inputs: Tree = None) -> Examples:
    """The rows at these places of a source.

    Args:
        source: of all rows.
        places: (N,).
        inputs: (N, ...), what the source gives there, if that is in memory already.
    """
    return Examples(
        _digests_at(source, places, inputs), _numbered(selected(target_of(source), places))
    )


def _numbered(target: Tree) -> NDArray[np.int64]:
    """(N,), by which equal targets are known: labels of classes themselves, of others digests."""
    if is_classes(target):
        return np.asarray(target.numpy(), "i8")
    return digests_of_rows([target], "target").digests


@dataclass(frozen=True)
class Bytes:
    """A source of images that are small whole numbers, and already lie in memory.

    Args:
        raw: (N, C, H, W), any integer type.
        labels: (N,), int64.
        white: the number that stands for the brightest pixel.
    """

    raw: Tensor
    labels: Tensor
    white: int = 255

    def __post_init__(self) -> None:
        if len(self.raw) != len(self.labels):
            raise ValueError(f"there are {len(self.raw)} images and {len(self.labels)} labels")

    def __getitem__(self, index: Tensor) -> Tensor:
        """The pixels at these places."""
        return self.raw[index].float() / self.white

    def contents(self, places: Tensor) -> Contents:
        """Digests of the numbers at these places."""
        known = (self.raw[part] for part in torch.split(places, CHUNK))
        return digests_of_rows(known, whole_numbers_to(self.raw.dtype, self.white))


class Selection:
    """Some of a source's rows.

    Args:
        source: of all rows.
        places: (N,), where these stand.
    """

    def __init__(self, source: Source, places: Tensor) -> None:
        self.source, self.places = source, places
        self.target = selected(target_of(source), places)
        known: Mapping[str, Tensor] = getattr(source, "known", {})
        self.known = {name: selected(column, places) for name, column in known.items()}

    @property
    def labels(self) -> Tree:
        """The target, as sources of images call it."""
        return self.target

    def __getitem__(self, index: Tensor) -> Tree:
        """The inputs at these places of the selection."""
        return self.source[self.places[index]]

    def contents(self, places: Tensor) -> Contents:
        """Digests of the rows at these places of the selection."""
        return _digests_at(self.source, self.places[places])


def first_and_last(source: Source) -> Tensor:
    """The places of the first and the last row."""
    return torch.tensor([0, number_of_rows(target_of(source)) - 1])


@runtime_checkable
class Divided(Protocol):
    """A source of development rows of which some are given for validation."""

    @property
    def validated(self) -> Tensor:
        """(N,), bool, which these are."""


class Given(Selection):
    """Development rows whose validation split is given.

    Args:
        source: of all rows.
        train: (N,), where those for training stand.
        valid: (M,), likewise those for validation.
    """

    def __init__(self, source: Source, train: Tensor, valid: Tensor) -> None:
        super().__init__(source, torch.cat([train, valid]))
        self.validated = torch.arange(len(train) + len(valid)) >= len(train)
