"""Evaluators: what a candidate is worth."""

from nas_hydra.evaluator.base import Evaluator

__all__ = ["Evaluator"]
