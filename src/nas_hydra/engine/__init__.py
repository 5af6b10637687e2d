"""Engines: where candidates are evaluated."""

from nas_hydra.engine.base import Engine, Job, Limits

__all__ = ["Engine", "Job", "Limits"]
