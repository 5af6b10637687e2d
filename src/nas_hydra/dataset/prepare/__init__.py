"""Preparation: what inputs become before a network gets them, fitted on the training split."""

from nas_hydra.dataset.prepare.base import Prepare

__all__ = ["Prepare"]
