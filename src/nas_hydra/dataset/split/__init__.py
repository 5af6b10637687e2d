"""Splitters: which rows are trained on, and which are kept to validate or to test."""

from nas_hydra.dataset.split.base import Splitter, Stage

__all__ = ["Splitter", "Stage"]
