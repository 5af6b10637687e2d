"""Splitters: which rows are trained on, and which are kept to validate or to test."""

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from torch import Tensor

from nas_hydra.dataset.tree import Tree

Stage = Literal["search", "final", "monitored"]
"""What rows are for.

A search trains on the training split, and measures on the validation split. In the end, a winner is
trained on both and measured on the test split; or, where something monitors its training, on the
training split, monitored on the validation split and measured on the test split.
"""

Places = NDArray[np.int64]


class Splitter(ABC):
    """Parts rows in two, fixed by a seed.

    Equal settings must compare equal (a frozen dataclass does), as they make equal datasets.
    """

    by: ClassVar[str] = "target"
    """What it is given of the rows: what is to be told of them, or something else that their source
    has under this name in ``known``, as ``group`` or ``time``."""

    @abstractmethod
    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """Places of the rows left and chosen: each row is on one of the two sides.

        Args:
            target: (N, ...), what is to be told of the rows, or what it parts them ``by``.
            size: the share to choose, above 0 and below 1.
            seed: of the choice.
            key: the config key that asks for the size, for messages.

        Raises:
            ConfigError: if there are too few, or the target is none that can be split so.
        """

    @abstractmethod
    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """Places of so many rows, which are to be split themselves.

        Args:
            target: (N, ...), what is to be told of the rows, or what it parts them ``by``.
            number: how many.
            seed: of the choice.
            key: the config key that asks for it, for messages.
            within: (N,), bool, a part of the rows that keeps its share; None if none needs to.

        Raises:
            ConfigError: as ``parted``.
        """


def shuffled(
    number: int, size: float, seed: int, stratify: Places | None = None
) -> tuple[Places, Places]:
    """Places of rows left and chosen at random.

    Args:
        number: of rows.
        size: how many to choose: a share if it is a float, a number if it is an int.
        seed: of the choice.
        stratify: (N,), groups that keep their shares.

    Raises:
        ValueError: if there are too few.
    """
    rest, chosen = train_test_split(
        np.arange(number), test_size=size, stratify=stratify, random_state=seed
    )
    return rest, chosen
