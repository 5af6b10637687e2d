"""Strategies: who proposes the next candidate."""

from nas_hydra.strategy.base import Strategy

__all__ = ["Strategy"]
