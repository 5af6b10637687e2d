"""Datasets: labelled images with fixed splits, in memory or streamed."""

from nas_hydra.dataset.base import Data, ImageDataset
from nas_hydra.dataset.images import Batches, Images, Order
from nas_hydra.dataset.tree import Example, Tree

__all__ = ["Batches", "Data", "Example", "ImageDataset", "Images", "Order", "Tree"]
