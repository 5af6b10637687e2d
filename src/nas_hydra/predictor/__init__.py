"""Predictors: what to expect of a candidate that was not evaluated yet."""

from nas_hydra.predictor.base import Array, Describe, Inputs, Predictor

__all__ = ["Array", "Describe", "Inputs", "Predictor"]
