"""Datasets: labelled images with fixed splits, in memory or streamed."""

from nas_hydra.dataset.base import ImageDataset
from nas_hydra.dataset.images import Batches, Images, Order

__all__ = ["Batches", "ImageDataset", "Images", "Order"]
