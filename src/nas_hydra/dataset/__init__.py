"""Datasets: rows with fixed splits, in memory or streamed."""

from nas_hydra.dataset.base import Dataset, ImageDataset
from nas_hydra.dataset.data import Data
from nas_hydra.dataset.loading import Splits
from nas_hydra.dataset.rows import Batches, Order, Rows
from nas_hydra.dataset.split import Stage
from nas_hydra.dataset.tree import Example, Tree, empty_images

__all__ = [
    "Batches",
    "Data",
    "Dataset",
    "Example",
    "ImageDataset",
    "Order",
    "Rows",
    "Splits",
    "Stage",
    "Tree",
    "empty_images",
]
