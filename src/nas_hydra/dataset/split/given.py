"""Splits that the data itself gives: which rows are for validation is not drawn."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from nas_hydra.dataset.source import Selection, Source


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
