"""Rows as the data has them, before anything is made of them."""

from collections.abc import Iterator

import torch
from torch import nn

from nas_hydra.dataset.base import Dataset
from nas_hydra.dataset.data import Data
from nas_hydra.dataset.examples import Examples
from nas_hydra.dataset.source import examples, target_of
from nas_hydra.dataset.tree import Tree, number_of_rows, selected, tree_map
from nas_hydra.errors import ConfigError

BATCH = 256


def raw_rows(data: Data, most: int | None = None) -> Iterator[tuple[Tree, Tree]]:
    """Batches of the test split, not prepared.

    Args:
        data: that has it.
        most: how many rows at most; None are all.

    Raises:
        ConfigError: if it has none.
    """
    if not isinstance(data, Dataset):
        yield from _given(data, most)
        return
    source = data.opened("test")
    read, target = data.reader(source), target_of(source)
    for places in torch.split(torch.arange(number_of_rows(target))[:most], BATCH):
        yield read(source, places), selected(target, places)


def _given(data: Data, most: int | None) -> Iterator[tuple[Tree, Tree]]:
    """Of data that has loaders of its own, what these give."""
    batches = data.at("final").test_batches()
    if batches is None:
        raise ConfigError("dataset", "has no test split")
    left = most
    for batch in batches:
        if left is not None:
            batch = tree_map(lambda one: one[:left], tuple(batch))  # noqa: B023
            left -= number_of_rows(*batch)
        yield batch
        if left == 0:
            return


def preparation(data: Data) -> nn.Module:
    """What becomes of its inputs, fitted to what is trained on."""
    return data.splits.prepare if isinstance(data, Dataset) else nn.Identity()


def final_examples(data: Data) -> tuple[Examples, Examples] | None:
    """The rows that a winner is trained on, or watched by in training, and those of its test.

    None of them is read, if the source knows digests of them; None if the data does not tell them.
    """
    if not isinstance(data, Dataset):
        return None
    choice = data.at("final").choose()
    return examples(*choice.train), examples(*choice.measured)
