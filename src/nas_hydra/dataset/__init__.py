"""Datasets: labelled images, held in memory, with fixed splits."""

from nas_hydra.dataset.base import ImageDataset
from nas_hydra.dataset.images import Batches, Images

__all__ = ["Batches", "ImageDataset", "Images"]
