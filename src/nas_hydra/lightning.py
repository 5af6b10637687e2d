"""Lightning comes as two packages, which are the same and know nothing of each other."""

import re
from importlib import import_module
from typing import Any

PACKAGES = ("pytorch_lightning", "lightning.pytorch")
"""Of the distributions ``pytorch-lightning``, which is always there, and ``lightning``."""
MODULE, DATA, TRAINER = "LightningModule", "LightningDataModule", "Trainer"
"""Their classes, which each of them has."""


def package_of(kind: type, base: str) -> str | None:
    """The package whose class of this name a class is derived from; None if it is from neither.

    Nothing is imported for it: ``lightning`` takes seconds, and need not be there.
    """
    homes = [one.__module__ for one in kind.__mro__ if one.__name__ == base]
    return next(
        (one for one in PACKAGES for home in homes if f"{home}.".startswith(f"{one}.")), None
    )


def class_of(package: str, name: str) -> Any:
    """A class of a package's own."""
    return getattr(import_module(package), name)


def in_package(target: str, package: str) -> str:
    """The dotted name of the same thing in another of the packages; others' stay as they are."""
    return re.sub(rf"^({'|'.join(map(re.escape, PACKAGES))})(?=\.)", package, target)
