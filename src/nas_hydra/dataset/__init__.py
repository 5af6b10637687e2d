"""Datasets: labelled images with fixed splits, in memory or streamed."""

from nas_hydra.dataset.base import Data, ImageDataset
from nas_hydra.dataset.images import Batches, Images, Order, empty_images
from nas_hydra.dataset.split import Stage
from nas_hydra.dataset.tree import Example, Tree

__all__ = [
    "Batches",
    "Data",
    "Example",
    "ImageDataset",
    "Images",
    "Order",
    "Stage",
    "Tree",
    "empty_images",
]
