"""From a source to its splits, prepared: in memory, or streamed."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nas_hydra.dataset.examples import Examples
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.rows import Read, Rows, Stream
from nas_hydra.dataset.source import Source, examples, first_and_last, target_of
from nas_hydra.dataset.tree import (
    CHUNK,
    Tree,
    alike,
    chunks,
    joined,
    laid_out,
    layout,
    leaves,
    nbytes,
    number_of_rows,
    selected,
    tree_map,
)
from nas_hydra.document.text import byte_size

log = logging.getLogger(__name__)

Chosen = tuple[Source, Tensor]
"""A source, and the places (N,) of the rows that are meant."""

Split = Rows | Stream


class Splits(NamedTuple):
    """What is trained on, and what is measured on: all in memory, or all streamed.

    Args:
        train: the rows to train on.
        valid: those to validate on; None at the stage "final".
        test: those to test on; None at the stage "search", which opens none of them.
        prepare: by which all are prepared, fitted to the former; without parameters.
        counts: how many development rows there are, with those that a limit leaves out: one
            number, or of classes one for each.
        examples: which rows are trained on, and which are measured on: tested on, if any are.
    """

    train: Split
    valid: Split | None
    test: Split | None
    prepare: nn.Module
    counts: Sequence[int]
    examples: tuple[Examples, Examples]


class StageRows(NamedTuple):
    """Which rows a stage asks for, as ``Splits``; none is read."""

    train: Chosen
    valid: Chosen | None
    test: Chosen | None

    @property
    def measured(self) -> Chosen:
        """Those that a trained network is measured on."""
        chosen = self.test or self.valid
        assert chosen is not None  # every stage measures
        return chosen

    @property
    def named(self) -> dict[str, Chosen]:
        """Those that there are, by what they are for."""
        splits = {"training": self.train, "validation": self.valid, "test": self.test}
        return {name: chosen for name, chosen in splits.items() if chosen is not None}


@dataclass(frozen=True)
class SplitLoader:
    """Reads the splits of a dataset.

    Args:
        read: gives the inputs at some places of a source, looked at.
        prepare: settings of what is made of them.
        room: how many bytes they may take in memory.
        workers: processes that read what does not fit, for the log.
        unit: what rows are called: ``images``.
    """

    read: Read
    prepare: Prepare
    room: int
    workers: int
    unit: str

    def __call__(self, choice: StageRows, counts: Sequence[int]) -> Splits:
        """All of them, in memory if they fit.

        Raises:
            ConfigError: if rows cannot be read, or are not what they should be.
        """
        source = choice.train[0]
        number = sum(len(places) for _, places in choice.named.values())
        needed = number * (nbytes(self.read(source, first_and_last(source))) // 2)
        parts = (f"{len(places):,} {name}" for name, (_, places) in choice.named.items())
        sizes = f"{' and '.join(parts)} {self.unit}"
        if needed > self.room:
            log.info(
                "data: %s are decoded anew in every epoch by %d processes; in memory they would"
                " take %s, and dataset.memory_limit leaves %s",
                *(sizes, self.workers, byte_size(needed), byte_size(self.room)),
            )
            return self._streamed(choice, counts)
        log.info("data: %s are held in memory (%s)", sizes, byte_size(needed))
        return self._held(choice, counts)

    def _streamed(self, choice: StageRows, counts: Sequence[int]) -> Splits:
        prepare = self._fitted(self._parts(choice.train))
        noted = examples(*choice.train), examples(*choice.measured)
        train, valid, test = (
            None if part is None else Stream(*part, self.read, prepare) for part in choice
        )
        assert train is not None
        return Splits(train, valid, test, prepare, counts, noted)

    def _held(self, choice: StageRows, counts: Sequence[int]) -> Splits:
        raw = [None if part is None else self._gathered(part) for part in choice]
        measured = raw[1] if choice.test is None else raw[2]
        noted = examples(*choice.train, raw[0]), examples(*choice.measured, measured)
        prepare = self._fitted(chunks(raw[0], CHUNK))
        train, valid, test = (
            None
            if part is None
            else Rows(_prepared(inputs, prepare), selected(target_of(part[0]), part[1]))
            for part, inputs in zip(choice, raw, strict=True)
        )
        assert train is not None
        return Splits(train, valid, test, prepare, counts, noted)

    def _gathered(self, chosen: Chosen) -> Tree:
        """The inputs in memory of their own; images are laid channels last."""
        _, places = chosen
        whole: Tree = None
        done = 0
        for part in self._parts(chosen):
            if whole is None:
                whole = tree_map(partial(_room_for, len(places)), part)
            for to, one in zip(leaves(whole), leaves(part), strict=True):
                to[done : done + len(one)] = one
            done += number_of_rows(part)
        return whole

    def _parts(self, chosen: Chosen) -> Iterator[Tree]:
        """The inputs, a chunk at a time."""
        source, places = chosen
        return (self.read(source, part) for part in torch.split(places, CHUNK))

    def _fitted(self, parts: Iterable[Tree]) -> nn.Module:
        return self.prepare.fit(parts).eval().requires_grad_(False)


def _room_for(number: int, like: Tensor) -> Tensor:
    """Memory for so many rows like those of a tensor."""
    shape = number, *like.shape[1:]
    return torch.empty(shape, dtype=like.dtype, memory_format=layout(like))


def _prepared(inputs: Tree, prepare: nn.Module) -> Tree:
    """What becomes of inputs in memory: in their place, if types and sizes stay."""
    with torch.no_grad():
        first = prepare(next(chunks(inputs, 1)))
        if not alike(first, inputs):
            return laid_out(joined([prepare(part) for part in chunks(inputs, CHUNK)]))
        for part in chunks(inputs, CHUNK):
            tree_map(Tensor.copy_, part, prepare(part))
        return inputs
