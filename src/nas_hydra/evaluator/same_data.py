"""Whether the candidates of a space differ in their data."""

from dataclasses import fields

from nas_hydra.dataset import ImageDataset
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.node import Constant, Table

NEUTRAL = {field.name for field in fields(ImageDataset) if not field.compare}
"""Settings of a dataset that decide nothing about which rows it has."""


def same_data(space: SearchSpace) -> bool:
    """Whether all candidates of a space are trained on the same rows."""
    node = space.parts.get("dataset")
    if not isinstance(node, Table):
        return isinstance(node, Constant)
    open_ones = {name for name, part in node.items.items() if not isinstance(part, Constant)}
    return open_ones <= NEUTRAL
