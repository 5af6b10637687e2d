"""Small files of every kind of data, and the data that each space of the package is for."""

from importlib import import_module
from pathlib import Path

KINDS: dict[str, str] = {}
"""Space -> the kind of data that it takes, a module of this folder; the others take images."""


def data_of(space: str, folder: Path, images: str = "digits") -> list[str]:
    """Overrides that name data for a space, written to a folder if it is made for that.

    Args:
        space: an option of ``search_space``.
        folder: where files go.
        images: the dataset of a space of images.
    """
    if space not in KINDS:
        return [f"dataset={images}"]
    return import_module(f"made.{KINDS[space]}").write(folder)
