"""Data that holds nothing but targets, and what else tasks ask it for."""

from types import SimpleNamespace
from typing import Any

from torch import Tensor


def data(train: Any, valid: Any = None, **known: Any) -> Any:
    """Rows of which only the targets are known: tensors, or mappings of them."""
    splits = {"train": train, "valid": train if valid is None else valid, "test": None}
    held = {
        name: None if target is None else SimpleNamespace(target=target)
        for name, target in splits.items()
    }
    return SimpleNamespace(**held, unit="rows", **known)


def labelled(labels: Tensor, number: int, **known: Any) -> Any:
    """The same, of so many classes."""
    return data(labels, num_classes=number, **known)
