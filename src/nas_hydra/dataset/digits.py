"""Handwritten digits that scikit-learn brings along."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.dataset.source import Bytes


@dataclass(frozen=True, kw_only=True)
class Digits(WholeDataset):
    """1,797 grey images of 8 x 8 pixels (Alpaydin and Kaynak 1998)."""

    def open_all(self) -> Bytes:
        """All images."""
        pixels, labels = load_digits(return_X_y=True)
        grey = torch.from_numpy(pixels).byte().view(-1, 1, 8, 8)
        return Bytes(grey, torch.from_numpy(labels).long(), white=16)
