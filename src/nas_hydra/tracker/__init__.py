"""Trackers: they see trials and decide nothing."""

from nas_hydra.tracker.base import Tracker

__all__ = ["Tracker"]
