"""Preparation: what inputs become before a network gets them, fitted on the training split."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from torch import nn

from nas_hydra.dataset.tree import Tree


class Prepare(ABC):
    """How inputs are prepared: settings, from which a module is fitted to the training split.

    Equal settings must compare equal (a frozen dataclass does), as they make equal datasets.
    """

    @abstractmethod
    def fit(self, parts: Iterable[Tree]) -> nn.Module:
        """A module, inputs of n rows to prepared ones, with what it has learnt in its buffers.

        It is the first layer of whatever is exported, and has no parameters that are trained.

        Args:
            parts: the inputs of the training split in their order, so many rows at a time.

        Raises:
            ConfigError: if there is nothing to learn from them.
        """
